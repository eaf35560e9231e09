"""Who gets the report, from `audiences.yaml`: people, what they may see, in which form, and the allowed mail domains.

Every fault of the file is told at once, when it is read: an address outside the allowed domains is refused here and
never reaches the outbox.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from kpi_pipeline.core.errors import DefinitionError, Fault
from kpi_pipeline.core.resources import shown_path
from kpi_pipeline.core.sql.front_matter import faults_of
from kpi_pipeline.core.text.texts import Label
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM, Privacy, ReportForm
from kpi_pipeline.core.yaml_files import read_mapping

Form = Literal["pdf", "notice"]
"""pdf: the report is attached; notice: page one in the message, and where to find the report."""
_ADDRESS = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+"
)
_DOMAIN = re.compile(
    r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+"
)


def _address(text: str) -> str:
    if not text.isascii():
        raise ValueError(
            "holds letters that not every mail server takes: ask for an address in plain letters (a-z)"
            " and write the domain in its xn-- form"
        )
    if not _ADDRESS.fullmatch(text) or "=?" in text or ".." in text or len(text) > 254:
        raise ValueError("is no mail address such as ceo@hospital.org")
    return text


def _domain(text: str) -> str:
    if not text.isascii():
        raise ValueError("is to be written in its xn-- form, as the network knows it")
    if not _DOMAIN.fullmatch(text):
        raise ValueError("is no mail domain such as hospital.org")
    return text.lower()


def _header_text(text: str) -> str:
    if "=?" in text:
        raise ValueError("holds `=?`, which mail programs may read as something else")
    return text


Address = Annotated[str, AfterValidator(_address)]
Domain = Annotated[str, AfterValidator(_domain)]
HeaderText = Annotated[Label, AfterValidator(_header_text)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Person(_Frozen):
    """One recipient."""

    address: Address
    name: HeaderText
    form: Form = "pdf"


class Audience(_Frozen):
    """People who get the same report. scope: `all`, the whole system's, or facilities: one report for each.

    forms: what the report is made and archived as; the PDF always is.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
    scope: Literal["all"] | Annotated[tuple[Label, ...], Field(min_length=1)]
    profile: Privacy
    people: Annotated[tuple[Person, ...], Field(min_length=1)]
    forms: tuple[Literal["pdf"] | ReportForm, ...] = ("pdf",)

    @property
    def other_forms(self) -> tuple[ReportForm, ...]:
        """What is made beside the PDF, which always is, each once."""
        return tuple(one for one in get_args(ReportForm) if one in self.forms)

    @property
    def scopes(self) -> tuple[str, ...]:
        """What is reported on to this audience, one report for each."""
        return (WHOLE_SYSTEM,) if self.scope == WHOLE_SYSTEM else tuple(self.scope)

    @cached_property
    def addresses(self) -> frozenset[str]:
        """Its people's addresses, in small letters."""
        return frozenset(person.address.lower() for person in self.people)


class Audiences(_Frozen):
    """The whole file. operators: who is told of failures; they get no report."""

    allowed_domains: Annotated[tuple[Domain, ...], Field(min_length=1)]
    operators: tuple[Address, ...] = ()
    audiences: Annotated[tuple[Audience, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _are_consistent(self) -> Self:
        faults = [f"the audience {name!r} is given twice" for name in _repeated(one.name for one in self.audiences)]
        for one in self.audiences:
            faults += [
                f"audience {one.name}: {address} is given twice"
                for address in _repeated(person.address.lower() for person in one.people)
            ]
            faults += [f"audience {one.name}: facility {name!r} is given twice" for name in _repeated(one.scopes)]
            if one.scope != WHOLE_SYSTEM and WHOLE_SYSTEM in one.scopes:
                faults.append(f"audience {one.name}: write `scope: all` for the whole system, or list facilities")
            faults += [f"audience {one.name}: {fault}" for fault in self._strangers(p.address for p in one.people)]
        faults += [f"operators: {fault}" for fault in self._strangers(self.operators)]
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def _strangers(self, addresses: object) -> list[str]:
        return [
            f"{address} is outside the allowed domains ({', '.join(self.allowed_domains)})"
            for address in addresses  # type: ignore[attr-defined]
            if address.rsplit("@", 1)[1].lower() not in self.allowed_domains
        ]

    def find(self, name: str) -> Audience | None:
        """The audience of this name."""
        return next((one for one in self.audiences if one.name == name), None)


def read_audiences(path: Path | None, *, facilities: Sequence[str] | None = None) -> Audiences:
    """Reads `audiences.yaml`; every fault at once as a DefinitionError.

    facilities: those in the data, where known; a scope that names another one is a fault.
    """
    if path is None:
        raise DefinitionError(
            Fault(
                "settings",
                "nobody is named who gets a report.",
                "Write audiences.yaml (docs/examples has one to copy), and in kpi.yaml delivery: {audiences: "
                "audiences.yaml}.",
            )
        )
    where = shown_path(path)
    if not path.is_file():
        raise DefinitionError(
            Fault(where, "there is no such audiences file.", "Check delivery: audiences in kpi.yaml.")
        )
    raw = read_mapping(path)
    try:
        audiences = Audiences.model_validate(raw)
    except ValidationError as error:
        raise DefinitionError(_faults(where, error)) from error
    unknown = [
        Fault(where, f"audience {one.name}: facility {scope!r} is not in the data.", f"Known: {', '.join(facilities)}.")
        for one in audiences.audiences
        for scope in one.scopes
        if facilities is not None and scope not in (*facilities, WHOLE_SYSTEM)
    ]
    if unknown:
        raise DefinitionError(unknown)
    return audiences


def _faults(where: str, error: ValidationError) -> list[Fault]:
    """One fault each, also of those that were found together."""
    return [
        Fault(where, f"{part.rstrip('.')}.")
        for fault in faults_of(where, error)
        for part in fault.what.removeprefix("front matter: ").split("; ")
    ]


def _repeated(names: object) -> list[str]:
    return [name for name, n in Counter(names).items() if n > 1]  # type: ignore[call-overload]
