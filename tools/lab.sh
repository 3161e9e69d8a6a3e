#!/bin/sh
# Builds the missing parts of the lab's bundle and prints the path of its variables.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
"$top/lab/build.py" >&2
echo "${XDG_CACHE_HOME:-$HOME/.cache}/runtime-security/lab/parts/bundle/bundle.yml"
