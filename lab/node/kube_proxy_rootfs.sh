#!/bin/sh
# Copies from a node's tree the few programs that kube-proxy calls, with their libraries.
#   kube_proxy_rootfs.sh ROOTFS OUTPUT
set -eu

if [ $# -ne 2 ]; then
    echo "usage: $0 ROOTFS OUTPUT" >&2
    exit 2
fi
rootfs=$1 root=$2
paths=$(mktemp)
trap 'rm -f "$paths"' EXIT

# The iptables commands are links to the two multi-call programs; kmod is modprobe.
programs='usr/sbin/xtables-nft-multi usr/sbin/xtables-legacy-multi usr/sbin/conntrack usr/bin/kmod usr/bin/dash'
links='usr/bin/sh usr/sbin/modprobe usr/sbin/lsmod'

# Prints the programs, the iptables extensions and the links, relative to the tree's root.
chosen() {
    for path in $programs $links etc/passwd etc/group etc/nsswitch.conf etc/protocols etc/services; do
        echo "$path"
    done
    cd "$rootfs"
    find usr/sbin \( -name 'iptables*' -o -name 'ip6tables*' \) -type l ! -name '*-apply'
    find etc/alternatives \( -name 'iptables*' -o -name 'ip6tables*' \) ! -name '*.gz' ! -name '*-apply'
    find usr/lib/*/xtables -name '*.so'
}

# Prints the loader and the shared libraries of the chosen programs and extensions.
libraries() {
    grep -e '\.so$' -e multi$ -e conntrack$ -e kmod$ -e dash$ "$paths" | sed 's|^|/|' |
        xargs chroot "$rootfs" ldd | sed -n 's|.*[[:space:]]\(/[^ ]*\) (0x.*|\1|p' | sort -u |
        while read -r library; do
            # Both the name that programs ask for and the file it links to.
            chroot "$rootfs" readlink -f "$library" | sed 's|^/||'
            echo "${library#/}"
        done
}

chosen >"$paths"
libraries >>"$paths"
rm -rf "$root"
# In Debian's tree these are links, and paths of either spelling must end below usr.
for folder in bin sbin lib lib64; do
    mkdir -p "$root/usr/$folder"
    ln -s "usr/$folder" "$root/$folder"
done
sed -E 's#^(bin|sbin|lib|lib64)/#usr/&#' "$paths" | sort -u | tar -C "$rootfs" -cf - -T - | tar -C "$root" -xf -
install -d -m 1777 "$root/tmp"
install -d "$root/run" "$root/var/lib"
