"""A real PostgreSQL server on a free loopback port, in a temporary folder, as an unprivileged user."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

_USER = "postgres"


@dataclass(frozen=True)
class StateServer:
    """A running server."""

    port: int
    binaries: Path
    folder: Path

    def create_database(self, name: str) -> str:
        command = [self.binaries / "createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", _USER, name]
        subprocess.run(command, check=True, capture_output=True)
        return f"postgresql+psycopg://{_USER}@127.0.0.1:{self.port}/{name}"

    def stop(self) -> None:
        _control(self, "stop", "-m", "immediate")

    def start(self) -> None:
        _control(self, "start", "-l", str(self.folder / "log"), "-o", _options(self.port, self.folder))

    def start_if_stopped(self) -> None:
        if not (self.folder / "data" / "postmaster.pid").exists():
            self.start()


@contextmanager
def running_server(folder: Path) -> Iterator[StateServer]:
    """Starts a server; skips the test, and says so, where PostgreSQL is not installed. CI takes a skip as a failure."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        if os.environ.get("CI"):
            pytest.fail("PostgreSQL is not installed: apt-get install postgresql")
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    data = Path(tempfile.mkdtemp(prefix="kpi-postgresql-", dir="/tmp"))  # where the unprivileged user can reach it
    server = StateServer(free_port(), found[-1].parent, data)
    try:
        if os.geteuid() == 0:
            shutil.chown(data, _USER, _USER)
        _as_user([found[-1], "-D", data / "data", "-U", _USER, "-A", "trust", "--no-sync", "-E", "UTF8"])
        server.start()
        yield server
        server.stop()
    finally:
        shutil.rmtree(data, ignore_errors=True)


def _control(server: StateServer, *words: str) -> None:
    _as_user([server.binaries / "pg_ctl", "-D", server.folder / "data", "-w", "-s", *words])


def _options(port: int, folder: Path) -> str:
    return f"-p {port} -h 127.0.0.1 -k {folder} -c fsync=off"


def _as_user(command: list[object]) -> None:
    words = [str(word) for word in command]
    user = _USER if os.geteuid() == 0 else None
    groups = [] if user else None
    group = pwd.getpwnam(_USER).pw_gid if user else None
    subprocess.run(
        words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, user=user, group=group,
        extra_groups=groups, cwd="/",
    )  # fmt: skip


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
