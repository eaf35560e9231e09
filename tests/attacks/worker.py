"""The child process that attacks happen in: one after the other, each told as a line of JSON.

An audit hook sees every file Python opens, every socket and every process; what it does not allow is told and
refused. What libraries open by themselves is seen from outside (`sandbox`).
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kpi_pipeline
from tests.attacks.attack import CANARY, PATIENT, Attack, Place
from tests.attacks.steps import STEPS

ROOT = Path(__file__).parent.parent.parent
_READ_ANYWHERE = (
    sys.prefix,
    sys.base_prefix,
    str(ROOT),
    str(Path(kpi_pipeline.__file__).parent.parent),
    "/usr/",
    "/lib",
    "/etc/localtime",
    "/etc/mime.types",
    "/etc/fonts",
    "/etc/ld.so",
    "/etc/os-release",
    "/proc/self/",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/mounts",
    "/sys/",
    "/dev/null",
    "/dev/urandom",
)
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES = {"os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink", "os.link", "os.truncate", "os.chmod"}
_NEVER = {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "pty.spawn", "pickle.find_class"}
_NETWORK = {"socket.connect", "socket.bind", "socket.getaddrinfo", "socket.sendto", "urllib.Request", "smtplib.connect"}


class Guard:
    """The audit hook. allowed: the folders of the attack under way."""

    def __init__(self) -> None:
        self.allowed: tuple[str, ...] | None = None
        self.violations: list[str] = []

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.allowed is None:
            return
        if event == "pickle.find_class" and str(arguments[0]).startswith("babel."):
            return  # Babel keeps its own tables so
        if event == "urllib.Request" and str(arguments[0]).startswith("data:"):
            return  # what such an address stands for stands in it
        if event in _NEVER or event in _NETWORK:
            self._refuse(f"{event} {arguments[:2]!r}")
        elif event == "open" and isinstance(arguments[0], (str, bytes, os.PathLike)):
            path, mode, flags = arguments
            is_write = bool(flags & _WRITES) if isinstance(flags, int) else any(one in str(mode) for one in "wax+")
            self._check(path, is_write=is_write)
        elif event in ("os.listdir", "os.scandir") and isinstance(arguments[0], (str, bytes, os.PathLike)):
            self._check(arguments[0], is_write=False)
        elif event in _CHANGES and isinstance(arguments[0], (str, bytes, os.PathLike)):
            self._check(arguments[0], is_write=True)
            if event == "os.rename":
                self._check(arguments[1], is_write=True)

    def _check(self, path: Any, *, is_write: bool) -> None:
        assert self.allowed is not None
        real = os.path.realpath(os.fsdecode(path))
        if any(real == one or real.startswith(one + "/") for one in self.allowed):
            return
        if real.endswith(".pyc") or "/__pycache__" in real:
            return
        if not is_write and (real.startswith(_READ_ANYWHERE) or "/python" in real):
            return
        if real == "/dev/null":
            return
        self._refuse(f"{'write' if is_write else 'read'} {real}")

    def _refuse(self, what: str) -> None:
        self.violations.append(what[:300])
        raise PermissionError(f"the sandbox forbids: {what[:200]}")


def run_attack(attack: Attack, place: Place, guard: Guard) -> dict[str, Any]:
    """Prepares and runs one attack; what it did, for the parent to judge."""
    attack.prepare(place)
    work = place.folder / "cwd"
    work.mkdir(exist_ok=True)
    (work / "kpi.yaml").write_text(
        "memory_limit: 400MB\nthreads: 1\nlimits: {files: 200, workbook_mb: 40, unpacked_gb: 0.2}\n"
        "quarantine_limit_pct: 100\n",
        encoding="utf-8",
    )
    os.chdir(work)
    output = io.StringIO()
    code: int | str | None = 0
    Path("/proc/self/clear_refs").write_text("5")  # the peak is counted from here on
    before = _memory_mb("VmRSS")
    started = time.monotonic()
    guard.violations.clear()
    guard.allowed = (str(place.folder.resolve()), os.environ["TMPDIR"])
    try:
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            code = _run(attack.command, place)
    except Exception as error:
        code = f"raised {type(error).__name__}"
    finally:
        guard.allowed = None
        os.chdir(ROOT)
    said = output.getvalue()
    return {
        "name": attack.name,
        "code": code,
        "said": said[:20_000],
        "steers": sorted({f"U+{ord(one):04X}" for one in said if _steers(one)}),
        "violations": list(guard.violations),
        "seconds": time.monotonic() - started,
        "peak_mb": _memory_mb("VmHWM") - before,
        "must": attack.must,
        "patient": PATIENT in said,
        "canary": _canary_in(place.folder) or CANARY in said,
    }


def _run(command: tuple[str, ...], place: Place) -> int | str | None:
    """`kpi` with these words, as a shell would call it; its exit code."""
    from kpi_pipeline.cli import main as cli

    if command[0] in STEPS:
        return _through_the_command_line(cli, STEPS[command[0]], place)
    if command[0].startswith("sabotage"):
        from tests.attacks import sabotage

        return sabotage.RUN[command[0]](place)
    landing = next((path for path in place.folder.iterdir() if path.name.startswith("landing")), place.folder)
    stand_for = {"LANDING": str(landing), "WAREHOUSE": str(place.warehouse), "FOLDER": str(place.folder)}
    words = []
    for word in command:
        for name, path in stand_for.items():
            word = word.replace(name, path)
        words.append(word)
    sys.argv = ["kpi", *words]
    try:
        cli.main()
    except SystemExit as end:
        return 0 if end.code is None else end.code
    return 0


def _through_the_command_line(cli: Any, call: Callable[[Place], None], place: Place) -> int:
    """What a command does with an error, for a step that has no command of its own."""
    from kpi_pipeline.cli.console import print_errors
    from kpi_pipeline.core.errors import KpiError

    try:
        call(place)
    except KpiError as error:
        print_errors(error)
        return error.exit_code
    except Exception as error:
        return int(cli._print_other(error))
    return 0


def _steers(character: str) -> bool:
    point = ord(character)
    return (
        (point < 32 and character not in "\n\t")
        or 0x7F <= point <= 0x9F
        or 0x202A <= point <= 0x202E
        or 0x2066 <= point <= 0x2069
        or character in "\u200e\u200f\u061c\u2028\u2029"
        or 0xD800 <= point <= 0xDFFF
    )


def _memory_mb(kind: str) -> float:
    """Memory of this process: VmRSS, held now; VmHWM, the most since the attack began."""
    status = Path("/proc/self/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith(kind))) / 1024


def _canary_in(folder: Path) -> bool:
    made = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return any(path.stat().st_size < 5_000_000 and CANARY.encode() in path.read_bytes() for path in made)


def main() -> None:
    """Runs the attacks of a shard from a number on."""
    from tests.attacks.catalogue import every_attack

    shard, shards, start, base = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])
    resource.setrlimit(resource.RLIMIT_AS, (12 << 30, 12 << 30))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    tell = os.fdopen(os.dup(1), "w", buffering=1)
    _warm_up()
    guard = Guard()
    sys.addaudithook(guard)
    for number, attack in enumerate(every_attack()[shard::shards]):
        if number < start:
            continue
        folder = base / f"{shard}-{number}"
        folder.mkdir()
        tell.write(json.dumps({"begin": number, "name": attack.name}) + "\n")
        tell.write(json.dumps(run_attack(attack, Place(folder, base / "outside"), guard)) + "\n")


def _warm_up() -> None:
    """Imports all the program uses, so that what it opens afterwards is the attack's doing."""
    import pkgutil
    from importlib import import_module

    for module in pkgutil.walk_packages(kpi_pipeline.__path__, "kpi_pipeline."):
        if ".orchestration" not in module.name and ".migrations" not in module.name:
            import_module(module.name)
    from kpi_pipeline.report.forms.renderer import renderer

    renderer()  # it looks for the libraries it draws with


if __name__ == "__main__":
    main()
