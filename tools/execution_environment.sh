#!/bin/sh
# Renders the build context of execution-environment.yml into a folder; no image is fetched or built.
#   execution_environment.sh FOLDER
set -eu

folder=$(realpath -m "$1")
cd "$(dirname "$0")/.."
mkdir -p .build
ansible-galaxy collection build --force --output-path .build >/dev/null
mv .build/runtime_security-kubernetes-*.tar.gz .build/runtime_security-kubernetes.tar.gz
ansible-builder create --file execution-environment.yml --context "$folder" --output-filename Containerfile
