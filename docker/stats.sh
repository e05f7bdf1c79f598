#!/usr/bin/env bash
# Processor and memory of each container, once: of all, or of one service. Usage: docker/stats.sh [--dry-run] [SERVICE]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
run=exec
if [[ ${1:-} == --dry-run ]]; then
  run=echo
  shift
fi
service=${1:-}
compose=${COMPOSE:-docker-compose}

containers=
if [[ $service ]]; then
  if ! known=$($compose --profile '*' config --services) || ! grep -qxF -- "$service" <<< "$known"; then
    echo "of what? '$service' is none of: $(tr '\n' ' ' <<< "${known:-}")" >&2
    exit 2
  fi
  containers=$($compose --profile '*' ps --quiet "$service")
  if [[ ! $containers ]]; then
    echo "$service has no container that runs: $compose up -d $service" >&2
    exit 1
  fi
fi
# shellcheck disable=SC2086 - a word for each container
$run docker stats --no-stream $containers
