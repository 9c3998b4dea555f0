#!/usr/bin/env bash
# Build nn~, the external that day 6 is measured against, for this system's Pd and the torch of the environment `torch`.
#
#   git clone https://github.com/acids-ircam/nn_tilde SOURCE
#   tests/support/nn_tilde.sh SOURCE FOLDER
#
# FOLDER then holds nn~.pd_linux. It takes a few minutes, a C++ compiler and Debian's puredata-dev,
# nlohmann-json3-dev and libcurl4-openssl-dev. Then
#
#   NN_TILDE=FOLDER setup/dlwa bench rave
#
# With PD_INCLUDE=OTHER/usr/include/pd, of a newer Pd that other_pd.sh has brought to OTHER, nn~ has multichannel signals.
set -euo pipefail

case "${2:-}" in ""|-*) sed -n '2,/^set/{s/^# \{0,1\}//;/^set/d;p}' "$0"; exit 2 ;; esac
source=$(cd "$1/src" && pwd)
folder=$(mkdir -p "$2" && cd "$2" && pwd)
include=${PD_INCLUDE:-/usr/include/pd}
python=${DLWA_PYTHON_TORCH:-${XDG_DATA_HOME:-$HOME/.local/share}/dlwa/environments/torch/bin/python}
torch=$("$python" -c 'import pathlib, torch; print(pathlib.Path(torch.__file__).parent)')

for file in backend/parsing_utils backend/backend frontend/puredata/nn_tilde/nn_tilde; do
    echo "compiling $file.cpp"
    g++ -std=c++20 -O3 -DNDEBUG -fPIC -w -I"$torch/include" -I"$torch/include/torch/csrc/api/include" \
        -I"$source/backend" -I"$source/frontend/puredata/shared" -I"$include" \
        -c "$source/$file.cpp" -o "$folder/$(basename "$file").o"
done
g++ -shared -o "$folder/nn~.pd_linux" "$folder"/*.o -L"$torch/lib" -Wl,-rpath,"$torch/lib" \
    -ltorch -ltorch_cpu -lc10 -lcurl
rm "$folder"/*.o
echo "built $folder/nn~.pd_linux"
