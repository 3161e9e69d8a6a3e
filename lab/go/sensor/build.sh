#!/bin/sh
# Builds the lab's stand-in for Falco: build.sh OUTPUT.
set -eu

if [ $# -ne 1 ]; then
    echo "usage: build.sh OUTPUT" >&2
    exit 2
fi

exec "$(dirname "$(realpath "$0")")/go.sh" build -ldflags '-s -w' -o "$(realpath -m "$1")" .
