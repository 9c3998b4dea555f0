#!/usr/bin/env bash
# Bring another Pd than this system's, to test with: Debian's packages of another release, unpacked into a folder.
#
#   tests/support/other_pd.sh FOLDER [SUITE]
#
# FOLDER/bin then holds `pd` and, where that release has it, the double-precision `pd64`, FOLDER/usr/include/pd
# what externals are built with; nothing is installed.
# Where a release's Pd asks for a newer libc than this system's, as sid's (0.57) does on Debian 12, it runs with that
# release's own, in the folder, too.
#
#   PATH=FOLDER/bin:$PATH setup/dlwa test tests/patches/pyext
set -euo pipefail

case "${1:-}" in ""|-*) sed -n '2,/^set/{s/^# \{0,1\}//;/^set/d;p}' "$0"; exit 2 ;; esac
folder=$(mkdir -p "$1" && cd "$1" && pwd)
suite=${2:-trixie}

apt=$folder/apt
mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$folder/bin"
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
echo "deb [signed-by=$keyring] http://deb.debian.org/debian $suite main" > "$apt/sources.list"
options=(-qq -o "Dir::Etc::SourceList=$apt/sources.list" -o Dir::Etc::SourceParts=- -o "Dir::State::Lists=$apt/lists"
         -o "Dir::Cache=$apt" -o APT::Sandbox::User= -o "APT::Default-Release=$suite")

cd "$apt"
apt-get "${options[@]}" update
apt-get "${options[@]}" download puredata-core puredata-dev puredata-gui
dpkg-deb -x puredata-core_*.deb "$folder"
dpkg-deb -x puredata-gui_*.deb "$folder"
dpkg-deb -x puredata-dev_*.deb "$folder"
if apt-get "${options[@]}" download puredata64-core 2>/dev/null; then
    dpkg-deb -x puredata64-core_*.deb "$folder"
fi
libc=
if ! "$folder/usr/bin/puredata" -version 2>/dev/null; then
    apt-get "${options[@]}" download libc6
    dpkg-deb -x libc6_*.deb "$folder/libc"
    libc=$(dirname "$(find "$folder/libc" -name libm.so.6)")
    ln -s ../../../usr/lib/puredata/tcl "$folder/libc/usr/lib/tcl"  # Pd looks for its windows beside the loader
fi
cd "$folder"
rm -r "$apt"
for program in "$folder"/usr/bin/puredata*; do
    case $(basename "$program") in puredata) name=pd ;; puredata64) name=pd64 ;; *) continue ;; esac
    if [ -z "$libc" ]; then
        ln -sf "$program" "$folder/bin/$name"
    else
        own=$(dirname "$(ldconfig -p | sed -n '/x86-64/s/.* => \(.*libm\.so\.6\)$/\1/p' | head -n 1)")
        printf '#!/bin/sh\nexec "%s"/ld-linux-* --argv0 "%s" --library-path "%s:%s" "%s" "$@"\n' \
            "$libc" "$program" "$libc" "$own" "$program" > "$folder/bin/$name"
        chmod +x "$folder/bin/$name"
    fi
    echo "$folder/bin/$name: $("$folder/bin/$name" -version 2>&1)"
done
