#!/usr/bin/env bash
# Runs molecule scenarios on the lab's bundle:
#   molecule.sh [SCENARIO ...]    all of them by default
# Those with the playbooks of molecule/shared share one cluster, which the last of them removes. MOLECULE_SAMPLE=yes leaves out what
# takes long and is tested without a cluster too: tests with the marker rare, and check mode and second runs of single roles.
set -euo pipefail

cd "$(dirname "$0")/.."
RUNTIME_SECURITY_BUNDLE=$(tools/lab.sh)
# kubectl is in the bundle.
PATH=$(tools/environment.sh requirements-dev.txt)/bin:$(dirname "$RUNTIME_SECURITY_BUNDLE")/bin:$PATH
export PATH RUNTIME_SECURITY_BUNDLE
# For the tests that no clear text is sent between Falco and its receiver, and of rule sets.
tools/packages.sh tcpdump skopeo docker-registry

# What an interrupted run left, with or without its folder: these profiles are the tests' alone.
cache=${XDG_CACHE_HOME:-$HOME/.cache}/runtime-security
rm -rf "$cache/molecule"
for profile in $(grep -rhoP '^ *minikube_profile: \K\S+' molecule); do
    label=label=name.minikube.sigs.k8s.io=$profile
    docker container ls --all --quiet --filter "$label" | xargs -r docker container rm --force --volumes >/dev/null
    docker volume ls --quiet --filter "$label" | xargs -r docker volume rm >/dev/null
    docker network ls --quiet --filter "$label" | xargs -r docker network rm >/dev/null
done

if [ "${MOLECULE_SAMPLE:-}" = yes ]; then
    export PYTEST_ADDOPTS="${PYTEST_ADDOPTS:-} -m 'not rare'"
    # Steps of a sequence cannot be left out, only be replaced.
    export RUNTIME_SECURITY_CHECK=syntax RUNTIME_SECURITY_IDEMPOTENCE=syntax
fi

# Molecule prints an error before it cleans up; repeat it at the end of the log.
scenario_test() {
    local record
    record=$(mktemp)
    if ! molecule test --scenario-name "$1" 2>&1 | tee "$record"; then
        echo "molecule.sh: scenario $1 failed:"
        awk '/fatal: /{wrong = 1} /PLAY RECAP/{wrong = 0} wrong' "$record" | tail -n 100
        rm "$record"
        return 1
    fi
    rm "$record"
}

if [ $# -eq 0 ]; then
    for scenario in molecule/*/molecule.yml; do
        set -- "$@" "$(basename "$(dirname "$scenario")")"
    done
fi
sharing=
for scenario in "$@"; do
    # A killed run leaves the state "created", and molecule would skip "create".
    molecule reset --scenario-name "$scenario"
    if grep -q shared/destroy.yml "molecule/$scenario/molecule.yml"; then
        sharing="$sharing $scenario"
    else
        scenario_test "$scenario"
    fi
done
for scenario in $sharing; do
    [ "$scenario" = "${sharing##* }" ] || export RUNTIME_SECURITY_KEEP_CLUSTER=yes
    [ "$scenario" != "${sharing##* }" ] || unset RUNTIME_SECURITY_KEEP_CLUSTER
    scenario_test "$scenario"
done
