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
patience=${PATIENCE:-240}

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

# Compose's own --wait has been seen to end with 0 though it said "unhealthy", so each container is asked here.
all_healthy() { # ID: whether every container of app and worker is of that image and healthy
  local container count=0
  for container in $($compose ps --quiet app worker); do
    [[ $(docker inspect --format '{{.Image}} {{.State.Health.Status}}' "$container") == "$1 healthy" ]] || return 1
    count=$((count + 1))
  done
  [[ $count -gt 0 ]]
}

become() { # ID: `current` is it; true once app and worker of it are healthy
  docker tag "$1" "$image:current"
  $compose up -d --no-build --no-deps app worker || return 1
  local deadline=$((SECONDS + patience))
  until all_healthy "$1"; do
    [[ $SECONDS -lt $deadline ]] || return 1
    sleep 1
  done
}

if become "$wanted"; then
  [[ -z $now ]] || docker tag "$now" "$image:previous"
  echo "current is ${wanted:7:12} again, and healthy; previous is what ran before, ${now:7:12}"
else
  echo "${wanted:7:12} does not get healthy within $patience s: going back to ${now:7:12}" >&2
  [[ -z $now ]] || become "$now" || echo "${now:7:12} does not get healthy either: docker-compose logs app" >&2
  exit 1
fi
