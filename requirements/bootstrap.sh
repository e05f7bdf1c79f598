#!/usr/bin/env bash
# Put the pinned uv into a virtual environment of its own: bootstrap.sh FOLDER REQUIREMENTS
# Needs a Python >= 3.11 with venv; where Debian has split venv off and we are root, apt brings it.
set -euo pipefail
folder=$1 requirements=$2

fits() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

python=""
for name in ${PYTHON:-} python3 python3.11 python3.12 python3.13 python3.14; do
  if fits "$name"; then python=$name; break; fi
done
if [[ -z $python ]]; then
  echo "no Python >= 3.11 found: install one, or name it: make PYTHON=/path/to/python3 ..." >&2
  exit 2
fi

make_venv() { rm -rf "$folder" && "$python" -m venv "$folder" >/dev/null 2>&1; }

if ! make_venv; then
  version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  if [[ $(id -u) -eq 0 ]] && command -v apt-get >/dev/null; then
    echo "this Python has no venv: installing python$version-venv with apt" >&2
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y "python$version-venv"; } >/dev/null
  fi
  if ! make_venv; then
    echo "$python cannot make virtual environments: install python$version-venv, then run make again" >&2
    exit 2
  fi
fi
echo "installing uv ($requirements) ..." >&2
"$folder/bin/python" -m pip install --quiet --require-hashes --no-deps -r "$requirements"
