#!/bin/sh
# Makes a cluster, runs the tests of this folder on it, and removes it:
#   run.sh BUNDLE.yml [OPTION OF PYTEST ...]
set -eu

RUNTIME_SECURITY_BUNDLE=$(realpath "$1")
export RUNTIME_SECURITY_BUNDLE
shift
cd "$(dirname "$0")/../../.."
folder=$(mktemp -d)
inputs=$(printf '{"minikube_profile": "runtime-security-infra", "minikube_home": "%s/minikube", "runtime_security_kubeconfig": "%s/kubeconfig", "lab_images": "all"}' \
    "$folder" "$folder")
play() { ansible-playbook "$@" -e "@$RUNTIME_SECURITY_BUNDLE" -e "$inputs"; }
finish() {
    status=$?
    play playbooks/teardown.yml -e runtime_security_teardown=yes
    rm -rf "$folder"
    exit "$status"
}
trap finish EXIT
play site.yml --tags minikube
PIPELINE_INPUTS=$inputs pytest -v --durations=10 tests/live/infra "$@"
