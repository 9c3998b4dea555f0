#!/usr/bin/env bash
# Look for memory errors of the external: its tests, played by a Pd under AddressSanitizer or valgrind.
#
#   tests/support/memory_check.sh address [pytest arguments]
#   tests/support/memory_check.sh valgrind [pytest arguments]
#
# Without pytest arguments: the whole suite of the external, which is built for it in a folder of its own. Ends with 1
# when a test fails or when an error has passed through the external; the reports stay in the folder that is named then.
set -euo pipefail

case "${1:-}" in address|valgrind) tool=$1; shift ;; *) sed -n '2,/^set/{s/^# \{0,1\}//;/^set/d;p}' "$0"; exit 2 ;; esac
checkout=$(cd "$(dirname "$0")/../.." && pwd)
pd=$(command -v pd)
folder=$(mktemp -d -t dlwa-memory-XXXXXX)
mkdir "$folder/bin" "$folder/reports"
cp -rL "$checkout/pyext_py3" "$folder/source"

# A leak shows as growth in tests/benchmarks/soak.py; here Python's and Pd's own would hide it.
if [ "$tool" = address ]; then
    flags=(SANITIZE=address)
    run="LD_PRELOAD=$(gcc -print-file-name=libasan.so) ASAN_OPTIONS=detect_leaks=0:log_path=$folder/reports/address"
else
    flags=(CFLAGS="-O1 -g")
    # Without fair turns a thread that never rests lets no other one run.
    run="PYTHONMALLOC=malloc valgrind --quiet --fair-sched=try --num-callers=40 --log-file=$folder/reports/valgrind.%p"
    run+=" --suppressions=$folder/python.supp"
    # The compiled interpreter decides on bits that it then throws away; what it is handed from outside is still seen.
    for kind in Cond Value8; do printf '{\n python\n Memcheck:%s\n obj:*/libpython3*\n}\n' $kind; done > "$folder/python.supp"
    export PYEXT_FUZZ=${PYEXT_FUZZ:-300} PD_PATIENCE=10
fi
tests=("$@")
# test_audio_path.py counts with a library of its own, which stands where the checker does.
[ $# != 0 ] || tests=(tests/patches/pyext tests/live/test_stream.py --ignore=tests/patches/pyext/test_audio_path.py)

make -C "$folder/source" -j"$(nproc)" "${flags[@]}" install PDLIBDIR="$folder" > "$folder/build.log" 2>&1 ||
    { tail "$folder/build.log"; exit 1; }
# A `pd` that is found before the real one.
printf '#!/bin/sh\nexec env %s %s "$@"\n' "$run" "$pd" > "$folder/bin/pd"
chmod +x "$folder/bin/pd"

status=0
PATH=$folder/bin:$PATH PYEXT_FOLDER=$folder/pyext "$checkout/setup/dlwa" test --yes -p no:cacheprovider "${tests[@]}" ||
    status=$?
# A report names the files and lines of our sources, of Pd and Python only their libraries.
if grep -lrE '\b[a-z]+\.(cpp|h):[0-9]+' "$folder/reports"; then
    echo "memory errors that passed through the external: see there"
    exit 1
fi
[ $status != 0 ] || rm -r "$folder"
exit $status
