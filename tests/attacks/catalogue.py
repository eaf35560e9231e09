"""Every attack, in one fixed order; and what the sandbox itself must catch.

Without a word every second of most kinds is tried and every fourth of the others, so that the tests stay quick;
KPI_ATTACKS=all tries every one, KPI_ATTACKS="xlsx|csv" those whose names begin so, KPI_ATTACKS=/10 every tenth; the
sabotage always. `python -m tests.attacks.catalogue` counts them.
"""

from __future__ import annotations

import os
from functools import cache

from tests.attacks import in_commands, in_containers, in_json, in_landing, in_screens, in_shapes, in_yaml
from tests.attacks.attack import Attack
from tests.attacks.sabotage import RUN

_EVERY_SECOND = (
    in_landing.headers,
    in_landing.values,
    in_landing.strange_files,
    in_shapes.texts,
    in_shapes.workbooks,
    in_yaml.structures,
    in_yaml.people_texts,
    in_yaml.options,
    in_json.fhir,
    in_commands.audits,
    in_commands.backups,
    in_commands.drawings,
)
_EVERY_FOURTH = (
    in_landing.names,
    in_shapes.parquet_files,
    in_json.omop,
    in_commands.series,
    in_commands.references,
    in_commands.words,
    in_screens.screens,
    in_containers.containers,
    in_containers.folders,
    in_containers.databases,
)


@cache
def every_attack() -> tuple[Attack, ...]:
    """The attacks, and last the sabotage that proves the sandbox."""
    sabotage = tuple(Attack(name, lambda place: place.folder, (name,)) for name in RUN)
    chosen = os.environ.get("KPI_ATTACKS", "")
    if not chosen:
        often = [attack for kind in _EVERY_SECOND for attack in list(kind())[::2]]
        return (*often, *(attack for kind in _EVERY_FOURTH for attack in list(kind())[::4]), *sabotage)
    attacks = known_attacks()
    if chosen.startswith("/"):
        return (*attacks[:: int(chosen[1:])], *sabotage)
    if chosen == "all":
        return (*attacks, *sabotage)
    return (*(attack for attack in attacks if attack.name.startswith(tuple(chosen.split("|")))), *sabotage)


def known_attacks() -> list[Attack]:
    """All of them, without the sabotage."""
    return [attack for kind in (*_EVERY_SECOND, *_EVERY_FOURTH) for attack in kind()]


if __name__ == "__main__":
    found = known_attacks()
    print(f"{len(found):,} attacks with {sum(attack.n_inputs for attack in found):,} hostile inputs")
