#!/usr/bin/env bash
# How everything is, asked from a container of its own beside app, worker and what they stand on, so that it works
# without any of them: `make health`. Exit 0 well, 1 degraded, 2 down. Usage: docker/health.sh [--dry-run] [--json]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
run=
if [[ ${1:-} == --dry-run ]]; then
  run=echo
  shift
fi
compose=${COMPOSE:-docker-compose}

at=()
for container in $($compose ps --all --quiet app worker); do
  read -r name service oneoff < <(docker inspect --format \
    '{{.Name}} {{index .Config.Labels "com.docker.compose.service"}} {{index .Config.Labels "com.docker.compose.oneoff"}}' "$container")
  name=${name#/}
  case $service/$oneoff in
    app/False) at+=(--at "$name=http://$name:8000/health/ready") ;;
    worker/False) at+=(--at "$name=http://$name:9101/metrics") ;;
  esac
done
for service in $($compose config --services); do # of the profiles that are on
  case $service in
    prometheus) at+=(--at "prometheus=http://prometheus:9090/-/healthy") ;;
    alertmanager) at+=(--at "alertmanager=http://alertmanager:9093/-/healthy") ;;
    sentinel) at+=(--at "sentinel=http://sentinel:9095/health") ;;
    grafana) at+=(--at "grafana=http://grafana:3000/api/health") ;;
    postgres-exporter) at+=(--at "$service=http://$service:9187/") ;;
    redis-exporter) at+=(--at "$service=http://$service:9121/") ;;
    node-exporter) at+=(--at "$service=http://$service:9100/") ;;
    blackbox-exporter) at+=(--at "$service=http://$service:9115/-/healthy") ;;
  esac
done
# shellcheck disable=SC2086 - Compose may be two words
exec $run $compose run --rm --no-deps -T app health --url http://nginx:8000 "${at[@]}" "$@"
