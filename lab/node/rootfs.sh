#!/bin/sh
# Makes the file tree of a minikube node from Debian packages.
#   rootfs.sh ROOTFS CRICTL RUNC_SHIM PROVISIONER
set -eu

if [ $# -ne 4 ]; then
    echo "usage: $0 ROOTFS CRICTL RUNC_SHIM PROVISIONER" >&2
    exit 2
fi
rootfs=$1 crictl=$2 runc_shim=$3 provisioner=$4
here=$(cd "$(dirname "$0")" && pwd)
suite=bookworm
debs=${XDG_CACHE_HOME:-$HOME/.cache}/runtime-security/debs

# A fixed date, so that the same packages give the same tree.
SOURCE_DATE_EPOCH=1577836800
export SOURCE_DATE_EPOCH

# The mirror is the one apt uses here: its lines for Debian, main archive and security.
sources() {
    apt-get indextargets --format "\$(REPO_URI) \$(RELEASE)" 'Created-By: Packages' 'Origin: Debian' |
        sort -u | while read -r uri release; do
        case $release in
        *-security) echo "deb $uri $suite-security main" ;;
        *-updates) echo "deb $uri $suite-updates main" ;;
        *) echo "deb $uri $suite main" ;;
        esac
    done | sort -u
}

# A fresh machine has neither the tool nor apt's lists, which the mirror is read from.
prepare() {
    command -v mmdebstrap >/dev/null && [ -n "$(sources)" ] && return
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends mmdebstrap >/dev/null
}

install_packages() {
    mkdir -p "$debs"
    rm -rf "$rootfs"
    sources | mmdebstrap --quiet --mode=root --variant=minbase \
        --include="$(paste -sd, "$here/packages.txt")" \
        --dpkgopt='path-exclude=/usr/share/doc/*' \
        --dpkgopt='path-exclude=/usr/share/info/*' \
        --dpkgopt='path-exclude=/usr/share/man/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' \
        --dpkgopt='path-exclude=/usr/share/zoneinfo/*' \
        --dpkgopt='path-exclude=/usr/share/bash-completion/*' \
        --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
        --skip=essential/unlink \
        --setup-hook="mkdir -p \"\$1/var/cache/apt/archives\" && cp -a \"$debs/.\" \"\$1/var/cache/apt/archives/\"" \
        --customize-hook="cp -au \"\$1\"/var/cache/apt/archives/*.deb \"$debs/\"" \
        "$suite" "$rootfs" -
}

# Units that expect a machine, not a container; what the node needs is enabled below.
trim_units() {
    units=$rootfs/lib/systemd/system
    rm -f "$rootfs"/etc/systemd/system/*.wants/* \
        "$units"/multi-user.target.wants/* \
        "$units"/local-fs.target.wants/* \
        "$units"/basic.target.wants/* \
        "$units"/sockets.target.wants/*udev* \
        "$units"/sockets.target.wants/*initctl* \
        "$units"/sysinit.target.wants/systemd-tmpfiles-setup.service
    chroot "$rootfs" systemctl --quiet mask systemd-binfmt.service systemd-udevd.service
    chroot "$rootfs" systemctl --quiet enable ssh.service containerd.service
    # The kernel's messages are the host's.
    mkdir -p "$rootfs/etc/systemd/journald.conf.d"
    printf '[Journal]\nReadKMsg=no\n' >"$rootfs/etc/systemd/journald.conf.d/node.conf"
}

# minikube logs in as docker with a key of its own and works by sudo.
add_user() {
    chroot "$rootfs" groupadd --system docker
    chroot "$rootfs" useradd --gid docker --create-home --shell /bin/bash docker
    chroot "$rootfs" install -d -m 700 -o docker -g docker /home/docker/.ssh
    echo 'docker ALL=(ALL) NOPASSWD: ALL' >"$rootfs/etc/sudoers.d/docker"
    chmod 440 "$rootfs/etc/sudoers.d/docker"
    echo 'PasswordAuthentication no' >"$rootfs/etc/ssh/sshd_config.d/node.conf"
    # Each node makes its own at its first start.
    rm -f "$rootfs"/etc/ssh/ssh_host_*
}

install_programs() {
    mkdir -p "$rootfs/opt/cni" "$rootfs/kind" "$rootfs/etc/kubernetes/manifests" "$rootfs/etc/containerd/certs.d"
    mkdir "$rootfs/opt/cni/bin"
    for plugin in bridge firewall host-local loopback portmap ptp tuning; do
        mv "$rootfs/usr/lib/cni/$plugin" "$rootfs/opt/cni/bin/"
    done
    rm -r "$rootfs/usr/lib/cni"
    # Shims of the interface that Kubernetes no longer uses.
    rm "$rootfs/usr/bin/containerd-shim" "$rootfs/usr/bin/containerd-shim-runc-v1"
    # The shim finds the real one later in PATH. Its name stays: Falco's rules know a container's parent by it.
    rm -f "$rootfs/usr/bin/runc"
    mv "$rootfs/usr/sbin/runc" "$rootfs/usr/bin/runc"
    install -m 755 "$runc_shim" "$rootfs/usr/sbin/runc"
    install -m 755 "$crictl" "$rootfs/usr/local/bin/crictl"
    install -m 755 "$here/entrypoint" "$rootfs/usr/local/bin/entrypoint"
    install -m 644 "$here/containerd.toml" "$rootfs/etc/containerd/config.toml"
    # minikube writes control-plane.minikube.internal to /etc/hosts: no DNS server may outrank it.
    sed -i 's/^hosts:.*/hosts: files dns/' "$rootfs/etc/nsswitch.conf"
}

# Volumes and a default storage class, which minikube's own node gets by its addons.
install_storage() {
    mkdir -p "$rootfs/usr/local/share/storage"
    install -m 755 "$provisioner" "$rootfs/usr/local/bin/local-path-provisioner"
    install -m 755 "$here/storage/start" "$rootfs/usr/local/share/storage/start"
    install -m 644 "$here/storage/storage.yaml" "$rootfs/usr/local/share/storage/storage.yaml"
    install -m 644 "$here/storage/storage.service" "$rootfs/etc/systemd/system/storage.service"
    chroot "$rootfs" systemctl --quiet enable storage.service
}

clean() {
    rm -rf "$rootfs"/var/lib/apt/lists/* "$rootfs"/var/cache/* "$rootfs"/var/log/* "$rootfs"/tmp/* "$rootfs"/run/* \
        "$rootfs"/var/lib/systemd/catalog/database "$rootfs"/usr/share/lintian
    : >"$rootfs/etc/machine-id"
}

prepare
install_packages
trim_units
add_user
install_programs
install_storage
clean
