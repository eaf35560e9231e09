"""Writes the large golden sets that are never shipped, for `pytest tests/golden --golden DIR` (`make golden-sets`)."""

from __future__ import annotations

import argparse
from pathlib import Path

from tests.support.golden_sets import write_hospital_set, write_overlapping_claims
from tests.support.value_sets import SMALL, read_value_sets


def main() -> None:
    """Two folders below DIR: claims with stays that overlap across hospitals, and 51,051 encounters."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--claims", type=int, default=8_000)
    parser.add_argument("--encounters", type=int, default=51_051)
    parser.add_argument(
        "--terminology", type=Path, help="the published value sets; default: the few codes of the tests"
    )
    given = parser.parse_args()
    sets = read_value_sets(given.terminology, icd9=False) if given.terminology else SMALL
    claims, hospital = given.folder / "overlapping_claims", given.folder / "hospital"
    write_overlapping_claims(claims, n_encounters=given.claims, seed=20261127, sets=sets)
    write_hospital_set(hospital, n_encounters=given.encounters, seed=20261128, sets=sets)
    print(f"{claims}: {given.claims:,} encounters\n{hospital}: {given.encounters:,} encounters")


if __name__ == "__main__":
    main()
