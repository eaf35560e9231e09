"""A signed issue: by the key that was made, over every hash; anything else is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from kpi_pipeline.core.errors import DeliveryError, InputError
from kpi_pipeline.delivery.archive import MANIFEST, folder_faults, write_issue
from kpi_pipeline.delivery.signing import SIGNATURE, is_signed_by, make_key, read_signing_key

PATH = "all/2026-10/issue-1-x"


def test_an_issue_is_signed_over_its_manifest_and_the_signature_belongs_to_no_other(tmp_path: Path) -> None:
    public = make_key(tmp_path / "issues.pem")
    assert (tmp_path / "issues.pem").stat().st_mode & 0o777 == 0o600
    key = read_signing_key(tmp_path / "issues.pem", environment={})
    archived = write_issue(tmp_path / "archive", PATH, {"a.txt": b"a"}, about={}, signing_key=key)
    folder = tmp_path / "archive" / archived.path
    manifest, signature = (folder / MANIFEST).read_bytes(), (folder / SIGNATURE).read_bytes()
    assert folder_faults(folder) == []
    assert is_signed_by(manifest, signature, public)
    assert not is_signed_by(manifest + b" ", signature, public)
    assert not is_signed_by(manifest, signature[:-1] + bytes([signature[-1] ^ 1]), public)
    assert not is_signed_by(manifest, b"", public)
    assert not is_signed_by(manifest, signature, make_key(tmp_path / "other.pem"))
    assert write_issue(tmp_path / "archive", PATH, {"a.txt": b"a"}, about={}, signing_key=key) == archived


def test_the_key_comes_from_the_environment_before_the_settings_and_nobody_has_to_sign(tmp_path: Path) -> None:
    one, other = make_key(tmp_path / "one.pem"), make_key(tmp_path / "other.pem")
    environment = {"KPI_SIGNING_KEY_FILE": str(tmp_path / "other.pem")}
    for given, public in (
        ({}, one),
        (environment, other),
        ({**environment, "KPI_SIGNING_KEY": (tmp_path / "one.pem").read_text()}, one),
    ):
        key = read_signing_key(tmp_path / "one.pem", environment=given)
        assert key is not None
        assert is_signed_by(b"x", key.sign(b"x"), public)
    assert read_signing_key(None, environment={}) is None


def test_a_key_that_is_none_lies_open_or_is_of_another_kind_is_named(tmp_path: Path) -> None:
    make_key(tmp_path / "issues.pem")
    with pytest.raises(InputError, match="is there already"):
        make_key(tmp_path / "issues.pem")
    (tmp_path / "issues.pem").chmod(0o644)
    with pytest.raises(DeliveryError, match="can be read by others"):
        read_signing_key(tmp_path / "issues.pem", environment={})
    other = tmp_path / "ec.pem"
    key = ec.generate_private_key(ec.SECP256R1())
    other.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    other.chmod(0o600)
    with pytest.raises(DeliveryError, match="is no Ed25519 private key"):
        read_signing_key(other, environment={})
    with pytest.raises(DeliveryError, match="cannot be read"):
        read_signing_key(tmp_path / "missing.pem", environment={})
    with pytest.raises(DeliveryError, match=r"\$KPI_SIGNING_KEY: is no Ed25519"):
        read_signing_key(None, environment={"KPI_SIGNING_KEY": "hello"})
    with pytest.raises(InputError, match="is no readable public key"):
        is_signed_by(b"x", b"y", other)
