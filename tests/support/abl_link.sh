#!/usr/bin/env bash
# Build abl_link~, the external by which the patches share their tempo over Link, for this system's Pd.
#
#   git clone https://github.com/libpd/abl_link SOURCE
#   tests/support/abl_link.sh SOURCE FOLDER
#
# FOLDER then holds abl_link~/abl_link~.pd_linux and its help patch. It takes a minute, a C++ compiler and Debian's
# puredata-dev, ableton-link-dev and libasio-dev; CPPFLAGS may name other places of their headers. Then
#
#   ABL_LINK=FOLDER setup/dlwa test tests/patches/test_link.py
set -euo pipefail

case "${2:-}" in ""|-*) sed -n '2,/^set/{s/^# \{0,1\}//;/^set/d;p}' "$0"; exit 2 ;; esac
source=$(cd "$1/external" && pwd)
folder=$(mkdir -p "$2/abl_link~" && cd "$2/abl_link~" && pwd)
g++ -std=c++14 -O1 -fPIC -shared -w -DPD -DLINK_PLATFORM_LINUX=1 ${CPPFLAGS:-} -I/usr/include/pd \
    "$source/abl_link~.cpp" "$source/abl_link_instance.cpp" -o "$folder/abl_link~.pd_linux" -lpthread
cp "$source/abl_link~-help.pd" "$folder"
echo "built $folder/abl_link~.pd_linux"
