#!/bin/sh
# Runs molecule scenarios on the lab's bundle:
#   molecule.sh [SCENARIO ...]    all of them when none is named
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top"
PATH=$(tools/environment.sh requirements-dev.txt)/bin:$PATH
lab/build.py
RUNTIME_SECURITY_BUNDLE=${XDG_CACHE_HOME:-$HOME/.cache}/runtime-security/lab/parts/bundle/bundle.yml
export PATH RUNTIME_SECURITY_BUNDLE

[ $# -gt 0 ] || set -- $(cd molecule && ls -d */ | tr -d /)
for scenario in "$@"; do
    molecule test --scenario-name "$scenario"
done
