"""Passwords: from the environment, or from a file that the environment names. Nowhere else, and never printed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from kpi_pipeline.core.errors import DeliveryError, Fault


def read_secret(variable: str, *, whose: str, environment: Mapping[str, str]) -> str:
    """The secret in the file that $VARIABLE_FILE names, else in $VARIABLE. Raises DeliveryError where there is none.

    whose: whose password it is, for the message.
    """
    if named := environment.get(f"{variable}_FILE"):
        try:
            return Path(named).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not text"
            what = f"${variable}_FILE cannot be read ({why})."
            raise DeliveryError(Fault("mail", what, "Check the path and its rights.")) from error
    if secret := environment.get(variable, ""):
        return secret
    what = f"there is no password for {whose}."
    raise DeliveryError(Fault("mail", what, f"Set ${variable} or ${variable}_FILE."))
