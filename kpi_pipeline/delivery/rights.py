"""Who may decide: approve a report, set its gates aside, take it back, give a chart new limits, remove what is old.

Names on a list, each with the account that may speak for it. Preparing, publishing what is approved and sending it are
free: they change nothing that a reader is told.

It stops people from using a name that is not theirs on this machine; it does not stop whoever may edit the settings or
sit at another's account. The account of each step is in the chain of events either way (`state.events`).
"""

from __future__ import annotations

from collections.abc import Mapping

from kpi_pipeline.core.errors import DeliveryError, Fault
from kpi_pipeline.delivery.issues import is_same_person
from kpi_pipeline.state.events import machine_account


def check_right(approvers: Mapping[str, str], by: str, to: str) -> None:
    """Raises DeliveryError for a name that is not listed, and for one that another account speaks for.

    to: what is asked, as in `may not approve`.
    approvers: name → the account's user, '' for any. Empty: no list is kept, and any name will do.
    """
    if approvers:
        _check_listed(approvers, by, to, "The lists are approvers and deciders, below delivery in kpi.yaml.")


def check_manager(managers: Mapping[str, str], by: str, to: str) -> None:
    """As `check_right`, of files that name case managers; where nobody is listed, nobody may."""
    if not managers:
        cure = "Name those who may below people: managers in kpi.yaml."
        raise DeliveryError(Fault("--by", f"{by} may not {to}: no manager is declared.", cure))
    _check_listed(managers, by, to, "The list is managers, below people in kpi.yaml.")


def _check_listed(listed_names: Mapping[str, str], by: str, to: str, where: str) -> None:
    listed = next((user for name, user in listed_names.items() if is_same_person(name, by)), None)
    if listed is None:
        cure = f"Those who may: {', '.join(listed_names)}. {where}"
        raise DeliveryError(Fault("--by", f"{by} may not {to}.", cure))
    user = machine_account().rpartition("@")[0]
    if listed and user != listed:
        cure = f"{by} has to do it as the user {listed} of this machine."
        raise DeliveryError(Fault("--by", f"{by} is not this account: it is {user}'s.", cure))
