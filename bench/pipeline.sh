#!/bin/bash
# Time from no cluster to the proof, against the same typed by hand, in one run:
#   by hand   minikube start, load the images, then each chart with 'helm install --wait', one after the other
#   ours      ansible-playbook site.yml, with wiring and proof
set -eu -o pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top"
PATH=$(tools/environment.sh requirements.txt)/bin:$PATH
lab/build.py >/dev/null
bundle=${XDG_CACHE_HOME:-$HOME/.cache}/runtime-security/lab/parts/bundle
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

value() {
    sed -n "s/^$1: \"\\(.*\\)\"/\\1/p" "$bundle/bundle.yml"
}

install() {
    local release=$1 namespace=$2 chart
    shift 2
    chart=$(ls "$bundle/charts/$release"-[0-9]*.tgz)
    "$bundle/bin/helm" --kube-context "$profile" install "$release" "$chart" --namespace "$namespace" --create-namespace --wait \
        --timeout 4m "$@"
}

by_hand() {
    docker load --input "$bundle/node.tar"
    "$bundle/bin/minikube" start --profile "$profile" --driver=docker --force --container-runtime=containerd \
        --kubernetes-version="$(value minikube_kubernetes_version)" --cni=bridge --cpus=2 --memory=6g \
        --base-image="$(value minikube_base_image)" --preload=false --install-addons=false
    "$bundle/bin/minikube" image load "$bundle/images/stack.tar" --profile "$profile"
    install prometheus monitoring --set server.persistentVolume.enabled=false
    install grafana monitoring
    install loki monitoring --values bench/loki.yml
    install promtail monitoring --set 'config.clients[0].url=http://loki:3100/loki/api/v1/push'
    install falco falco --set driver.kind=modern_ebpf --set falcosidekick.enabled=true \
        --set image.registry=runtime-security.invalid --set image.repository=lab/sensor --set image.tag=1 \
        --set falcoctl.artifact.install.enabled=false --set falcoctl.artifact.follow.enabled=false \
        --set falcosidekick.image.registry=runtime-security.invalid --set falcosidekick.image.repository=lab/receiver \
        --set falcosidekick.image.tag=1
}

ours() {
    ansible-playbook site.yml -e "@$bundle/bundle.yml" -e minikube_profile=$profile -e "minikube_home=$MINIKUBE_HOME" \
        -e "runtime_security_kubeconfig=$KUBECONFIG" "$@"
}

hand=$(seconds by_hand)
remove
cold=$(seconds ours)
again=$(seconds ours)
check=$(seconds ours --check)
printf '%-44s %8s s\n' 'by hand, no wiring and no proof' "$hand" 'ours, from no cluster to the proof' "$cold" \
    'ours, nothing to change' "$again" 'ours, check mode' "$check"
awk -v ours="$cold" -v hand="$hand" 'BEGIN {printf "ratio ours / by hand: %.2f\n", ours / hand}'
