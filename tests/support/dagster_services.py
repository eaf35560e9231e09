"""Dagster as in production: code server, web page and daemon as processes of their own, on free loopback ports."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import yaml

from kpi_pipeline.core.resources import resource_folder
from tests.support.state_server import StateServer, free_port

_PROJECT = resource_folder("sql").parent


@contextmanager
def running_dagster(folder: Path, variables: Mapping[str, str], *, postgresql: StateServer | None) -> Iterator[str]:
    """Starts the three and gives the page's address. postgresql: where Dagster keeps its records; None is SQLite."""
    home = folder / "home"
    (home / ".nux").mkdir(parents=True)
    (home / ".nux" / "nux.yaml").write_text("seen: 1\n", encoding="utf-8")
    settings = yaml.safe_load((_PROJECT / "tools" / "dagster.yaml").read_text(encoding="utf-8"))
    if postgresql is not None:
        postgresql.create_database("dagster")
        where = {"scheme": "postgresql+psycopg2", "hostname": "127.0.0.1", "port": postgresql.port,
                 "username": "postgres", "password": "", "db_name": "dagster"}  # fmt: skip
        settings["storage"] = {"postgres": {"postgres_db": where}}
    (home / "dagster.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    code, page = free_port(), free_port()
    server = {"host": "127.0.0.1", "port": code, "location_name": "kpi_pipeline"}
    (folder / "workspace.yaml").write_text(yaml.safe_dump({"load_from": [{"grpc_server": server}]}), encoding="utf-8")
    environment = os.environ | {"DAGSTER_HOME": str(home), "DAGSTER_DISABLE_TELEMETRY": "1", **variables}
    location = ["-m", "kpi_pipeline.orchestration.definitions"]
    workspace = ["-w", str(folder / "workspace.yaml")]
    started = []

    def start(name: str, *words: str) -> None:
        program = Path(sys.executable).parent / words[0]
        with (folder / f"{name}.log").open("wb") as log:
            command = [program, *words[1:]]
            started.append(
                subprocess.Popen(command, cwd=_PROJECT, env=environment, stdout=log, stderr=log, start_new_session=True)
            )

    try:
        start("code", "dagster", "code-server", "start", "-h", "127.0.0.1", "-p", str(code), *location)
        wait_until(lambda: b"code proxy server" in (folder / "code.log").read_bytes(), "the code server")
        start("page", "dagster-webserver", *workspace, "-h", "127.0.0.1", "-p", str(page))
        start("daemon", "dagster-daemon", "run", *workspace)
        address = f"http://127.0.0.1:{page}"
        wait_until(lambda: _answers(address), "the page")
        yield address
    finally:
        for process in started:
            os.killpg(process.pid, signal.SIGINT)
        for process in started:
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        shutil.rmtree(home, ignore_errors=True)


def wait_until(is_so: Callable[[], bool], what: str, *, seconds: float = 900) -> None:
    """Waits for something another process does."""
    last = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < last, f"{what} did not come"
        time.sleep(0.5)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/server_info", timeout=5) as reply:
            return bool(reply.status == 200)
    except (urllib.error.URLError, OSError):
        return False
