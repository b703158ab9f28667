#!/usr/bin/env bash
# A real systemd, as PID 1 of namespaces of its own, over a copy-on-write view of this machine's root.
#
#   box.sh up FOLDER [SOURCE:TARGET]…   boots; SOURCE is visible read-only at TARGET. FOLDER/disk outlives the power
#   box.sh in FOLDER COMMAND…           runs a command inside
#   box.sh cut FOLDER                   the power goes: SIGKILL to everything inside
#
# Inside there is no network but the loopback, and FOLDER is /mnt. FOLDER/shift, when it is there, holds the seconds
# that the wall clock of PID 1, its units and what `in` runs is ahead, by FOLDER/clock.so. It is a convenience of tests,
# not a wall against an enemy.
set -euo pipefail
verb=$1 folder=$(realpath -m "$2")
shift 2

cut_power() {
  local group
  [ -f "$folder/group" ] || return 0
  group=$(cat "$folder/group")
  if [ -d "$group" ]; then
    echo 1 > "$group/cgroup.kill"
    for _ in $(seq 200); do
      find "$group" -depth -type d -exec rmdir {} \; 2>/dev/null || true
      [ -d "$group" ] || break
      sleep 0.02
    done
  fi
  rm -f "$folder/group" "$folder/pid"
}

case $verb in
up)
  mkdir -p "$folder/disk/upper" "$folder/disk/work"
  mountpoint=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
  here=$(sed -n 's/^0:://p' /proc/self/cgroup)
  group=$mountpoint${here%/}/veritape-box-$$
  mkdir "$group"
  echo "$group" > "$folder/group"
  # The namespace of cgroups is made inside the group, so that the box sees its own as the root.
  setsid bash -c 'echo $$ > "$1/cgroup.procs"; shift; exec "$@"' _ "$group" \
    unshare --mount --uts --ipc --cgroup --pid --net --fork --propagation private \
    "$(realpath "$0")" boot "$folder" "$@" > "$folder/log" 2>&1 < /dev/null &
  outside=$!
  for _ in $(seq 1500); do
    kill -0 $outside 2>/dev/null || break
    pid=$(tr -d ' ' < /proc/$outside/task/$outside/children 2>/dev/null || true)
    if [ -n "$pid" ] && [ -S "/proc/$pid/root/run/systemd/private" ]; then
      state=$(nsenter -a -t "$pid" systemctl is-system-running --wait 2>/dev/null || true)
      case $state in running | degraded)
        echo "$pid" > "$folder/pid"
        echo "$state"
        exit 0
        ;;
      esac
    fi
    sleep 0.02
  done
  echo "the box did not boot:" >&2
  cat "$folder/log" >&2
  cut_power
  exit 1
  ;;
boot)
  root=$folder/root
  mkdir -p "$root"
  # An overlay may not lie on an overlay, which a container's own root may be; a tmpfs takes its place then.
  if ! mount -t overlay overlay -o "lowerdir=/,upperdir=$folder/disk/upper,workdir=$folder/disk/work" "$root"; then
    echo "the folder of the box must lie on a file system that an overlay can write to" >&2
    exit 1
  fi
  mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
  mount --bind "$root/proc/sys" "$root/proc/sys"
  mount -o remount,bind,ro "$root/proc/sys"
  mount -t sysfs -o ro,nosuid,nodev,noexec sysfs "$root/sys"
  mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 "$root/sys/fs/cgroup"
  mount -t tmpfs -o mode=755,nosuid tmpfs "$root/dev"
  while read -r name major minor; do mknod -m 666 "$root/dev/$name" c "$major" "$minor"; done <<< 'null 1 3
zero 1 5
full 1 7
random 1 8
urandom 1 9
tty 5 0'
  mkdir "$root/dev/pts" "$root/dev/shm"
  mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts"
  mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
  ln -s pts/ptmx "$root/dev/ptmx"
  ln -s /proc/self/fd "$root/dev/fd"
  for each in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${each%:*}" "$root/dev/${each#*:}"; done
  mount -t tmpfs -o mode=755,nosuid,nodev tmpfs "$root/run"
  mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
  mount --bind "$folder" "$root/mnt"
  for pair in "$@"; do
    mkdir -p "$root${pair#*:}"
    mount --bind "${pair%%:*}" "$root${pair#*:}"
    mount -o remount,bind,ro "$root${pair#*:}"
  done
  units=$root/etc/systemd/system
  if [ ! -e "$root/etc/veritape-box" ]; then # the first boot of this disk: nothing of the machine's own starts
    touch "$root/etc/veritape-box"
    rm -rf "$units" "$root/var/log/journal"
    mkdir -p "$units" "$root/etc/systemd/system.conf.d" "$root/var/log/journal"
    tr -d - < /proc/sys/kernel/random/uuid > "$root/etc/machine-id"
    echo box > "$root/etc/hostname"
    : > "$root/etc/fstab"
    printf '[Unit]\nRequires=basic.target\nAfter=basic.target\nWants=multi-user.target\nAllowIsolate=yes\n' \
      > "$units/box.target"
    printf '[Manager]\nShowStatus=no\nDefaultTimeoutStopSec=10s\n' > "$root/etc/systemd/system.conf.d/box.conf"
    masked='ldconfig.service kmod-static-nodes.service dev-hugepages.mount sys-fs-fuse-connections.mount
      systemd-journald-audit.socket systemd-tmpfiles-clean.timer systemd-ask-password-console.path getty.target
      remote-fs.target'
    for name in remount-fs sysctl modules-load firstboot hwdb-update update-utmp update-done binfmt random-seed udevd \
      timesyncd journal-catalog-update boot-system-token pstore machine-id-commit; do
      masked+=" systemd-$name.service"
    done
    for path in "$root"/usr/lib/systemd/system/{multi-user,timers}.target.wants/*; do
      [ "$(basename "$path")" = dbus.service ] || masked+=" $(basename "$path")"
    done
    for name in $masked; do [ -e "$units/$name" ] || ln -sf /dev/null "$units/$name"; done
  fi
  clock=()
  : > "$root/etc/systemd/system.conf.d/clock.conf"
  if [ -e "$folder/shift" ]; then
    clock=(LD_PRELOAD=/mnt/clock.so CLOCK_SHIFT=/mnt/shift)
    printf '[Manager]\nDefaultEnvironment=%s\n' "${clock[*]}" > "$root/etc/systemd/system.conf.d/clock.conf"
  fi
  touch "$root/etc/.updated" "$root/var/.updated"
  hostname box
  mkdir -p "$root/run/old"
  cd "$root"
  pivot_root . run/old
  umount -l run/old
  rmdir run/old
  mount --make-rshared / # credentials are mounted into units; in a container systemd leaves this to us
  exec env -i container=box PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
    setpriv --bounding-set -sys_time,-sys_module,-sys_rawio env "${clock[@]}" \
    /lib/systemd/systemd --unit=box.target --log-target=journal-or-kmsg
  ;;
in)
  clock=()
  [ ! -e "$folder/shift" ] || clock=(env LD_PRELOAD=/mnt/clock.so CLOCK_SHIFT=/mnt/shift)
  exec nsenter -a -t "$(cat "$folder/pid")" -- "${clock[@]}" "$@"
  ;;
cut) cut_power ;;
esac
