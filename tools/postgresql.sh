#!/usr/bin/env bash
# Installs PostgreSQL's server for the tests that need a real one; starts nothing and makes no cluster.
set -euo pipefail

compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null && exit 0
if ! command -v apt-get >/dev/null; then
    echo "postgresql: no apt-get here; install PostgreSQL yourself, else its tests are skipped" >&2
    exit 0
fi
as_root=()
if [[ $(id -u) -ne 0 ]]; then
    if ! sudo -n true 2>/dev/null; then
        echo "postgresql: not installed, its tests are skipped; to run them: sudo apt-get install postgresql" >&2
        exit 0
    fi
    as_root=(sudo -n)
fi
echo "postgresql: installing"
install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends)
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" "${install[@]}" postgresql-common >/dev/null
"${as_root[@]}" sed -i 's/^#\?create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
"${as_root[@]}" "${install[@]}" postgresql >/dev/null
