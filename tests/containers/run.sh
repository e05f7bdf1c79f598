#!/usr/bin/env bash
# Run the stack of docker-compose.yml for real: an engine of its own in namespaces of its own (network, mounts,
# processes), so that nothing of it is left when this ends. What is fetched (Debian's packages, wheels) is kept in
# build/containers/. Where something cannot be had, this says what and ends with 0. Usage: run.sh [pytest arguments]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
kept=$PWD/build/containers
mkdir -p "$kept/wheels"
rm -rf "$kept"/engine-*  # of a run that was cut off
skip() { echo "make test-containers is skipped: $1"; exit 0; }

[[ $(uname -s) == Linux ]] || skip "an engine needs Linux"
[[ $(id -u) -eq 0 ]] || skip "an engine needs root"
bash requirements/debian.sh tests/containers/debian.list "$kept/.debian"
for program in dockerd mmdebstrap iptables unshare; do
  command -v "$program" >/dev/null || skip "there is no $program, and apt did not bring it"
done
unshare --net --mount --pid --fork --mount-proc true 2>/dev/null || skip "this machine allows no namespaces of one's own"

packages=python3,python3-venv,ca-certificates,postgresql-15,redis-server,nginx-light,procps,prometheus,prometheus-alertmanager
for exporter in node blackbox postgres redis; do packages+=,prometheus-$exporter-exporter; done
if [[ $(cat "$kept/debian.made" 2>/dev/null) != "$packages" ]]; then
  echo "making a root file system of $packages ..."
  mmdebstrap --quiet --variant=minbase --include="$packages" --customize-hook='chroot "$1" useradd --system --no-create-home nginx' \
    bookworm "$kept/debian.tar" > "$kept/debian.log" 2>&1 || skip "mmdebstrap failed: $(tail -n 1 "$kept/debian.log")"
  printf '%s' "$packages" > "$kept/debian.made"
fi

# For another patch release of Python than this machine's: what only some of them need is taken along.
for list in service build; do
  [[ $kept/.$list -nt requirements/$list.txt ]] && continue
  sed -E "s/ ; python_full_version < '3\.11\.[0-9]+'//" "requirements/$list.txt" > "$kept/$list.txt"
  .tools/bin/python -m pip download --quiet --require-hashes --only-binary :all: --no-deps \
    --find-links "$kept/wheels" --requirement "$kept/$list.txt" --dest "$kept/wheels" || skip "the wheels cannot be had"
  touch "$kept/.$list"
done

export CAUSAL_EVAL_CONTAINERS=$kept
# Mounts are shared among themselves, as they are on a machine: the exporter of the node follows them.
exec unshare --net --mount --pid --fork --mount-proc --kill-child bash -c 'mount --make-rshared / && exec "$@"' - \
  .venv/bin/python -m pytest -p no:cacheprovider -p no:xdist --timeout=1200 --durations=5 tests/containers "$@"
