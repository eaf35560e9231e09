"""Every attack, in one fixed order; and what the sandbox itself must catch.

KPI_ATTACKS="xlsx|csv" tries only those whose names begin so, KPI_ATTACKS=/10 every tenth; the sabotage always.
"""

from __future__ import annotations

import os
from functools import cache

from tests.attacks import in_json, in_landing, in_shapes, in_yaml
from tests.attacks.attack import Attack
from tests.attacks.sabotage import RUN


@cache
def every_attack() -> tuple[Attack, ...]:
    """The attacks, and last the sabotage that proves the sandbox."""
    kinds = (
        in_landing.headers(),
        in_landing.values(),
        in_landing.strange_files(),
        in_shapes.texts(),
        in_shapes.workbooks(),
        in_yaml.structures(),
        in_yaml.options(),
        in_json.fhir(),
    )
    attacks = [attack for kind in kinds for attack in kind]
    sabotage = [Attack(name, lambda place: place.folder, (name,)) for name in RUN]
    chosen = os.environ.get("KPI_ATTACKS", "")
    if chosen.startswith("/"):
        return (*attacks[:: int(chosen[1:])], *sabotage)
    picked = tuple(attack for attack in attacks if attack.name.startswith(tuple(chosen.split("|"))))
    return (*picked, *sabotage)
