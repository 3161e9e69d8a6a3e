#!/bin/sh
# Builds what is missing of the lab's bundle and prints the file with its variables.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
"$top/lab/build.py" >&2
echo "${XDG_CACHE_HOME:-$HOME/.cache}/runtime-security/lab/parts/bundle/bundle.yml"
