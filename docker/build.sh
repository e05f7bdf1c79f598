#!/usr/bin/env bash
# Build the image, tagged with the commit; `current` becomes it and `previous` what was current: `make docker`.
# Usage: docker/build.sh [--dry-run] [further arguments of `docker build`, such as --build-arg BASE=...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
dry=
if [[ ${1:-} == --dry-run ]]; then
  dry=1
  shift
fi
run() { if [[ $dry ]]; then echo "would run: $*"; else "$@"; fi; }

revision=$(git rev-parse --short=12 HEAD)
# What is not committed can't be found again by the commit's name.
[[ -z $(git status --porcelain --untracked-files=no) ]] || revision+=-changed
[[ $dry ]] || mkdir -p docker/wheels
created=$(git show -s --format=%cI HEAD)

build() { # IMAGE TARGET
  run docker build --target "$2" --tag "$1:$revision" \
    --build-arg "REVISION=$revision" --build-arg "CREATED=$created" "${@:3}" .
}
id_of() { docker image inspect --format '{{.Id}}' "$1" 2>/dev/null || true; }

for pair in causal-eval-bench:app ${WITH_BACKUP:+causal-eval-backup:backup}; do
  image=${pair%:*}
  build "$image" "${pair#*:}" "$@"
  old=$(id_of "$image:current")
  # The same image built again would push the one to roll back to out of sight.
  if [[ -n $old && $old != "$(id_of "$image:$revision")" ]]; then
    run docker tag "$old" "$image:previous"
  fi
  run docker tag "$image:$revision" "$image:current"
done
[[ $dry ]] || echo "built $revision; next: docker-compose up -d (back again: bash docker/rollback.sh)"
