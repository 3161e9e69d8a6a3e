#!/bin/bash
# A bundle made from mirrors, and the whole product from that bundle, on a machine without a way out.
#   isolated.sh LAB_BUNDLE WORK_FOLDER
# The machine is a network namespace with loopback only, and a Docker engine of its own inside it: neither the playbooks
# nor the engine, nor what runs in its containers, has a route to anything else. Needs root.
set -euo pipefail

top=$(cd "$(dirname "$0")/../../.." && pwd)
bundle=$1
work=$2
made=$work/made
mirror=$top/tests/playbooks/supply/mirror.py

say() { printf '\n== %s\n' "$*"; }

if [ "${ISOLATED-}" != yes ]; then
    mkdir -p "$work/docker" "$work/state"
    "$mirror" fill "$bundle" "$work/mirror"
    ISOLATED=yes exec unshare --net --mount --propagation private "$0" "$@"
fi

# Files of the machine's own Docker engine are out of sight, so that the one below is another.
mount -t tmpfs tmpfs /run
mkdir -p /var/lib/docker
mount --bind "$work/docker" /var/lib/docker
ip link set lo up
export XDG_STATE_HOME=$work/state ANSIBLE_NOCOLOR=1
# Proxies would be a way out that is no route.
unset HTTP_PROXY HTTPS_PROXY http_proxy https_proxy ALL_PROXY all_proxy

say "No way out"
[ -z "$(ip route show default)" ] || { echo "there is a default route" >&2; exit 1; }
if timeout 5 bash -c '</dev/tcp/192.0.2.1/443' 2>/dev/null; then
    echo "an outside address answers" >&2
    exit 1
fi

cd "$top"
# Secrets that the maker of the bundle has among its inputs; none of them is to be in it.
secret=planted-secret-of-the-maker
cat >"$work/secrets.yml" <<SECRETS
metrics_stack_grafana_admin_password: $secret
metrics_stack_grafana_values: {env: {GF_PLANTED: $secret}}
falco_ebpf_outputs: {slack: {webhookurl: "https://hooks.example.org/$secret"}}
minikube_start_options: [--preload=false, --install-addons=false, "--docker-env=HTTPS_PROXY=http://user:$secret@proxy.example.org"]
SECRETS
make_bundle=(ansible-playbook playbooks/bundle.yml -e "@$work/mirror/inputs.yml" -e "@$work/secrets.yml" -e "bundle_path=$made" --diff -vvv)

say "A bundle, killed once three images are there"
# In a process namespace of its own: Ansible's workers are no group with it, and they have to go with it.
unshare --pid --fork --kill-child --mount-proc "$mirror" run "$work/mirror" "${make_bundle[@]}" >"$work/killed.log" 2>&1 &
killed=$!
until [ "$(find "$made/cache/images" "$made/node.tar" -type f ! -name '*.partial' 2>/dev/null | wc -l)" -ge 3 ]; do
    kill -0 $killed || { tail -n 30 "$work/killed.log" >&2; exit 1; }
    sleep 0.2
done
kill -KILL $killed
wait $killed || echo "killed with code $?"
[ ! -e "$made/SHA256SUMS" ]
find "$made" -type f ! -name '*.partial' -name '*_v*' -printf '%P %T@\n' | sort >"$work/before"

say "The same once more, to the end"
"$mirror" run "$work/mirror" "${make_bundle[@]}" | tee "$work/resumed.log" | grep -v '^$' | tail -n 45
# What was whole stays as it was.
find "$made" -type f ! -name '*.partial' -name '*_v*' -printf '%P %T@\n' | sort >"$work/after"
[ -z "$(comm -23 "$work/before" "$work/after")" ]

say "Nothing to do the third time"
"$mirror" run "$work/mirror" "${make_bundle[@]}" | tee "$work/again.log" | tail -n 3
grep -q 'changed=0 .*failed=0' "$work/again.log"

say "No secret in it, and none in what was printed"
[ -z "$(grep --recursive --files-with-matches --text "$secret" "$made" "$work/killed.log" "$work/resumed.log" "$work/again.log")" ]
grep -q -- --install-addons=false "$made/bundle.yml"

say "A cluster from it"
lab/host/docker.sh start
trap 'lab/host/docker.sh stop' EXIT
tests/live/mirrors/isolated_site.sh "$made" "$work"
