#!/usr/bin/env bash
# Installs Chromium and axe-core (npm) for the test that looks at the report's page as a browser and a checker of WCAG do.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/debian.sh

missing=() # an npm that is there may be another's than Debian's, beside which Debian's cannot be installed
for program in chromium npm; do
    command -v "$program" >/dev/null || missing+=("$program")
done
[[ ${#missing[@]} -eq 0 ]] || install_debian axe "${missing[@]}" || exit 0
[[ -e .axe/node_modules/axe-core/axe.min.js ]] || npm install --silent --no-audit --no-fund --prefix .axe axe-core@4.14.1
