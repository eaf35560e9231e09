"""What a hospital sets about approving, keeping and mailing its reports: the `delivery:` part of `kpi.yaml`.

No password stands here: see `core/secrets`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Percent = Annotated[float, Field(ge=0, le=100)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class GateSettings(_Frozen):
    """What must hold before a report is approved. Shares are of the month's discharges, in percent;
    figures that rest on codes or costs still to come are marked provisional whatever the share."""

    min_coded_pct: Percent = 95.0
    min_costed_pct: Percent = 95.0
    commentary_required: bool = False


class MailSettings(_Frozen):
    """The mail server and the sender. tls `none` is clear text: only to this machine itself (loopback).

    ca_file: certificates to trust beside, or instead of, the system's. public_url: where readers find issued reports.
    bounces: a Maildir, or an IMAP folder as imaps://user@host/INBOX, that non-delivery reports come to.
    """

    host: str
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    tls: Literal["starttls", "implicit", "none"] = "starttls"
    user: str = ""
    ca_file: Path | None = None
    sender: str
    sender_name: str = "Case Management Reports"
    public_url: str = ""
    max_message_mb: Annotated[float, Field(gt=0, le=100)] = 20.0
    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 60.0
    max_attempts: Annotated[int, Field(ge=1, le=20)] = 8
    bounces: str = ""


class DeliverySettings(_Frozen):
    """From a built report to the inbox. archive: where issued reports are kept; default beside the warehouse.

    approvers: who may approve, set gates aside and withdraw, each with the machine's user who may speak for the name
    ('' for any); without a list anybody may, by the name given.
    deciders: who may besides them give a chart new limits and remove what is old, and nothing else.
    signing_key: the private key that the manifest of each issue is signed with; None signs nothing.
    """

    audiences: Path | None = None
    archive: Path | None = None
    two_person: bool = True
    approvers: dict[Annotated[str, Field(min_length=1, max_length=80)], str] = {}
    deciders: dict[Annotated[str, Field(min_length=1, max_length=80)], str] = {}
    signing_key: Path | None = None
    gate: GateSettings = GateSettings()
    mail: MailSettings | None = None

    @property
    def all_deciders(self) -> dict[str, str]:
        """Who may give a chart new limits and remove what is old."""
        return {**self.deciders, **self.approvers}
