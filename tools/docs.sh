#!/bin/sh
# Checks the documentation of modules, plugins and roles; with a folder it also renders pages.
#   docs.sh [FOLDER]
# antsibull-docs needs a tree as ansible-galaxy installs it, with the collections that ours refers to.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
packaged=$(python3 -c 'import ansible_collections; print(list(ansible_collections.__path__)[0])')
ours=$work/ansible_collections/runtime_security/kubernetes

mkdir -p "$ours"
for collection in community/grafana kubernetes/core; do
    mkdir -p "$work/ansible_collections/$collection"
    cp -r "$packaged/$collection/." "$work/ansible_collections/$collection"
done
ansible-galaxy collection build --output-path "$work" "$top" >/dev/null
tar -xzf "$work"/runtime_security-kubernetes-*.tar.gz -C "$ours"
export ANSIBLE_COLLECTIONS_PATH="$work"
cd "$ours"
antsibull-docs lint-collection-docs --plugin-docs --skip-rstcheck --validate-collection-refs dependent .

[ $# -gt 0 ] || exit 0
mkdir -p "$work/pages"
chmod 700 "$work/pages"
antsibull-docs collection --use-current --squash-hierarchy --fail-on-error --dest-dir "$work/pages" runtime_security.kubernetes
cp "$top/docs/docsite/conf.py" "$work/pages"
sphinx-build --quiet --fail-on-warning --keep-going "$work/pages" "$1"
