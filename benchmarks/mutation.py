"""Reads tens of thousands of broken files of every format, in processes that are watched, and goes on where it was.

    python -m benchmarks.mutation --files 20000 [--results FILE] [--write]

A seed makes a file (`tests/support/mutation.py`). Each batch of seeds runs in a process of its own, so that a crash or
a hang ends that batch alone and names its seed. --write puts the last result into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing as mp
import resource
import sys
import tempfile
import time
import traceback
from collections import Counter
from multiprocessing.connection import Connection
from pathlib import Path

from tests.support.mutation import FORMATS, try_file

BATCH = 200
LONGEST_CPU_SECONDS = 10.0
LONGEST_SECONDS = 120.0
"""By the clock, for a machine that does other work."""
START, END = "<!-- mutation: begin -->", "<!-- mutation: end -->"


def run_batch(seeds: range, sent: Connection) -> None:
    """Tries each seed; sends (seed, what came of it, CPU seconds), then the process's peak memory in MB."""
    for seed in seeds:
        before = time.process_time()
        sent.send((seed, None, 0.0))
        with tempfile.TemporaryDirectory() as folder:
            try:
                ended = try_file(seed, Path(folder))
            except Exception:
                ended = f"fault: {traceback.format_exc().strip().splitlines()[-1][:200]}"
        sent.send((seed, ended, time.process_time() - before))
    sent.send((-1, "memory", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


def watch_batch(seeds: range) -> dict[str, object]:
    """What came of a batch: counts, faults by seed, the longest file in CPU seconds, peak memory in MB."""
    ours, theirs = mp.get_context("spawn").Pipe(duplex=False)
    worker = mp.get_context("spawn").Process(target=run_batch, args=(seeds, theirs))
    worker.start()
    theirs.close()
    counts: Counter[str] = Counter()
    faults: dict[str, str] = {}
    longest, memory, current = 0.0, 0.0, seeds.start
    while True:
        if not ours.poll(LONGEST_SECONDS):
            faults[str(current)] = f"hangs for more than {LONGEST_SECONDS:g} s"
            worker.kill()
            break
        try:
            seed, ended, amount = ours.recv()
        except EOFError:
            break
        if ended == "memory":
            memory = amount
        elif ended is None:
            current = seed
        else:
            counts[ended if not ended.startswith("fault") else "fault"] += 1
            longest = max(longest, amount)
            if ended.startswith("fault"):
                faults[str(seed)] = ended
            elif amount > LONGEST_CPU_SECONDS:
                faults[str(seed)] = f"takes {amount:.1f} s of processor time"
    worker.join()
    if worker.exitcode and str(current) not in faults:
        faults[str(current)] = f"the process ended with {worker.exitcode}"
    return {"seeds": [seeds.start, seeds.stop], "counts": counts, "faults": faults, "cpu": longest, "memory": memory}


def summary(batches: list[dict[str, object]]) -> str:
    """A table of what came of the files, by format."""
    counts: Counter[str] = Counter()
    for batch in batches:
        counts.update(batch["counts"])  # type: ignore[arg-type]
    faults = {seed: what for batch in batches for seed, what in batch["faults"].items()}  # type: ignore[attr-defined]
    lines = ["| format | read | refused in words |", "| --- | ---: | ---: |"]
    lines += [f"| {kind} | {counts[f'{kind} read']:,} | {counts[f'{kind} refused']:,} |" for kind in FORMATS]
    longest = max(float(batch["cpu"]) for batch in batches)  # type: ignore[arg-type]
    memory = max(float(batch["memory"]) for batch in batches)  # type: ignore[arg-type]
    lines += [
        "",
        f"{sum(counts.values()):,} files; {len(faults)} crashed, hung, lost a row or ended in no words for people. The "
        f"longest took {longest:.1f} s of processor time, the largest process {memory:.0f} MB.",
    ]
    return "\n".join([*lines, *(f"- seed {seed}: {what}" for seed, what in sorted(faults.items())[:20])])


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--results", type=Path, default=Path("data/mutation.jsonl"))
    parser.add_argument("--minutes", type=float, default=float("inf"), help="end after so many; run again to go on")
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    asked.results.parent.mkdir(parents=True, exist_ok=True)
    done = [json.loads(line) for line in asked.results.read_text().splitlines()] if asked.results.is_file() else []
    known, ends = {tuple(batch["seeds"]) for batch in done}, time.monotonic() + 60 * asked.minutes
    for start in range(0, asked.files, BATCH):
        seeds = range(start, min(start + BATCH, asked.files))
        if (seeds.start, seeds.stop) in known or time.monotonic() > ends:
            continue
        done.append(watch_batch(seeds))
        with asked.results.open("a") as file:
            file.write(json.dumps(done[-1]) + "\n")
        print(f"{seeds.stop:,} of {asked.files:,}", file=sys.stderr, flush=True)
    if not done:
        return 0
    table = summary(done)
    print(table)
    if asked.write:
        page = Path(__file__).parents[1] / "docs" / "benchmarks.md"
        before, rest = page.read_text("utf-8").split(START)
        page.write_text(f"{before}{START}\n{table}\n{END}{rest.split(END)[1]}", "utf-8")
    return int(any(batch["faults"] for batch in done))


if __name__ == "__main__":
    sys.exit(main())
