"""Signing an issue: Ed25519 (RFC 8032) over its manifest, which holds the hash of everything in it.

Optional. The private key is a PEM file for its owner alone, or stands in the environment; nowhere else. The public key
can be given to anybody who wants to check, also without this program: `openssl pkeyutl -verify -rawin`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from kpi_pipeline.core.errors import DeliveryError, Fault, InputError

SIGNATURE = "manifest.sig"
"""The file beside the manifest, 64 bytes; it is not in the manifest itself."""
KEY_VARIABLE = "KPI_SIGNING_KEY"
"""The private key as PEM text; with _FILE behind it, the file that holds it."""
_OTHERS_MAY = 0o077


def make_key(file: Path) -> Path:
    """Writes a new private key for its owner alone, and the public key beside it (`.pub`). Never over an old one."""
    public = file.with_name(f"{file.name}.pub")
    cure = "Name another file: old signatures need the old key."
    for one in (file, public):
        if one.exists():
            raise InputError(Fault(str(one), "is there already.", cure))
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(pem)
    public.write_bytes(
        key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    public.chmod(0o644)  # whatever the umask, nobody else writes what signatures are held against
    return public


def read_signing_key(file: Path | None, *, environment: Mapping[str, str]) -> Ed25519PrivateKey | None:
    """The key of the environment, else of the file that the settings name; None where nobody signs.

    Raises DeliveryError for a key that cannot be read, is of another kind, or lies open to others.
    """
    if text := environment.get(KEY_VARIABLE):
        return _private_key(text.encode(), f"${KEY_VARIABLE}")
    named = environment.get(f"{KEY_VARIABLE}_FILE")
    chosen = Path(named) if named else file
    if chosen is None:
        return None
    try:
        is_open, content = bool(chosen.stat().st_mode & _OTHERS_MAY), chosen.read_bytes()
    except OSError as error:
        what, cure = f"the signing key cannot be read ({error.strerror}).", "Make one: kpi issue key FILE."
        raise DeliveryError(Fault(str(chosen), what, cure)) from error
    if is_open:
        raise DeliveryError(Fault(str(chosen), "the signing key can be read by others.", f"chmod 600 {chosen}"))
    return _private_key(content, str(chosen))


def is_signed_by(manifest: bytes, signature: bytes, public_file: Path) -> bool:
    """Whether a signature is of this manifest and this key. Raises InputError for a file that is no public key."""
    cure = "Name the .pub file that kpi issue key wrote."
    try:
        key = serialization.load_pem_public_key(public_file.read_bytes())
    except (OSError, ValueError, UnsupportedAlgorithm) as error:
        raise InputError(Fault(str(public_file), "is no readable public key.", cure)) from error
    if not isinstance(key, Ed25519PublicKey):
        raise InputError(Fault(str(public_file), "is no Ed25519 key.", cure))
    try:
        key.verify(signature, manifest)
    except InvalidSignature:
        return False
    return True


def _private_key(content: bytes, where: str) -> Ed25519PrivateKey:
    try:
        key = serialization.load_pem_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise DeliveryError(_no_key(where)) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise DeliveryError(_no_key(where))
    return key


def _no_key(where: str) -> Fault:
    return Fault(where, "is no Ed25519 private key without a password.", "Make one: kpi issue key FILE.")
