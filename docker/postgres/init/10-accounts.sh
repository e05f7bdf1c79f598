#!/bin/sh
# Once, in a new database: the program's account owns its database and nothing else; the exporter sees statistics; the
# account of backups copies the server, and sees and ends sessions of the program for operators (`causal-eval db`).
set -eu
secret() { cat "/run/secrets/$1"; }

# Read from standard input: what stands on a command line can be read by everybody on the machine.
psql -v ON_ERROR_STOP=1 --quiet --no-password --username postgres --dbname causal_eval_bench <<SQL
CREATE ROLE causal_eval LOGIN PASSWORD '$(secret database_password)' CONNECTION LIMIT 190;
CREATE ROLE causal_eval_monitor LOGIN PASSWORD '$(secret monitor_password)' CONNECTION LIMIT 5;
CREATE ROLE causal_eval_backup LOGIN REPLICATION CREATEDB PASSWORD '$(secret backup_password)' CONNECTION LIMIT 10;
GRANT pg_monitor TO causal_eval_monitor;
GRANT pg_read_all_data, pg_monitor, causal_eval TO causal_eval_backup;
GRANT EXECUTE ON FUNCTION pg_switch_wal() TO causal_eval_backup;
ALTER ROLE causal_eval_backup SET statement_timeout = 0;
ALTER DATABASE causal_eval_bench OWNER TO causal_eval;
REVOKE CONNECT ON DATABASE causal_eval_bench FROM PUBLIC;
GRANT CONNECT ON DATABASE causal_eval_bench TO causal_eval_monitor;
SQL

# Of all databases, and seen from here: in the program's own, whoever restores it would have to be a superuser.
psql -v ON_ERROR_STOP=1 --quiet --no-password --username postgres --dbname postgres \
  --command 'CREATE EXTENSION IF NOT EXISTS pg_stat_statements'
