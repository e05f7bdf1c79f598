#!/usr/bin/env bash
# Run an earlier image again: docker/rollback.sh [--dry-run] [TAG]; TAG is `previous`, or what `docker images` shows.
# Nothing is stopped before the image is known to be there. Where it does not get healthy, the one before comes back and
# this says so with exit code 1. The database stays as it is: a version works on the schema of the next.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
dry=
if [[ ${1:-} == --dry-run ]]; then
  dry=1
  shift
fi
tag=${1:-previous}
image=causal-eval-bench
compose=${COMPOSE:-docker-compose}
patience=${PATIENCE:-120}

id_of() { docker image inspect --format '{{.Id}}' "$image:$1" 2>/dev/null || true; }
wanted=$(id_of "$tag") now=$(id_of current)
if [[ -z $wanted ]]; then
  echo "no image $image:$tag on this machine; there are: $(docker images --format '{{.Tag}}' $image | tr '\n' ' ')" >&2
  exit 1
fi
if [[ $wanted == "$now" ]]; then
  echo "$image:$tag is what runs already" >&2
  exit 1
fi
if [[ $dry ]]; then
  echo "would run $image:$tag (${wanted:7:12}) in the place of current (${now:7:12})"
  exit 0
fi

become() { # ID: `current` is it; true once app and worker of it are healthy
  docker tag "$1" "$image:current"
  $compose up -d --no-build --no-deps --wait --wait-timeout "$patience" app worker
}

if become "$wanted"; then
  [[ -z $now ]] || docker tag "$now" "$image:previous"
  echo "$image:$tag runs; what ran before is now $image:previous"
else
  echo "$image:$tag does not get healthy within $patience s: going back to what ran before" >&2
  [[ -z $now ]] || become "$now"
  exit 1
fi
