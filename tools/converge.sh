#!/bin/sh
# Interrupts site.yml in many ways, on a cluster of its own; the next run must end with the whole proof:
#   converge.sh [OPTION OF PYTEST ...]    for example -k node
# CONVERGENCE_MOMENTS (30) and CONVERGENCE_NODE_MOMENTS (5) set how often.
set -eu

cd "$(dirname "$0")/.."
PATH=$(tools/environment.sh requirements-dev.txt)/bin:$PATH
RUNTIME_SECURITY_BUNDLE=$(tools/lab.sh)
folder=${XDG_CACHE_HOME:-$HOME/.cache}/runtime-security/converge
profile=runtime-security-converge
mkdir -p "$folder"
PIPELINE_INPUTS=$(
    cat <<EOF
{"minikube_profile": "$profile", "minikube_home": "$folder/minikube", "runtime_security_context": "$profile",
 "runtime_security_kubeconfig": "$folder/kubeconfig", "pipeline_proof_path": "$folder/proof.json"}
EOF
)
export PATH RUNTIME_SECURITY_BUNDLE PIPELINE_INPUTS
pytest -v -s "$@" tests/live/convergence
rm -r "$folder"
