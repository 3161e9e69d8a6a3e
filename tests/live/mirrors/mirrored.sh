#!/bin/bash
# site.yml straight from mirrors, without a bundle: programs, charts and every image, those of the node among them.
#   mirrored.sh LAB_BUNDLE WORK_FOLDER
# The registry is where containers of the machine's Docker engine reach it, and has a certificate of a CA of its own.
set -euo pipefail

top=$(cd "$(dirname "$0")/../../.." && pwd)
bundle=$1
work=$2
mirror=$top/tests/playbooks/supply/mirror.py
# Docker itself tells the bridge's address only once a container was on it.
MIRROR_ADDRESS=$(ip -4 -oneline address show docker0 | awk '{sub("/.*", "", $4); print $4}')
export MIRROR_ADDRESS ANSIBLE_NOCOLOR=1

if [ "${MIRRORED-}" != yes ]; then
    "$mirror" fill "$bundle" "$work/mirror"
    MIRRORED=yes exec "$mirror" run "$work/mirror" "$0" "$@"
fi

inputs=(
    -e "@$work/mirror/inputs.yml"
    -e minikube_profile=runtime-security-mirrored
    -e "minikube_home=$work/minikube"
    -e "minikube_program_folder=$work/bin"
    -e "runtime_security_kubeconfig=$work/kubeconfig"
    -e "runtime_security_helm_binary=$bundle/bin/helm"
    -e "falco_ebpf_rule_sets_path=$work/rule-sets"
    -e "pipeline_proof_path=$work/proof.json"
    # The lab's node makes volumes with an image of its own, which no mirror changes.
    -e '{"metrics_stack_grafana_persistence": false, "loki_stack_persistence": false}'
)

cd "$top"
registry=$(sed -n 's/^  docker.io: \(.*\)\/docker.io$/\1/p' "$work/mirror/inputs.yml")
remove() {
    ansible-playbook playbooks/teardown.yml "${inputs[@]}" -e runtime_security_teardown=yes >"$work/teardown.log"
    # The node's image stays in the engine, under the mirror's name.
    docker image ls --format '{{.Repository}}:{{.Tag}}' | sed -n "\|^$registry/|p" | xargs --no-run-if-empty docker image rm
}
trap remove EXIT

# The node's own trust.
mkdir -p "$work/minikube/.minikube/certs"
cp "$work/mirror/ca.pem" "$work/minikube/.minikube/certs/mirror.pem"

ansible-playbook site.yml "${inputs[@]}" | tee "$work/site.log" | tail -n 25
"$top/tests/live/mirrors/proof.py" "$work/proof.json"
"$bundle/bin/kubectl" --kubeconfig "$work/kubeconfig" get configmap falco-rules --namespace falco --output yaml | grep -q 'Rule of the mirror'

# Whatever runs is from there.
"$bundle/bin/kubectl" --kubeconfig "$work/kubeconfig" get pods --all-namespaces \
    --output jsonpath='{range .items[*]}{range .spec.containers[*]}{.image}{"\n"}{end}{end}' | sort -u | tee "$work/images"
[ -s "$work/images" ]
[ -z "$(grep -v "^$registry/" "$work/images")" ]

ansible-playbook site.yml "${inputs[@]}" | tee "$work/second.log" | tail -n 3
grep -q 'changed=0 .*failed=0' "$work/second.log"
