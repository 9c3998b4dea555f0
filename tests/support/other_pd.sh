#!/usr/bin/env bash
# Bring another Pd than this system's, to test with: Debian's packages of another release, unpacked into a folder.
#
#   tests/support/other_pd.sh FOLDER [SUITE]
#
# FOLDER/bin then holds `pd` and, where that release has it, the double-precision `pd64`; nothing is installed.
# A newer Debian's binaries need a libc that is as new as theirs asks for: trixie's (Pd 0.55) run on Debian 12.
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
apt-get "${options[@]}" download puredata-core
dpkg-deb -x puredata-core_*.deb "$folder"
ln -sf ../usr/bin/puredata "$folder/bin/pd"
if apt-get "${options[@]}" download puredata64-core 2>/dev/null; then
    dpkg-deb -x puredata64-core_*.deb "$folder"
    ln -sf ../usr/bin/puredata64 "$folder/bin/pd64"
fi
rm -r "$apt"
for program in "$folder"/bin/*; do echo "$program: $("$program" -version 2>&1)"; done
