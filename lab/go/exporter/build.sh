#!/bin/sh
# Builds the lab's stand-in for falco-exporter: build.sh OUTPUT. Needs Go.
set -eu

if [ $# -ne 1 ]; then
    echo "usage: build.sh OUTPUT" >&2
    exit 2
fi

output=$(realpath -m "$1")
cd "$(dirname "$(realpath "$0")")"
CGO_ENABLED=0 go build -mod=readonly -trimpath -ldflags '-s -w' -o "$output" .
