"""A certificate that cannot be used is refused with the reason, before a socket is opened."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from onecgw.errors import ConfigError
from onecgw.tls_certificate import read_certificate
from tests.builders.certificate import make_certificate

PEM = serialization.Encoding.PEM
PKCS8 = serialization.PrivateFormat.PKCS8


def write_key(path: Path, *, passphrase: bytes = b"") -> Path:
    encryption = (
        serialization.BestAvailableEncryption(passphrase)
        if passphrase
        else serialization.NoEncryption()
    )
    key = ec.generate_private_key(ec.SECP256R1())
    path.write_bytes(key.private_bytes(PEM, PKCS8, encryption))
    return path


def refusal(cert: Path, key: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        read_certificate(cert, key)
    return str(caught.value)


def test_one_file_may_have_both_in_any_order(tmp_path: Path) -> None:
    path = make_certificate(tmp_path, "localhost")
    key, end, certificate = path.read_text().partition("-----END PRIVATE KEY-----\n")
    path.write_text(certificate + key + end)

    assert read_certificate(path, path).context is not None


def test_each_fault_is_named_with_its_file(tmp_path: Path) -> None:
    good = make_certificate(tmp_path, "good")
    old = make_certificate(tmp_path, "old", valid_days=(-2, -1))
    early = make_certificate(tmp_path, "early", valid_days=(1, 2))
    other = write_key(tmp_path / "other.key")
    locked = write_key(tmp_path / "locked.key", passphrase=b"secret")
    text = tmp_path / "text"
    text.write_text("no PEM")
    missing = tmp_path / "missing"

    assert refusal(good, other).endswith(
        f"{other} does not belong to the first certificate of {good}"
    )
    assert refusal(old, old).startswith(f"server.tls.cert: {old} expired at ")
    assert f"{early} is valid from " in refusal(early, early)
    assert f"server.tls.key: {locked} has a passphrase" in refusal(good, locked)
    assert f"server.tls.key: {text} has no private key in PEM" in refusal(good, text)
    assert f"server.tls.cert: {text} has no certificate in PEM" in refusal(text, good)
    assert refusal(missing, good) == (
        f"server.tls.cert: {missing} cannot be read: No such file or directory"
    )


def test_a_key_that_openssl_finds_too_weak_is_a_refusal(tmp_path: Path) -> None:
    # A chain of its own is not needed: what loads the key refuses it.
    weak = rsa.generate_private_key(65_537, 1024)  # noqa: S505 - the point of the test
    path = make_certificate(tmp_path, "weak", key=weak)

    assert f"server.tls.cert: {path} cannot be used: " in refusal(path, path)
