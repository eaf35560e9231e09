#!/usr/bin/env bash
# Installs Debian's Chromium, with which the browser's test clicks through Dagster; starts nothing.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/debian.sh"

[[ -x /usr/bin/chromium ]] && exit 0
install_debian chromium chromium
