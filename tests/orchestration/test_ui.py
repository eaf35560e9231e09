"""`make ui` ends when it is told to, with everything it started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from kpi_pipeline.core.resources import resource_folder
from tests.support.state_server import free_port

PROJECT = resource_folder("sql").parent
pytestmark = pytest.mark.long
SECONDS = 5.0
"""Promised on a machine with nothing else to do; what is left after three is killed."""


@pytest.mark.parametrize(
    ("told_by", "when"),
    [
        (signal.SIGTERM, "starting"),
        (signal.SIGINT, "starting"),
        (signal.SIGTERM, "page is up"),
        (signal.SIGINT, "page is up"),
    ],
)
def test_all_of_it_ends_within_five_seconds_of_being_told_to(
    told_by: signal.Signals, when: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-C reaches every process of the terminal, TERM only the one it is sent to."""
    (tmp_path / "landing").mkdir()
    port = free_port()
    environment = os.environ | {
        "PORT": str(port), "DAGSTER_HOME": str(tmp_path / "home"), "KPI_LANDING": str(tmp_path / "landing"),
        "KPI_WAREHOUSE": str(tmp_path / "w.duckdb"),
    }  # fmt: skip
    for name in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL"):  # of the make that runs the tests
        environment.pop(name, None)
    make = ["make", "--silent", f"VENV={sys.prefix}", f"--old-file={sys.prefix}/.ready", "ui"]
    with (tmp_path / "log").open("wb") as log:
        started = subprocess.Popen(
            make,
            cwd=PROJECT,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=hear_signals,
        )
        try:
            wait_until(lambda: our_processes(tmp_path) != [], seconds=300)
            if when == "page is up":
                wait_until(lambda: answers(port), seconds=600)
            told_at = time.monotonic()
            if told_by == signal.SIGINT:
                os.killpg(started.pid, told_by)
            else:
                started.send_signal(told_by)
            started.wait(timeout=60)
            wait_until(lambda: our_processes(tmp_path) == [], seconds=60)
            seconds = time.monotonic() - told_at
        finally:
            for pid in our_processes(tmp_path):
                os.kill(pid, signal.SIGKILL)
            started.kill()
            started.wait(timeout=60)
    with capsys.disabled():
        print(f"\nmake ui, {when}, {told_by.name}: {seconds:.1f} s")
    crowd = max(1.0, os.getloadavg()[0])  # slower, the more others are at work; what hangs takes a minute
    assert seconds < SECONDS * crowd, "processes were left"


def hear_signals() -> None:
    """As a terminal starts it: what the tests before this one ignore or block would be ignored by what is started."""
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, signal.SIG_DFL)


def wait_until(is_so: Callable[[], bool], *, seconds: float) -> None:
    last = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < last, "it did not come"
        time.sleep(0.1)


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/server_info", timeout=5) as reply:
            return bool(reply.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def our_processes(folder: Path) -> list[int]:
    """Every living Python process that has this test's Dagster home in its environment."""
    home = f"DAGSTER_HOME={folder / 'home'}".encode()
    found = []
    for process in Path("/proc").iterdir():
        try:
            is_ours = process.name.isdecimal() and home in (process / "environ").read_bytes().split(b"\0")
            if is_ours and b"python" in (process / "cmdline").read_bytes():
                found.append(int(process.name))
        except OSError:
            continue  # it has ended, or is not ours to look at
    return found
