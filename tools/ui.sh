#!/usr/bin/env bash
# Starts Dagster's web page and daemon on $KPI_LANDING or data/landing; without either, on the demo's hospital.
# Usage: tools/ui.sh BIN, where BIN is the virtual environment's bin folder.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
bin="$(cd "${1:?usage: tools/ui.sh BIN}" && pwd)"
port="${PORT:-3000}"

# Without an absolute DAGSTER_HOME Dagster forgets its history when it ends.
export DAGSTER_HOME="${DAGSTER_HOME:-$PWD/.dagster_home}"
export DAGSTER_DISABLE_TELEMETRY=1
mkdir -p "$DAGSTER_HOME/.nux"
cp tools/dagster.yaml "$DAGSTER_HOME/dagster.yaml"
echo "seen: 1" > "$DAGSTER_HOME/.nux/nux.yaml" # no window that asks staff for their mail address

# What is started is a job with a process group of its own, so that all its processes can be stopped together: Dagster
# leaves runs and its code server behind when only its first process is told to end. Bash makes the group before it goes
# on (`setsid` would do so a moment later, when a stop at once finds nobody to tell), and a job of `set -m` hears Ctrl-C.
set -m
is_alive() { kill -0 -- "-$1" 2>/dev/null; }
stop() { # 3 seconds to end by itself, then no more
    trap '' INT TERM
    local group last=$((SECONDS + 3))
    for group in $(jobs -p); do
        kill -INT -- "-$group" 2>/dev/null || true
        while is_alive "$group" && ((SECONDS < last)); do
            sleep 0.2
        done
        kill -KILL -- "-$group" 2>/dev/null || true
    done
    echo "ui: stopped"
    exit 0
}
trap stop INT TERM
run() { # in the background: bash hears a signal only between commands, or while it waits
    "$@" </dev/null &
    wait $!
}

if "$bin/python" -c "import socket, sys; sys.exit(socket.socket().connect_ex(('127.0.0.1', int(sys.argv[1]))))" "$port"
then
    echo "ui: something already answers on port $port. Stop it, or choose another: make ui PORT=3001" >&2
    exit 1
fi
if [[ -z "${KPI_LANDING:-}" && ! -d data/landing ]]; then # no hospital of one's own: show the demo's
    [[ -f demo/hospital.duckdb && -f demo/kpi.yaml ]] || run "$bin/kpi" demo --out demo
    export KPI_LANDING=demo/landing KPI_WAREHOUSE=demo/hospital.duckdb KPI_REPORTS=demo/reports
    export KPI_SETTINGS=demo/kpi.yaml
fi
echo "ui: http://127.0.0.1:$port (stop with Ctrl-C)"
# `dagster dev` recommends `dg dev`, which needs another package and does the same here.
run "$bin/python" -W 'ignore:Function `dev_command` is superseded' -m dagster dev -w workspace.yaml -h 127.0.0.1 -p "$port"
