#!/usr/bin/env bash
# Run N replicas from now on: docker/scale.sh [--dry-run] app|worker N. The number is kept in .env, so that the next plain
# `docker-compose up -d` does not go back to one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
dry=
if [[ ${1:-} == --dry-run ]]; then
  dry=1
  shift
fi
service=${1:-} number=${2:-}
case $service in
  app | worker) ;;
  *) echo "scale what? app or worker, not '$service'" >&2; exit 2 ;;
esac
if ! [[ $number =~ ^[1-9][0-9]?$ ]]; then
  echo "scale $service to how many? a number from 1 to 99, not '$number'" >&2
  exit 2
fi
name=${service^^}_REPLICAS
if [[ $dry ]]; then
  echo "would keep $name=$number in .env and run: ${COMPOSE:-docker-compose} up -d --no-deps --no-recreate --scale $service=$number $service"
  exit 0
fi
touch .env
others=$(grep -v "^$name=" .env || true)
printf '%s\n%s=%s\n' "$others" "$name" "$number" | sed '/^$/d' > .env.new
chmod --reference=.env .env.new
mv .env.new .env
# what comes first of environment and file would be the shell's
unset "$name"
${COMPOSE:-docker-compose} up -d --no-deps --no-recreate --scale "$service=$number" "$service"
if [[ $service == app ]]; then
  # Prometheus finds replicas by name, so that one that is gone is unknown to it: it is told how many there should be.
  cat > docker/prometheus/replicas.yml <<END
groups:
- name: replicas
  rules:
  - record: causal_eval:api_replicas_wanted
    expr: vector($number)
END
  chmod a+r docker/prometheus/replicas.yml
  ${COMPOSE:-docker-compose} kill -s HUP prometheus >/dev/null 2>&1 || true # read when it starts, where it does not run
fi
