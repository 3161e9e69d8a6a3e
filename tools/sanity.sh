#!/bin/sh
# Runs ansible-test sanity on the content of the archive: the tool needs a tree named
# ansible_collections/NAMESPACE/NAME, without links, and the collections that ours imports.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
work=${XDG_CACHE_HOME:-$HOME/.cache}/runtime-security/sanity
python=$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
packaged=$(python3 -c 'import ansible_collections; print(list(ansible_collections.__path__)[0])')

# The name contains the version of pip that this ansible-test requires.
pip_script=$HOME/.ansible/test/cache/get_pip_24_2.py
if [ ! -f "$pip_script" ]; then
    mkdir -p "$(dirname "$pip_script")"
    cp "$top/tools/get_pip.py" "$pip_script"
fi

rm -rf "$work"
mkdir -p "$work/ansible_collections/runtime_security/kubernetes"
for collection in community/grafana kubernetes/core; do
    mkdir -p "$work/ansible_collections/$(dirname $collection)"
    cp -r "$packaged/$collection" "$work/ansible_collections/$collection"
done
ansible-galaxy collection build --force --output-path "$work" "$top" >/dev/null
tar -xzf "$work"/runtime_security-kubernetes-*.tar.gz -C "$work/ansible_collections/runtime_security/kubernetes"
cd "$work/ansible_collections/runtime_security/kubernetes"
ansible-test sanity --python "$python" --color no "$@"
