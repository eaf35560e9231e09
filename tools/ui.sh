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

# What is started has a session of its own, so that all its processes can be stopped together: Dagster leaves runs and
# its code server behind when only its first process is told to end.
started=""
stop() { # 3 seconds to end by itself, then no more
    trap '' INT TERM
    if [[ -n $started ]]; then
        kill -INT -- "-$started" 2>/dev/null
        local last=$((SECONDS + 3))
        while kill -0 -- "-$started" 2>/dev/null && ((SECONDS < last)); do
            sleep 0.2
        done
        kill -KILL -- "-$started" 2>/dev/null
    fi
    echo "ui: stopped"
    exit 0
}
trap stop INT TERM
run() { # in the background: bash hears a signal only between commands, or while it waits
    setsid "$@" &
    started=$!
    wait "$started"
    started=""
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
