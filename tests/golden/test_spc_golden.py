"""Every golden SPC case: the same numbers and icons as the R packages and rule sets they were computed with.

Each case of each `spc/*.json` found under `--golden DIR` is one test. A case fails on its first wrong value, named by
case and field, and on any option, chart or field that is not understood: nothing is passed over in silence. The last
test prints how many values were compared, and what was left out because it differs by design:

- The `mdc_*` profiles bridge a missing value; here a missing value ends runs and trends and makes no moving range.
  In a series with a missing value the classes and icon of those profiles are not compared, nor the longest run and
  the crossings of qicharts2, which drops missing points before it counts.
- NHSRplotthedots screens every moving range of a constant series away, and its limits collapse or vanish; here the
  limits fall back to the unscreened ones. Limits, classes and icons of such a series are not compared.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.signals.golden_case import BY_DESIGN, Case, same
from tests.signals.golden_comparison import compare_case

COMPARED: Counter[str] = Counter()
OWN = Path(__file__).parent / "own"
"""Cases of our own, which are always there."""


def golden_cases(folder: Path) -> list[tuple[str, Case]]:
    """(file stem, case) for each SPC case in the folder, however deep."""
    found: list[tuple[str, Case]] = []
    for path in sorted(folder.rglob("*.json")):
        content: Any = json.loads(path.read_text(encoding="utf-8"))
        cases = content.get("cases", []) if isinstance(content, dict) else []
        found += [(path.stem, case) for case in cases if isinstance(case, dict) and "chart" in case]
    return found


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "golden_case" not in metafunc.fixturenames:
        return
    folder: Path = metafunc.config.getoption("--golden")
    cases: list[Any] = golden_cases(OWN)
    ids = [f"{stem}:{case['id']}" for stem, case in cases]
    others: list[Any] = golden_cases(folder) if folder.is_dir() else []
    if not others:
        skip = pytest.mark.skip(reason=f"the large golden set is not here: {folder} holds none (give --golden DIR)")
        others, ids = [pytest.param(None, marks=skip)], [*ids, "absent"]
    else:
        ids += [f"{stem}:{case['id']}" for stem, case in others]
    metafunc.parametrize("golden_case", [*cases, *others], ids=ids)


def test_golden_case(golden_case: tuple[str, Case]) -> None:
    """One case: each field of `expected`, value by value."""
    stem, case = golden_case
    tolerance = float(case.get("tolerance", 1e-9))
    n_before = COMPARED.total()
    for field, found, expected in compare_case(case):
        COMPARED[stem] += 1
        assert same(found, expected, tolerance), f"{case['id']}, field {field}: expected {expected!r}, got {found!r}"
    assert COMPARED.total() > n_before, f"{case['id']}: nothing was compared"


def test_how_many_golden_values_were_compared(capsys: pytest.CaptureFixture[str]) -> None:
    """Prints the count of values per file."""
    if not COMPARED:
        pytest.skip("no golden SPC case ran in this process")
    with capsys.disabled():
        print(f"\ngolden SPC: {COMPARED.total()} values compared ({dict(COMPARED)})")
        for line in BY_DESIGN:
            print(f"  differs by design, not compared: {line}")
    assert all(count > 0 for count in COMPARED.values())
