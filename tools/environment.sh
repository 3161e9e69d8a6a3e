#!/bin/sh
# Creates the virtual environment of a requirements file, once, and prints its folder.
#   [PYTHON=INTERPRETER] environment.sh REQUIREMENTS
# It is outside the checkout; its name contains the version of Python and a hash of the requirements.
# Python is the newest that has been tested with the newest ansible-core, else python3.
set -eu

requirements=$(realpath "$1")
top=$(cd "$(dirname "$0")/.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/runtime-security
python=${PYTHON:-$("$top/tools/python.sh" 3.13 3.12 || echo python3)}
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
key=$(printf '%s\n' "$top"/requirements*.txt "$top"/tools/requirements*.txt "$requirements" | sort -u | xargs -d '\n' cat | sha256sum | cut -c1-12)
folder=$cache/$(basename "$requirements" .txt)-python$version-$key

# Others may make it at the same time.
mkdir -p "$cache"
exec 9>"$folder.lock"
flock 9
if [ ! -f "$folder/.complete" ]; then
    echo "environment: installing $(basename "$requirements") into $folder" >&2
    # Debian's Python lacks the module that installs pip in an environment.
    "$python" -c 'import ensurepip' 2>/dev/null || "$top/tools/packages.sh" python3-venv
    rm -rf "$folder"
    "$python" -m venv "$folder"
    # Compiling all collections of the package ansible takes a minute, and Ansible compiles those that it loads.
    "$folder/bin/pip" install --no-compile --quiet --disable-pip-version-check --requirement "$requirements" >&2
    "$folder/bin/python" -m compileall -q -x /ansible_collections/ "$folder/lib"
    touch "$folder/.complete"
fi

# Ansible finds the checkout as an installed collection.
link=$top/.ansible/collections/ansible_collections/runtime_security
mkdir -p "$link"
ln -sfn "$top" "$link/kubernetes"
echo "$folder"
