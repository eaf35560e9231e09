"""Runs the attacks in child processes without a network and watches from outside: reads, writes, hangs, memory.

The folder `outside` is watched by inotify: whatever opens anything in it, Python or a library, is seen. Where the
machine permits namespaces the children have no network at all.
"""

from __future__ import annotations

import ctypes
import json
import os
import selectors
import struct
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.attacks.attack import CANARY

ROOT = Path(__file__).parent.parent.parent
CPU_SECONDS = 10.0
WALL_SECONDS = 120.0
"""Ten seconds of work are the promise; a machine that is busy with other things may take longer on the clock."""
_OTHER_SECONDS = {"sabotage hang": 2.0, "screen: check": 20.0}
"""The one that hangs on purpose need not take ten; one proves all definitions before it reads a row."""
_STEPS, _USUAL_SECONDS, _SLOWEST = 3_000_000, 0.1, 4.0
"""A sum of so many squares takes a fast idle core so long. Two threads of one core, or a neighbour on the same machine,
make the same work cost more seconds of processor time, too: so many times as many are believed."""
PEAK_MB = 1200.0
"""More than before the attack; DuckDB is held to 400 MB."""
_EVENTS = 0x00000FFF


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an attack; faults is empty when it came to nothing."""

    name: str
    code: int | str | None
    said: str
    seconds: float
    faults: tuple[str, ...]


class Watch:
    """Sees every opening, reading and writing of a folder and of the files in it."""

    def __init__(self, folder: Path) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._handle = self._libc.inotify_init1(os.O_NONBLOCK)
        for path in (folder, *folder.iterdir()):
            if self._libc.inotify_add_watch(self._handle, os.fsencode(path), _EVENTS) < 0:
                raise OSError(ctypes.get_errno(), "inotify_add_watch")

    def seen(self) -> list[str]:
        """What happened since it was last asked."""
        found = []
        while True:
            try:
                content = os.read(self._handle, 1 << 16)
            except BlockingIOError:
                return sorted(set(found))
            at = 0
            while at < len(content):
                _, mask, _, length = struct.unpack_from("iIII", content, at)
                name = content[at + 16 : at + 16 + length].rstrip(b"\0").decode()
                found.append(f"outside/{name} was touched (0x{mask:x})")
                at += 16 + length

    def close(self) -> None:
        """Lets go."""
        os.close(self._handle)


@cache
def without_network() -> tuple[str, ...]:
    """The command that takes the network from a child, where the machine permits it."""
    command = ("unshare", "--user", "--map-root-user", "--net")
    try:
        works = subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return ()
    return command if works else ()


def run_shard(shard: int, shards: int, base: Path) -> list[Outcome]:
    """Every attack of a shard, in as few processes as it takes: one more after each that hangs or dies."""
    outside = base / "outside"
    outside.mkdir()
    (outside / "secret.csv").write_text(f"content\n{CANARY}\n", encoding="utf-8")
    watch = Watch(outside)
    outcomes: list[Outcome] = []
    try:
        while True:
            before = len(outcomes)
            ended = _run_process(shard, shards, base, watch, outcomes)
            if ended or len(outcomes) == before:
                return outcomes
    finally:
        watch.close()


def _run_process(shard: int, shards: int, base: Path, watch: Watch, outcomes: list[Outcome]) -> bool:
    """Goes on from the first attack without an outcome; True when there is none left."""
    temporary = base / "tmp"
    temporary.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "tests.attacks.worker", str(shard), str(shards), str(len(outcomes)), str(base)]
    keep = {
        name: value
        for name, value in os.environ.items()
        if name == "KPI_ATTACKS" or not name.startswith(("KPI_", "DAGSTER"))
    }
    complaints = (base / f"stderr-{shard}").open("ab")
    with (
        subprocess.Popen(
            [*without_network(), *command],
            cwd=ROOT,
            env={**keep, "TMPDIR": str(temporary), "PYTHONUNBUFFERED": "1", "KPI_DEBUG": ""},
            stdout=subprocess.PIPE,
            stderr=complaints,
        ) as child,
        complaints,
    ):
        assert child.stdout is not None
        lines = _Lines(child.stdout.fileno())
        name: str | None = None
        started, cpu = time.monotonic(), 0.0
        while True:
            line = lines.next(1.0)
            if line is None:
                if lines.ended:
                    if name is not None:
                        outcomes.append(Outcome(name, child.wait(), "", 0, ("the process died",)))
                        return False
                    if child.wait() != 0:
                        raise AssertionError(complaints.name + " tells why the sandbox itself failed")
                    return True
                hangs = name is not None and (
                    time.monotonic() - started > WALL_SECONDS or _is_too_much(name, _cpu_seconds(child.pid) - cpu)
                )
                if hangs:
                    child.kill()
                    seconds = time.monotonic() - started
                    outcomes.append(Outcome(str(name), None, "", seconds, ("hangs", *watch.seen())))
                    return False
                continue
            told = json.loads(line)
            if "begin" in told:
                name, started, cpu = told["name"], time.monotonic(), _cpu_seconds(child.pid)
            else:
                used = _cpu_seconds(child.pid) - cpu
                outcomes.append(_judge(told, watch.seen(), used))
                name = None


def _is_too_much(name: str, cpu_seconds: float) -> bool:
    """Whether an attack took more work than it may, on a machine as fast as this one is now."""
    allowed = _OTHER_SECONDS.get(name, CPU_SECONDS)
    return cpu_seconds > allowed and cpu_seconds > allowed * _slowness()


def _slowness() -> float:
    """How many times as long as on an idle core a piece of work takes here and now."""
    began = time.process_time()
    sum(step * step for step in range(_STEPS))
    return min(max(1.0, (time.process_time() - began) / _USUAL_SECONDS), _SLOWEST)


def _judge(told: dict[str, Any], touched: list[str], cpu_seconds: float) -> Outcome:
    said: str = told["said"]
    faults = [*told["violations"], *touched]
    if told["code"] not in (0, 2, 3, 4, 5, 6, 7, 8) or "failed unexpectedly" in said or "Traceback" in said:
        faults.append("crashed")
    if told["steers"]:
        faults.append(f"steers the terminal with {', '.join(told['steers'])}")
    if told["patient"]:
        faults.append("told a patient's id")
    if told["must"] == "be refused" and told["code"] == 0:
        faults.append("was accepted")
    if told["must"] == "be accepted" and told["code"] != 0:
        faults.append("was refused")
    if told["canary"]:
        faults.append("the secret came out")
    if _is_too_much(told["name"], cpu_seconds):
        faults.append(f"took {cpu_seconds:.0f} seconds")
    if told["peak_mb"] > PEAK_MB:
        faults.append(f"took {told['peak_mb']:,.0f} MB")
    return Outcome(told["name"], told["code"], said, told["seconds"], tuple(faults))


def _cpu_seconds(pid: int) -> float:
    """What a process (unshare becomes it) has used; 0 when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class _Lines:
    """Lines of a pipe, with a time to wait for each."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor, self._held, self.ended = descriptor, b"", False
        self._selector = selectors.DefaultSelector()
        self._selector.register(descriptor, selectors.EVENT_READ)

    def next(self, seconds: float) -> bytes | None:
        """The next whole line; None when there is none yet, or none any more."""
        until = time.monotonic() + seconds
        while b"\n" not in self._held:
            if self.ended or not self._selector.select(max(0.0, until - time.monotonic())):
                return None
            content = os.read(self._descriptor, 1 << 16)
            self.ended = not content
            self._held += content
        line, _, self._held = self._held.partition(b"\n")
        return line
