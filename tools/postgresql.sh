#!/usr/bin/env bash
# Installs PostgreSQL's server for the tests that need a real one; starts nothing and makes no cluster.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/debian.sh"

compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null && exit 0
install_debian postgresql postgresql-common || exit 0
as_root=()
[[ $(id -u) -eq 0 ]] || as_root=(sudo -n)
"${as_root[@]}" sed -i 's/^#\?create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
install_debian postgresql postgresql
