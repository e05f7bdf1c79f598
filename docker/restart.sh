#!/usr/bin/env bash
# Make the containers of a service anew, one after another, each healthy before the next is stopped:
# docker/restart.sh [--dry-run] SERVICE. Other than `docker-compose restart` it takes up what changed of the
# environment, and with two replicas somebody answers all the time.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
dry=
if [[ ${1:-} == --dry-run ]]; then
  dry=1
  shift
fi
service=${1:-}
compose=${COMPOSE:-docker-compose}
patience=${PATIENCE:-240}

if ! known=$($compose config --services) || ! grep -qxF -- "$service" <<< "$known"; then
  echo "restart what? '$service' is none of: $(tr '\n' ' ' <<< "${known:-}")" >&2
  exit 2
fi
containers=$($compose ps --all --quiet "$service")
count=$(wc -w <<< "$containers")
if [[ $count -eq 0 ]]; then
  echo "$service has no container: $compose up -d $service" >&2
  exit 1
fi
if [[ $dry ]]; then
  echo "would make $count of $service anew, one after another"
  exit 0
fi

state() { docker inspect --format '{{if .State.Health}}{{.State.Health.Status}}{{else}}{{.State.Status}}{{end}}' "$1"; }
all_well() { # whether as many as before run, and those that can say so are healthy
  local container well=0
  for container in $($compose ps --quiet "$service"); do
    [[ $(state "$container") =~ ^(healthy|running)$ ]] || return 1
    well=$((well + 1))
  done
  [[ $well -eq $count ]]
}

for container in $containers; do
  docker stop "$container" > /dev/null
  docker rm "$container" > /dev/null
  $compose up -d --no-deps --no-recreate --scale "$service=$count" "$service"
  deadline=$((SECONDS + patience))
  until all_well; do
    if [[ $SECONDS -ge $deadline ]]; then
      echo "$service is not well within $patience s: $compose ps $service; $compose logs $service" >&2
      exit 1
    fi
    sleep 0.5
  done
done
echo "$service was made anew: $count, all well"
