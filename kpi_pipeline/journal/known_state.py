"""What earlier reports found in the journal, kept beside the warehouse: a journal that is gone is said.

Without it a report would be made without initiatives and rebases, on limits nobody decided, and look complete.
"""

from __future__ import annotations

import json
from pathlib import Path

from kpi_pipeline.core.errors import Fault, WarehouseError
from kpi_pipeline.core.files import make_private_folder, write_private
from kpi_pipeline.state.journal import Journal
from kpi_pipeline.warehouse.connection import store_folder

_FILE = "state_seen.json"
_CURE = (
    "Restore the journal from the backup, or correct --state or state_url; "
    "if it is meant to begin anew: kpi state declare-new --warehouse FILE --by NAME --why TEXT."
)


def check_known_state(journal: Journal | None, warehouse: Path) -> None:
    """Raises WarehouseError unless the journal continues what earlier reports of this warehouse found in it."""
    known = _read(warehouse)
    if known is None:
        return
    n_known, digest = known
    found = (0, "") if journal is None else journal.digest(n_known)
    if found == (n_known, digest):
        return
    if found[0] == 0:
        what = f"the journal of decisions is {'missing' if journal is None else 'empty'}"
    elif found[0] < n_known:
        what = f"the journal of decisions holds {found[0]:,} entries"
    else:
        what = "the journal of decisions is another one, or its entries were changed"
    raise WarehouseError(Fault("state", f"{what}; earlier reports used one of {n_known:,} entries.", _CURE))


def note_known_state(journal: Journal, warehouse: Path) -> None:
    """Notes what the journal holds now; nothing while it holds nothing."""
    n_entries, digest = journal.digest()
    if n_entries == 0 or _read(warehouse) == (n_entries, digest):
        return
    folder = make_private_folder(store_folder(warehouse))
    write_private(folder / _FILE, json.dumps({"entries": n_entries, "sha256": digest}))


def forget_known_state(warehouse: Path) -> None:
    """Lets the journal of a warehouse begin anew."""
    (store_folder(warehouse) / _FILE).unlink(missing_ok=True)


def _read(warehouse: Path) -> tuple[int, str] | None:
    file = store_folder(warehouse) / _FILE
    if not file.is_file():
        return None
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        return int(found["entries"]), str(found["sha256"])
    except (ValueError, KeyError, TypeError) as error:
        raise WarehouseError(Fault(str(file), "is damaged: it names the journal that reports used.", _CURE)) from error
