#!/bin/sh
# Makes a Docker engine answer on this machine, with or without systemd.
#   docker.sh start    do nothing if one answers, else start it
#   docker.sh stop     end the engine that start began, and no other
#   docker.sh status   say whether one answers; exit code 1 if not
set -eu

here=$(cd "$(dirname "$0")" && pwd)
state=${XDG_STATE_HOME:-$HOME/.local/state}/runtime-security/docker
pid_file=$state/dockerd.pid
log=$state/dockerd.log
wait_seconds=60

answers() {
    docker info >"$state/info" 2>&1
}

has_systemd() {
    [ -d /run/systemd/system ]
}

# CAP_SYS_RESOURCE is number 24, linux/capability.h.
lacks_sys_resource() {
    bounding=$(sed -n 's/^CapBnd:[[:space:]]*//p' /proc/self/status)
    [ $((0x$bounding >> 24 & 1)) -eq 0 ]
}

# Prints the process id of the engine that start began, if it is alive.
started_pid() {
    [ -f "$pid_file" ] || return 1
    pid=$(cat "$pid_file")
    [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = dockerd ] || return 1
    echo "$pid"
}

install_engine() {
    command -v dockerd >/dev/null && command -v iptables >/dev/null && return
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends docker.io iptables >/dev/null
}

# Each hierarchy has to be mounted here: one that only the node's systemd mounts is not
# bound to the node's group, and groups made in it outlive the node.
mount_cgroups() {
    [ -e /sys/fs/cgroup/cgroup.controllers ] && return
    mountpoint -q /sys/fs/cgroup || mount -t tmpfs -o mode=755 cgroup /sys/fs/cgroup
    hierarchies | while read -r controllers; do
        mount_hierarchy "$controllers" "$controllers"
    done
    mount_hierarchy systemd none,name=systemd
}

# Prints the enabled controllers, those that share a hierarchy already on one line.
hierarchies() {
    awk '/^#/ || $4 != 1 {next}
        $2 == 0 {print $1; next}
        {set[$2] = set[$2] (set[$2] == "" ? "" : ",") $1}
        END {for (id in set) print set[id]}' /proc/cgroups
}

mount_hierarchy() {
    mountpoint -q "/sys/fs/cgroup/$1" && return
    mkdir -p "/sys/fs/cgroup/$1"
    mount -t cgroup -o "$2" cgroup "/sys/fs/cgroup/$1"
}

# overlay2 wants a folder on which overlayfs mounts; vfs copies whole layers.
storage_driver() {
    probe=$(mktemp -d -p /var/lib)
    mkdir "$probe/lower" "$probe/upper" "$probe/work" "$probe/merged"
    if mount -t overlay -o "lowerdir=$probe/lower,upperdir=$probe/upper,workdir=$probe/work" overlay "$probe/merged" 2>"$state/overlay"; then
        umount "$probe/merged"
        echo overlay2
    else
        echo vfs
    fi
    rm -rf "$probe"
}

start_by_hand() {
    install_engine
    mount_cgroups
    driver=$(storage_driver)
    set -- --pidfile "$pid_file" --storage-driver "$driver"
    how="storage driver $driver"
    [ "$driver" = overlay2 ] || how="$how (slow: overlayfs does not mount here)"
    if lacks_sys_resource; then
        (cd "$here/../go/runc-shim" && CGO_ENABLED=0 go build -trimpath -o "$state/runc" .)
        set -- "$@" --add-runtime "runc-shim=$state/runc" --default-runtime runc-shim
        how="$how, runc-shim for the missing CAP_SYS_RESOURCE"
    fi
    # A killed engine leaves its pid file, and the number may be another process' by now.
    rm -f "$pid_file"
    setsid dockerd "$@" >"$log" 2>&1 </dev/null 9>&- &
    wait_until_answers $!
    keep_services_inside
    echo "started dockerd, $how, log $log"
}

# A Service's address exists inside a node only. What a pod sends to a new one before kube-proxy knows it leaves the node, and a network
# that answers for every address keeps that connection: a log agent then got 404 for each request, for as long as it ran.
keep_services_inside() {
    set -- DOCKER-USER --destination 10.96.0.0/12 --jump REJECT
    iptables --wait --check "$@" 2>/dev/null || iptables --wait --insert "$@"
}

wait_until_answers() {
    tries=$((wait_seconds * 5))
    until answers; do
        tries=$((tries - 1))
        if [ "$tries" -le 0 ] || ! kill -0 "$1"; then
            echo "dockerd does not answer; the end of $log:" >&2
            tail -n 20 "$log" >&2
            exit 1
        fi
        sleep 0.2
    done
}

start() {
    if command -v docker >/dev/null && answers; then
        if started_pid >/dev/null; then
            keep_services_inside
        fi
        echo "a Docker engine answers already"
    elif has_systemd; then
        install_engine
        systemctl start docker
        answers
        echo "started docker.service"
    else
        start_by_hand
    fi
}

stop() {
    if ! pid=$(started_pid); then
        echo "no engine of ours is running"
        return
    fi
    kill "$pid"
    tries=$((wait_seconds * 5))
    while [ -e "/proc/$pid" ]; do
        tries=$((tries - 1))
        if [ "$tries" -le 0 ]; then
            echo "dockerd $pid does not end; see $log" >&2
            exit 1
        fi
        sleep 0.2
    done
    echo "ended dockerd"
}

status() {
    if ! answers; then
        echo "no Docker engine answers"
        exit 1
    fi
    docker info --format 'Docker {{.ServerVersion}}, storage driver {{.Driver}}, default runtime {{.DefaultRuntime}}, cgroup v{{.CgroupVersion}}'
}

mkdir -p "$state"
case ${1-} in
start | stop)
    # Two at once: the second one would remove the pid file of the first one's engine, and start another.
    exec 9>"$state/lock"
    flock 9
    "$1"
    ;;
status) status ;;
*)
    echo "usage: $0 start|stop|status" >&2
    exit 2
    ;;
esac
