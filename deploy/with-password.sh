#!/bin/sh
# Runs a command with PostgreSQL's password in its environment, read from the secret that compose mounts.
set -eu
PGPASSWORD=$(cat /run/secrets/postgres_password)
KPI_PG_PASSWORD=$PGPASSWORD
export PGPASSWORD KPI_PG_PASSWORD
exec "$@"
