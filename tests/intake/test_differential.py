"""Random files read by intake and by Python's own readers give the same rows, but for the rules that are documented.

KPI_DIFFERENTIAL_FILES says how many (`make differential`).
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

from tests.support.differential import read_ours, write_trial

FILES = int(os.environ.get("KPI_DIFFERENTIAL_FILES", "50"))


def test_random_files_are_read_as_other_readers_read_them(tmp_path: Path) -> None:
    ended: Counter[str] = Counter()
    wrong = []
    for seed in range(FILES):
        trial = write_trial(tmp_path, seed)
        scratch = tmp_path / "scratch"
        scratch.mkdir(exist_ok=True)
        ours = read_ours(trial, scratch)
        if ours != trial.expected:
            wrong.append(f"{trial.path.name}: expected {trial.expected}, got {ours}")
        kind = trial.path.suffix[1:]
        ended[f"{kind} {'refused' if ours is None else 'read'}"] += 1
        trial.path.unlink()
    print(dict(ended))
    assert not wrong, f"{len(wrong)} of {FILES} files differ:\n" + "\n".join(wrong[:3])[:3000]
    assert {"csv read", "csv refused", "xlsx read", "parquet read"} <= ended.keys()
