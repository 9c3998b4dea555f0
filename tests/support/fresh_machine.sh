#!/usr/bin/env bash
# Try the kit on a fresh machine: a Debian with git and Python and nothing else, in a folder of this one.
#
#   sudo tests/support/fresh_machine.sh FOLDER [--bind PATH]... [--pass VARIABLE]... [--suite NAME] [--bundle PATH]
#                               [-- COMMAND...]
#
# Makes the Debian with debootstrap (once; a second run uses it as it is), clones this checkout's HEAD into it,
# and runs `setup/dlwa demo 01_ai_duet --yes` and `setup/dlwa test --yes` there, or the given command instead.
# After each step it prints the seconds it took and the megabytes it added.
#
#   --bind PATH      let the machine see a file or folder of this one (package sources, certificates)
#   --pass VARIABLE  let it see a variable of this shell (proxies, pip's settings)
#   --suite NAME     another Debian than bookworm
#   --bundle PATH    without any network but loopback: take the checkout from what `setup/dlwa bundle` made,
#                    and run `setup/dlwa install --from` and `setup/dlwa demo 01_ai_duet` there
set -euo pipefail

usage() { sed -n '2,/^set/{s/^# \{0,1\}//;/^set/d;p}' "$0"; exit "${1:-2}"; }

# Mounts are made in a namespace of our own, so they are gone when this ends, whatever way it ends.
if [ "${DLWA_FRESH_MACHINE:-}" != inside ]; then
    case "${1:-}" in -h|--help) usage 0 ;; ""|-*) usage ;; esac
    [ "$(id -u)" = 0 ] || { echo "needs root: sudo $0 $*" >&2; exit 1; }
    command -v debootstrap >/dev/null || { echo "needs debootstrap: sudo apt-get install debootstrap" >&2; exit 1; }
    DLWA_FRESH_MACHINE=inside exec unshare --mount --propagation private "$0" "$@"
fi

folder=$(mkdir -p "$1" && cd "$1" && pwd); shift
suite=bookworm binds=() variables=() bundle= network=()
while [ $# -gt 0 ]; do
    case $1 in
        --bind) binds+=("$2"); shift 2 ;;
        --pass) variables+=("$2=${!2:-}"); shift 2 ;;
        --suite) suite=$2; shift 2 ;;
        --bundle) bundle=$(cd "$2" && pwd); binds+=("$bundle"); shift 2 ;;
        --) shift; break ;;
        *) usage ;;
    esac
done

checkout=$(cd "$(dirname "$0")/../.." && pwd)
root=$folder/$suite

megabytes() {
    local excluded=(--exclude="$root/proc" --exclude="$root/sys" --exclude="$root/dev") path
    for path in "${binds[@]}"; do excluded+=(--exclude="$root$path"); done
    du -sm "${excluded[@]}" "$root" | cut -f1
}

step() {
    local title=$1 before=$(megabytes) start=$SECONDS status=0
    shift
    echo "== $title"
    "$@" || status=$?
    echo "== $title: exit $status, $((SECONDS - start)) s, $(($(megabytes) - before)) MB more, $(megabytes) MB in all"
    return $status
}

inside() {
    "${network[@]}" chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        LANG=C.UTF-8 "${variables[@]}" "$@"
}

mkdir -p "$root"
if [ ! -e "$root/etc/debian_version" ]; then
    step "a fresh $suite" debootstrap --variant=minbase --include=git,python3,ca-certificates "$suite" "$root"
fi
mount --bind /dev "$root/dev"
mount -t devpts devpts "$root/dev/pts"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
cp /etc/resolv.conf /etc/hosts "$root/etc/"
for path in "${binds[@]}"; do
    if [ -d "$path" ]; then mkdir -p "$root$path"; else mkdir -p "$(dirname "$root$path")"; touch "$root$path"; fi
    mount --bind -o ro "$path" "$root$path"
done

rm -rf "$root/root/course"
if [ "$bundle" ]; then
    network=(unshare --net sh -c 'ip link set lo up && exec "$@"' sh)
    step "network interfaces" inside sed 1,2d /proc/net/dev
    step "unpack" inside tar xzf "$bundle/course.tar.gz" -C /root
else
    step "clone" git clone --quiet "$checkout" "$root/root/course"
fi
if [ $# -gt 0 ]; then
    step "$*" inside sh -c 'cd /root/course && exec "$@"' sh "$@"
elif [ "$bundle" ]; then
    step "install --from" inside /root/course/setup/dlwa install --from "$bundle" --yes
    step "demo 01_ai_duet" inside /root/course/setup/dlwa demo 01_ai_duet
else
    step "demo 01_ai_duet" inside /root/course/setup/dlwa demo 01_ai_duet --yes
    step "test" inside /root/course/setup/dlwa test --yes
fi
