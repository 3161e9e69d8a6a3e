#!/bin/sh
# Runs molecule scenarios on the lab's bundle:
#   molecule.sh [SCENARIO ...]    all of them when none is named
set -eu

cd "$(dirname "$0")/.."
PATH=$(tools/environment.sh requirements-dev.txt)/bin:$PATH
RUNTIME_SECURITY_BUNDLE=$(tools/lab.sh)
export PATH RUNTIME_SECURITY_BUNDLE

if [ $# -eq 0 ]; then
    for scenario in molecule/*/molecule.yml; do
        set -- "$@" "$(basename "$(dirname "$scenario")")"
    done
fi
for scenario in "$@"; do
    molecule test --scenario-name "$scenario"
done
