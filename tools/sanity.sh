#!/bin/sh
# Runs ansible-test sanity on the content of the archive: the tool needs a tree named
# ansible_collections/NAMESPACE/NAME, without links, and the collections that ours imports.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
work=${XDG_CACHE_HOME:-$HOME/.cache}/runtime-security/sanity
python=$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
packaged=$(python3 -c 'import ansible_collections; print(list(ansible_collections.__path__)[0])')

# The names contain the versions of pip that ansible-test requires, of ansible-core 2.19 and of 2.21.
for version in 24_2 25_2; do
    pip_script=$HOME/.ansible/test/cache/get_pip_$version.py
    if [ ! -f "$pip_script" ]; then
        mkdir -p "$(dirname "$pip_script")"
        cp "$top/tools/get_pip.py" "$pip_script"
    fi
done

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
