#!/usr/bin/env bash
# Bring Debian's packages that tests start: debian.sh LIST STAMP. Never fails: what cannot be had
# is named, its tests skip, and STAMP is touched only when all is there.
set -euo pipefail
list=$1 stamp=$2

missing=()
while read -r package command; do
  [[ -z $package || $package == "#"* ]] || command -v "$command" >/dev/null || missing+=("$package")
done < "$list"
if [[ ${#missing[@]} -eq 0 ]]; then
  touch "$stamp"
  exit 0
fi

if [[ $(id -u) -ne 0 ]] || ! command -v apt-get >/dev/null; then
  echo "not installed, and apt needs root: ${missing[*]} (tests that need them are skipped)" >&2
  exit 0
fi

# Servers among them must not start by themselves: the tests start their own, on their own ports.
policy=/usr/sbin/policy-rc.d
if [[ ! -e $policy ]]; then
  printf '#!/bin/sh\nexit 101\n' > "$policy"
  chmod +x "$policy"
  trap 'rm -f "$policy"' EXIT
fi
echo "installing Debian's ${missing[*]} (requirements/debian.list) ..." >&2
export DEBIAN_FRONTEND=noninteractive
bring() { apt-get install -y --no-install-recommends "$@" >/dev/null 2>&1; }
apt-get update >/dev/null 2>&1 || true  # then apt has the lists that it had, or finds nothing below
if bring "${missing[@]}"; then
  touch "$stamp"
  exit 0
fi
for package in "${missing[@]}"; do  # one that cannot be had keeps no other away
  bring "$package" || echo "apt could not install $package (tests that need it are skipped)" >&2
done
