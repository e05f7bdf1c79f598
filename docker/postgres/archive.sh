#!/bin/sh
# archive_command: put a finished piece of the log into the spool, whole or not at all; never over another one.
set -eu
from=$1 to=/wal/$2
if [ -e "$to" ]; then
  cmp -s "$from" "$to"
  exit
fi
cp "$from" "/wal/.$2"
chmod 0640 "/wal/.$2"
sync "/wal/.$2"
mv "/wal/.$2" "$to"
