"""What a compiled library prints is kept off the standard output; what we print is not."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import ctypes
from kpi_pipeline.core.chatter import without_chatter
c = ctypes.CDLL(None)
print("before")
with without_chatter():
    c.printf(b"a step of the solver\\n")
print("after")
c.printf(b"a line outside\\n")
c.fflush(None)
"""


def test_only_the_lines_inside_are_lost() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert sorted(done.stdout.split("\n")) == ["", "a line outside", "after", "before"]
