#!/bin/sh
# Runs molecule scenarios on the lab's bundle:
#   molecule.sh [SCENARIO ...]    all of them when none is named
# Those with the playbooks of molecule/shared share one cluster, which the last of them removes.
set -eu

cd "$(dirname "$0")/.."
PATH=$(tools/environment.sh requirements-dev.txt)/bin:$PATH
RUNTIME_SECURITY_BUNDLE=$(tools/lab.sh)
export PATH RUNTIME_SECURITY_BUNDLE
# It looks for clear text between Falco and its receiver.
tools/packages.sh tcpdump

if [ $# -eq 0 ]; then
    for scenario in molecule/*/molecule.yml; do
        set -- "$@" "$(basename "$(dirname "$scenario")")"
    done
fi
sharing=
for scenario in "$@"; do
    # A run that was killed leaves the note that its cluster stands, and "create" believes it.
    molecule reset --scenario-name "$scenario"
    if grep -q shared/destroy.yml "molecule/$scenario/molecule.yml"; then
        sharing="$sharing $scenario"
    else
        molecule test --scenario-name "$scenario"
    fi
done
for scenario in $sharing; do
    [ "$scenario" = "${sharing##* }" ] || export RUNTIME_SECURITY_KEEP_CLUSTER=yes
    [ "$scenario" != "${sharing##* }" ] || unset RUNTIME_SECURITY_KEEP_CLUSTER
    molecule test --scenario-name "$scenario"
done
