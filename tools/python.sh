#!/bin/sh
# Prints the path of the first Python that starts, of the named versions:
#   python.sh VERSION ...    for example 3.13 3.12
set -eu

for version in "$@"; do
    # pyenv's shims start only the selected version.
    PYENV_VERSION=$version "python$version" -c 'import sys; print(sys.executable)' 2>/dev/null && exit
done
exit 1
