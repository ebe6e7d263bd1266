#!/bin/bash
# namespace.sh PLACE SOURCES VENV NODE_MODULES PACKAGES…: a Debian over this one, in namespaces that vanish with it. 77: cannot be had here.
set -euo pipefail
place=$1 sources=$2 venv=$3 node=$4
shift 4
here=$(dirname "$(readlink -f "$0")")
mount --make-rprivate / || exit 77
mount -t tmpfs -o size=3g,mode=0755 tmpfs "$place" || exit 77
mkdir "$place/upper" "$place/work" "$place/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$place/upper,workdir=$place/work" "$place/root" || exit 77
root=$place/root
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=0755 tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
# What lies on other file systems is not in the overlay; and root's home is open to the account samdrift here.
for folder in "$sources" "$venv" "$node" "$(dirname "$(dirname "$(readlink -f "$venv/bin/python")")")"; do
  [ -e "$root$folder/." ] && [ -n "$(ls -A "$root$folder")" ] || { mkdir -p "$root$folder"; mount --bind -o ro "$folder" "$root$folder"; }
  up=$folder
  while [ "$up" != / ]; do chmod o+x "$root$up" 2>/dev/null || true; up=$(dirname "$up"); done
done
cp -r "$here" "$root/run/installation"
# A machine as it comes: no Samdrift, no data of others, and services that start when they are installed.
rm -rf "$root/usr/sbin/policy-rc.d" "$root/opt/samdrift" "$root/etc/samdrift" "$root/var/lib/samdrift" "$root"/etc/postgresql/*/main "$root"/var/lib/postgresql/*/main
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
chroot "$root" userdel samdrift 2>/dev/null || true
chroot "$root" groupdel samdrift 2>/dev/null || true
for server in "$root"/usr/lib/postgresql/*/bin/initdb; do
  [ -e "$server" ] && chroot "$root" pg_createcluster "$(basename "$(dirname "$(dirname "$server")")")" main >/dev/null
done
# The packages are fetched while there is a network; the document's own line then finds them.
fetch() { chroot "$root" apt-get install --yes --download-only "$@" >/dev/null 2>&1; }
fetch "$@" || { chroot "$root" apt-get update >/dev/null 2>&1; fetch "$@"; } || { echo "Debian's packages cannot be had here"; exit 77; }
exec unshare --net chroot "$root" python3 /run/installation/drive.py "$sources" "$venv" "$node"
