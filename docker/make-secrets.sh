#!/usr/bin/env bash
# Make what docker-compose.yml needs and nobody may commit: passwords, keys and a certificate in docker/secrets/, and
# .env. What is there already stays, so it may be run again. Usage: docker/make-secrets.sh [HOST NAME ...]
#
# The folder is its owner's alone. Files in it are readable, because containers run as different accounts and see single
# files of it; the master key is for the program's account alone.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
umask 077
here=docker/secrets
mkdir -p "$here/keys"
chmod 0700 "$here"
chmod 0755 "$here/keys"

# Root gives the program's key to an account of its own; anybody else runs the program as himself.
account=$(id -u)
[[ $account -ne 0 ]] || account=10001

word() { openssl rand -hex 24; }
digest() { printf '%s' "$1" | openssl dgst -sha256 -r | cut -d' ' -f1; }
keep() { # NAME TEXT: written unless it is there; readable within the folder
  [[ -e $here/$1 ]] || printf '%s' "$2" > "$here/$1"
  chmod 0444 "$here/$1"
}

for name in postgres_password database_password monitor_password backup_password redis_password redis_admin_password \
  redis_monitor_password metrics_token sentinel_token grafana_password; do
  keep "$name" "$(word)"
done
read_secret() { cat "$here/$1"; }
keep database_url "postgresql://causal_eval:$(read_secret database_password)@postgres:5432/causal_eval_bench"
keep backup_database_url "postgresql://causal_eval_backup:$(read_secret backup_password)@postgres:5432/causal_eval_bench"
keep redis_url "redis://app:$(read_secret redis_password)@redis:6379/0"
keep redis_monitor_passwords "{\"redis://redis:6379\": \"$(read_secret redis_monitor_password)\"}"
# The program may read and write its own keys: it may not empty, configure or look around. `default` is off, so whoever
# reaches the port without a password reaches nothing.
keep redis_acl "user default off
user app on #$(digest "$(read_secret redis_password)") ~ceb:* resetchannels -@all +@read +@write +@connection +@scripting -@dangerous +info
user monitor on #$(digest "$(read_secret redis_monitor_password)") resetkeys resetchannels -@all +@connection +info +slowlog|get +slowlog|len +latency +config|get +client|list
user admin on #$(digest "$(read_secret redis_admin_password)") ~* &* +@all
"
for provider in openai anthropic google; do
  [[ -e $here/keys/$provider ]] || printf '# one key a line\n' > "$here/keys/$provider"
  chmod 0444 "$here/keys/$provider"
done
for key in master backup; do
  [[ -e $here/keys/$key.key ]] || openssl rand -base64 32 > "$here/keys/$key.key"
  chmod 0400 "$here/keys/$key.key"
  [[ $(id -u) -ne 0 ]] || chown "$account:0" "$here/keys/$key.key"
done

# A certificate of one's own making, for a start: put a real one in the place of these two files.
if [[ ! -e $here/tls_key ]]; then
  names="DNS:localhost,IP:127.0.0.1"
  for host in "$@"; do names+=",DNS:$host"; done
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 397 -subj "/CN=${1:-localhost}" \
    -addext "subjectAltName=$names" -keyout "$here/tls_key" -out "$here/tls_certificate" 2>/dev/null
fi
chmod 0444 "$here/tls_key" "$here/tls_certificate"

touch .env
setting() { # NAME VALUE: a line in .env, unless the name is there
  grep -q "^$1=" .env || printf '%s=%s\n' "$1" "$2" >> .env
}
setting APP_UID "$account"
setting COMPOSE_PROFILES monitoring
echo "docker/secrets/ and .env are there; next: make docker, then docker-compose up -d"
