#!/bin/bash
# site.yml from a bundle to the whole proof, once more without a change, and away with it.
#   isolated_site.sh BUNDLE WORK_FOLDER
# isolated.sh calls it where there is no way out.
set -euo pipefail

bundle=$1
work=$2
inputs=(
    -e "@$bundle/bundle.yml"
    -e minikube_profile=runtime-security-isolated
    -e "minikube_home=$work/minikube"
    -e "runtime_security_kubeconfig=$work/kubeconfig"
    -e "pipeline_proof_path=$work/proof.json"
    # The lab's stand-in for Falco does not raise RLIMIT_MEMLOCK.
    -e '{"falco_ebpf_accepted_findings": ["memlock"]}'
)

remove() { ansible-playbook playbooks/teardown.yml "${inputs[@]}" -e runtime_security_teardown=yes >"$work/teardown.log"; }
trap remove EXIT

no_route() { awk '/^Ip:/ {if (header++) print $column; else for (i = 1; i <= NF; i++) if ($i == "OutNoRoutes") column = i}' /proc/net/snmp; }
before=$(no_route)
ansible-playbook site.yml "${inputs[@]}" | tee "$work/site.log" | tail -n 25
echo "packets that found no route: $(($(no_route) - before))"
"$(dirname "$0")/proof.py" "$work/proof.json"
"$bundle/bin/kubectl" --kubeconfig "$work/kubeconfig" get configmap falco-rules --namespace falco --output yaml | grep -q 'Rule of the mirror'
ansible-playbook site.yml "${inputs[@]}" | tee "$work/second.log" | tail -n 3
grep -q 'changed=0 .*failed=0' "$work/second.log"
