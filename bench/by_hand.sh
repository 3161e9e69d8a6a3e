#!/bin/bash
# The same stack as a tutorial types it, without certificates, wiring and proof: minikube start, load the images, then each
# chart with 'helm install --wait', one after the other.
#   by_hand.sh BUNDLE PROFILE
set -eu -o pipefail

bundle=$1 profile=$2
here=$(cd "$(dirname "$0")" && pwd)
helm=$bundle/bin/helm
kubectl="$bundle/bin/kubectl --context $profile"

value() {
    sed -n "s/^$1: \"\\(.*\\)\"/\\1/p" "$bundle/bundle.yml"
}

install() {
    local release=$1 namespace=$2
    shift 2
    # The bundle may have an older one beside it.
    local chart
    chart=$(printf '%s\n' "$bundle/charts/$release"-[0-9]*.tgz | sort --version-sort | tail -1)
    "$helm" --kube-context "$profile" install "$release" "$chart" --namespace "$namespace" \
        --create-namespace --wait --timeout 4m "$@"
}

docker load --input "$bundle/node.tar"
"$bundle/bin/minikube" start --profile "$profile" --driver=docker --force --container-runtime=containerd \
    --kubernetes-version="$(value minikube_kubernetes_version)" --cni=bridge --cpus=2 --memory=6g \
    --base-image="$(value minikube_base_image)" --preload=false --install-addons=false
"$bundle/bin/minikube" image load "$bundle/images/stack.tar" --profile "$profile"

# The lab's charts have no roles of their own.
install prometheus monitoring --set server.persistentVolume.enabled=false --set rbac.create=false
$kubectl --namespace monitoring create secret generic grafana-admin --from-literal=admin-user=admin --from-literal=admin-password=bench
install grafana monitoring --set admin.existingSecret=grafana-admin --set rbac.create=false
install loki monitoring --values "$here/loki.yml"
install promtail monitoring --set 'config.clients[0].url=http://loki:3100/loki/api/v1/push' --set rbac.create=false
install falco falco --set driver.kind=modern_ebpf --set tty=true --set falcosidekick.enabled=true \
    --set falcoctl.artifact.install.enabled=false --set falcoctl.artifact.follow.enabled=false \
    --set image.registry=runtime-security.invalid --set image.repository=lab/sensor --set image.tag=1 \
    --set falcosidekick.image.registry=runtime-security.invalid --set falcosidekick.image.repository=lab/receiver \
    --set falcosidekick.image.tag=1
