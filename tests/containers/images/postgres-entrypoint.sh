#!/bin/sh
# What the public image of PostgreSQL does when it starts, as far as docker-compose.yml asks for it.
set -eu
export PATH=/usr/lib/postgresql/15/bin:$PATH PGDATA=/var/lib/postgresql/data
if [ "$1" = postgres ] && [ ! -s "$PGDATA/PG_VERSION" ]; then
  eval "initdb --username=$POSTGRES_USER --pwfile=$POSTGRES_PASSWORD_FILE $POSTGRES_INITDB_ARGS" </dev/null
  pg_ctl -D "$PGDATA" -w start -o "$(shift; printf "'%s' " "$@") -c listen_addresses=''"
  psql -v ON_ERROR_STOP=1 --no-password --username "$POSTGRES_USER" --dbname postgres -c "CREATE DATABASE \"$POSTGRES_DB\""
  for file in /docker-entrypoint-initdb.d/*.sh; do
    if [ -x "$file" ]; then "$file"; else . "$file"; fi
  done
  pg_ctl -D "$PGDATA" -m fast -w stop
fi
exec "$@"
