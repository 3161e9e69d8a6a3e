#!/bin/bash
# The same stack as a tutorial types it: minikube start, load the images, each chart with 'helm install --wait' one after the
# other, certificates with openssl, data sources and dashboards into Grafana's API, and a look whether a log line and an
# event arrive. Nobody has to think or type here; no alerts, no audit log, no check of anything that was not there to fail.
#   by_hand.sh BUNDLE PROFILE
set -eu -o pipefail

bundle=$1 profile=$2
here=$(cd "$(dirname "$0")" && pwd)
dashboards=$here/../roles/grafana_wiring/files/dashboards
helm=$bundle/bin/helm
kubectl="$bundle/bin/kubectl --context $profile"
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT

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

signed() {
    local name=$1 common_name=$2 usage=$3
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$name.key" -out "$name.csr" \
        -subj "/CN=$common_name"
    openssl x509 -req -in "$name.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 90 -out "$name.crt" \
        -extfile <(printf 'subjectAltName=DNS:%s\nextendedKeyUsage=%s\n' "$common_name" "$usage")
}

grafana() {
    curl --silent --show-error --fail --user admin:bench --header 'Content-Type: application/json' "$@"
}

seen() {
    local deadline=$((SECONDS + 120))
    until grafana --get "$address/api/datasources/proxy/uid/loki/loki/api/v1/query_range" --data-urlencode "query=$1" |
        grep --quiet '"values":'; do
        [ "$SECONDS" -lt "$deadline" ]
        sleep 1
    done
}

docker load --input "$bundle/node.tar"
"$bundle/bin/minikube" start --profile "$profile" --driver=docker --force --container-runtime=containerd \
    --kubernetes-version="$(value minikube_kubernetes_version)" --cni=bridge --cpus=2 --memory=6g \
    --base-image="$(value minikube_base_image)" --preload=false --install-addons=false
for archive in "$bundle"/images/*.tar; do
    case ${archive##*/} in
        # These charts have no operator, and this Falco no exporter of its own.
        *operator* | *exporter* | *classic* | *python*) ;;
        *) "$bundle/bin/minikube" image load "$archive" --profile "$profile" ;;
    esac
done

# The lab's charts have no roles of their own.
install prometheus monitoring --set server.persistentVolume.enabled=false --set rbac.create=false
$kubectl --namespace monitoring create secret generic grafana-admin --from-literal=admin-user=admin --from-literal=admin-password=bench
install grafana monitoring --set admin.existingSecret=grafana-admin --set rbac.create=false --set service.type=NodePort
install loki monitoring --values "$here/loki.yml"
ansible localhost -m ansible.builtin.template -e @"$here/../roles/loki_stack/vars/main/masks.yml" \
    -a "src=$here/../roles/loki_stack/templates/promtail_scrape_configs.yml.j2 dest=$work/scrape_configs.yml"
install promtail monitoring --values "$here/promtail.yml" --set rbac.create=false \
    --set-file config.snippets.scrapeConfigs="$work/scrape_configs.yml"
for account in prometheus-server promtail; do
    $kubectl create clusterrolebinding "$account" --clusterrole=view --serviceaccount="monitoring:$account"
done

cd "$work"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ca.key -out ca.crt -days 365 -subj /CN=falco-ca
signed server falco-falcosidekick.falco.svc serverAuth
signed client falco clientAuth
$kubectl create namespace falco
$kubectl --namespace falco create secret generic falco-receiver --from-file=server.crt --from-file=server.key --from-file=ca.crt
$kubectl --namespace falco create secret generic falco-sensor --from-file=client.crt --from-file=client.key --from-file=ca.crt
# Chart and image both load the container plugin.
install falco falco --set 'falco.config_files[0].path=/etc/falco/config.d' --set 'falco.config_files[0].strategy=add-only' \
    --set driver.kind=modern_ebpf --set tty=true --set falcosidekick.enabled=true \
    --set falcoctl.artifact.install.enabled=false --set falcoctl.artifact.follow.enabled=false \
    --set image.registry=runtime-security.invalid --set image.repository=lab/sensor --set image.tag=1 \
    --set falcosidekick.image.registry=runtime-security.invalid --set falcosidekick.image.repository=lab/receiver \
    --set falcosidekick.image.tag=1 \
    --set falcosidekick.config.tlsserver.deploy=true --set falcosidekick.config.tlsserver.mutualtls=true \
    --set falcosidekick.config.tlsserver.existingSecret=falco-receiver \
    --set falco.json_output=true --set falco.http_output.enabled=true --set falco.http_output.mtls=true \
    --set falco.http_output.url=https://falco-falcosidekick.falco.svc:2801/ \
    --set falco.http_output.ca_cert=/etc/falco/certs/client/ca.crt --set certs.existingClientSecret=falco-sensor

address=http://$($kubectl get node --output=jsonpath='{.items[0].status.addresses[0].address}'):$(
    $kubectl --namespace monitoring get service grafana --output=jsonpath='{.spec.ports[0].nodePort}'
)
for source in 'prometheus http://prometheus-server' 'loki http://loki:3100'; do
    read -r type url <<<"$source"
    grafana "$address/api/datasources" --data \
        "{\"name\": \"$type\", \"uid\": \"$type\", \"type\": \"$type\", \"url\": \"$url\", \"access\": \"proxy\"}"
done
for dashboard in "$dashboards"/*.json; do
    { printf '{"overwrite": true, "dashboard": '; cat "$dashboard"; printf '}'; } | grafana "$address/api/dashboards/db" --data @-
done

marker=by-hand-$RANDOM$RANDOM
$kubectl run marker --image=docker.io/library/busybox:1.35.0 --restart=Never -- sh -c "echo $marker; sleep 300"
$kubectl wait --for=condition=Ready pod/marker --timeout=60s
$kubectl exec marker -- sh -c 'echo written >/etc/marker'
seen "{pod=\"marker\"} |= \"$marker\""
seen '{namespace="falco"} |= "marker"'
