"""Errors a person can act on: where, what is wrong, what was found, what to do.

Every error the command line shows is a `KpiError`. It carries all the faults found, not only the
first, and the exit code of the process. No error text may hold a patient's data.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong.

    where: file, line or setting; what: the sentence that says what is wrong, with what was found;
    cure: what the reader should do about it, as an imperative sentence.
    """

    where: str
    what: str
    cure: str = ""

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text} {self.cure}" if self.cure else text


class KpiError(Exception):
    """The base of every expected error. `exit_code` is what the command line returns."""

    exit_code = 1

    def __init__(self, faults: Fault | Iterable[Fault]):
        self.faults: Sequence[Fault] = (faults,) if isinstance(faults, Fault) else tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))

    def __reduce__(self) -> tuple[type[KpiError], tuple[Sequence[Fault]]]:
        """Errors of a worker process come back whole."""
        return type(self), (self.faults,)


class InputError(KpiError):
    """The landing folder, a source file or an argument cannot be used. Exit code 3."""

    exit_code = 3


class DefinitionError(KpiError):
    """A metric, contract, reference or settings file is wrong. Exit code 4."""

    exit_code = 4


class WarehouseError(KpiError):
    """The warehouse is missing, locked, stale or of another version. Exit code 5."""

    exit_code = 5


class CheckError(KpiError):
    """A blocking check failed: the numbers do not add up, so nothing is published. Exit code 6."""

    exit_code = 6


class RenderError(KpiError):
    """The report could not be drawn. Exit code 7."""

    exit_code = 7


class DeliveryError(KpiError):
    """A report may not be approved, issued or sent, or a mail could not be sent for good. Exit code 8."""

    exit_code = 8
