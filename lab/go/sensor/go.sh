#!/bin/sh
# Runs a go command with the compiled eBPF object in place: go.sh test ./...  Needs Go, clang and the libbpf headers.
set -eu

source=$(dirname "$(realpath "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

clang -O2 -g -Wall -Werror -target bpf -mcpu=v3 -D__x86_64__ -D__TARGET_ARCH_x86 \
    -I"/usr/include/$(uname -m)-linux-gnu" -c "$source/bpf/sensor.bpf.c" -o "$work/sensor.bpf.o"

# The object is embedded through an overlay, so that nothing built lies in the source tree.
printf '{"Replace": {"%s": "%s"}}\n' "$source/internal/probe/sensor.bpf.o" "$work/sensor.bpf.o" >"$work/overlay.json"

command=$1
shift
cd "$source"
CGO_ENABLED=0 go "$command" -mod=readonly -trimpath -overlay "$work/overlay.json" "$@"
