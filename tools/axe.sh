#!/usr/bin/env bash
# Installs Chromium and axe-core (npm) for the test that looks at the report's page as a browser and a checker of WCAG do.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/debian.sh

if ! { command -v chromium && command -v npm; } >/dev/null; then
    install_debian axe chromium npm || exit 0
fi
[[ -e .axe/node_modules/axe-core/axe.min.js ]] || npm install --silent --no-audit --no-fund --prefix .axe axe-core@4.14.1
