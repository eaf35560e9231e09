#!/usr/bin/env bash
# Makes the virtual environment named by the first argument: system libraries, pinned packages, this project.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
venv="${1:?usage: tools/setup.sh VENV}"

# What WeasyPrint loads at run time: shared library and the Debian package that holds it.
libraries=(libpango-1.0.so.0:libpango-1.0-0 libpangoft2-1.0.so.0:libpangoft2-1.0-0
           libharfbuzz-subset.so.0:libharfbuzz-subset0)

stop() {
    printf 'setup: %s\n' "$*" >&2
    exit 1
}

can_load() { # can the dynamic loader find this library?
    python3 -c 'import ctypes, sys; ctypes.CDLL(sys.argv[1])' "$1" 2>/dev/null
}

install_missing_libraries() {
    local missing=() pair
    for pair in "${libraries[@]}"; do
        can_load "${pair%%:*}" || missing+=("${pair##*:}")
    done
    [[ ${#missing[@]} -eq 0 ]] && return

    local as_root=()
    if [[ $(id -u) -ne 0 ]]; then
        sudo -n true 2>/dev/null || stop "the PDF needs ${missing[*]}. Install them, then try again:" \
            "on Debian or Ubuntu: sudo apt-get install ${missing[*]}; on Fedora: sudo dnf install pango harfbuzz;" \
            "on macOS: brew install pango."
        as_root=(sudo -n)
    fi
    command -v apt-get >/dev/null || stop "the PDF needs Pango and HarfBuzz, and there is no apt-get here." \
        "Install them (Fedora: dnf install pango harfbuzz; macOS: brew install pango), then try again."
    echo "setup: installing ${missing[*]}"
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" \
        >/dev/null
}

is_recent_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() { # the first Python of at least 3.11; $PYTHON goes first when it is given
    local candidate
    for candidate in ${PYTHON:-} python3.11 python3 python3.12 python3.13 python; do
        if command -v "$candidate" >/dev/null && is_recent_enough "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    stop "there is no Python 3.11 or later here. Install one, or name it: make setup PYTHON=/path/to/python3.11"
}

command -v python3 >/dev/null || stop "there is no python3 here. Install Python 3.11 or later, then try again."
install_missing_libraries
if ! is_recent_enough "$venv/bin/python"; then
    "$(find_python)" -m venv --clear "$venv"
fi
echo "setup: installing the pinned packages into $venv (a few minutes the first time)"
pip=("$venv/bin/python" -m pip --disable-pip-version-check -qq)
"${pip[@]}" install --require-hashes -r requirements-dev.lock
"${pip[@]}" install --no-deps --no-build-isolation -e .
echo "setup: ready"
