#!/bin/bash
# Time from no cluster to the proof, against the same typed by hand, in one run:
#   by hand   bench/by_hand.sh
#   ours      ansible-playbook site.yml, with wiring and proof
set -eu -o pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top"
PATH=$(tools/environment.sh requirements.txt)/bin:$PATH
bundle=$(dirname "$(tools/lab.sh)")
work=$(mktemp -d)
profile=runtime-security-bench
export MINIKUBE_HOME=$work/minikube KUBECONFIG=$work/kubeconfig
# The folders are looked for at the first start.
mkdir -p "$MINIKUBE_HOME/.minikube/cache"
ln -s "$bundle/cache/images" "$bundle/cache/linux" "$MINIKUBE_HOME/.minikube/cache/"

remove() {
    "$bundle/bin/minikube" delete --profile "$profile" >/dev/null 2>&1
}
cleanup() {
    remove
    rm -rf "$work"
}
trap cleanup EXIT

seconds() {
    local from=$EPOCHREALTIME
    "$@" >"$work/log" 2>&1 || {
        tail -40 "$work/log" >&2
        return 1
    }
    awk -v from="$from" -v to="$EPOCHREALTIME" 'BEGIN {printf "%.1f", to - from}'
}

ours() {
    ansible-playbook site.yml -e "@$bundle/bundle.yml" -e minikube_profile=$profile -e "minikube_home=$MINIKUBE_HOME" \
        -e "runtime_security_kubeconfig=$KUBECONFIG" "$@"
}

hand=$(seconds bench/by_hand.sh "$bundle" "$profile")
remove
cold=$(seconds ours)
again=$(seconds ours)
check=$(seconds ours --check)
printf '%-44s %8s s\n' 'by hand, no wiring and no proof' "$hand" 'ours, from no cluster to the proof' "$cold" \
    'ours, nothing to change' "$again" 'ours, check mode' "$check"
awk -v ours="$cold" -v hand="$hand" 'BEGIN {printf "ratio ours / by hand: %.2f\n", ours / hand}'
