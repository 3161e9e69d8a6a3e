#!/bin/sh
# Installs those of the named Debian packages that are missing.
set -eu

missing=
for package in "$@"; do
    dpkg --status "$package" >/dev/null 2>&1 || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
echo "packages: installing$missing" >&2
apt-get update -qq
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $missing >/dev/null
