"""Hundreds of hostile inputs: none reads or writes outside, none opens a socket, crashes, hangs or fills the memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.attacks.catalogue import every_attack, known_attacks
from tests.attacks.sandbox import run_shard

SHARDS = 2
CAUGHT = {
    "sabotage read_outside": "read ",
    "sabotage read_outside_by_library": "outside/secret.csv was touched",
    "sabotage write_outside_by_library": "outside/written was touched",
    "sabotage open_socket": "socket.",
    "sabotage start_process": "subprocess.Popen",
    "sabotage crash": "crashed",
    "sabotage die": "died",
    "sabotage hang": "hangs",
    "sabotage take_memory": " MB",
    "sabotage steer": "steers the terminal with U+001B",
    "sabotage tell_patient": "told a patient's id",
    "sabotage copy_secret": "the secret came out",
}
"""What the sandbox must say of each; a sandbox that sees nothing proves nothing."""


@pytest.mark.parametrize("shard", range(SHARDS))
def test_no_hostile_input_does_anything(shard: int, tmp_path: Path) -> None:
    outcomes = run_shard(shard, SHARDS, tmp_path)
    assert [one.name for one in outcomes] == [attack.name for attack in every_attack()[shard::SHARDS]]
    succeeded = {
        one.name: (one.faults, one.code, one.said[-300:])
        for one in outcomes
        if one.faults and not one.name.startswith("sabotage")
    }
    assert succeeded == {}
    for one in outcomes:
        if one.name.startswith("sabotage"):
            assert any(CAUGHT[one.name] in fault for fault in one.faults), one


def test_there_are_hundreds_of_them_and_each_has_its_own_name() -> None:
    attacks = known_attacks()
    assert len({attack.name for attack in attacks}) == len(attacks)
    assert len(attacks) > 1300
    assert sum(attack.n_inputs for attack in attacks) > 10_500
