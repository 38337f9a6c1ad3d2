"""The TLS certificate of the gateway: read and checked before a socket uses it."""

import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import attrs
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from onecgw.errors import ConfigError

ALPN: Final = ("h2", "http/1.1")  # in the order of preference
CERT, KEY = "server.tls.cert", "server.tls.key"


@attrs.frozen(kw_only=True)
class Certificate:
    """A certificate with its key.

    context: what TLS connections of a server are made with.
    expires_at: when it ends.
    """

    context: ssl.SSLContext
    expires_at: datetime


def read_certificate(cert: Path, key: Path) -> Certificate:
    """Read a certificate with its chain, and its key, from two PEM files.

    Raises:
        ConfigError: a file cannot be read or has something else in it, the key has a passphrase or
            belongs to another certificate, or the certificate is not valid now.
    """
    leaf = _read_leaf(cert)
    if _public_key(_read_key(key)) != _public_key(leaf):
        raise ConfigError(f"{KEY}: {key} does not belong to the first certificate of {cert}")
    now = datetime.now(UTC)
    if leaf.not_valid_after_utc < now:
        raise ConfigError(
            f"{CERT}: {cert} expired at {leaf.not_valid_after_utc.isoformat()}; renew it"
        )
    if leaf.not_valid_before_utc > now:
        raise ConfigError(
            f"{CERT}: {cert} is valid from {leaf.not_valid_before_utc.isoformat()} on;"
            " the clock of this computer may be wrong"
        )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(ALPN)
    try:
        context.load_cert_chain(cert, key)
    except (OSError, ssl.SSLError) as error:  # for example a key too short for this OpenSSL
        raise ConfigError(f"{CERT}: {cert} cannot be used: {error}") from error
    return Certificate(context=context, expires_at=leaf.not_valid_after_utc)


def _read_leaf(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificates(_read(CERT, path))[0]
    except ValueError as error:
        raise ConfigError(
            f"{CERT}: {path} has no certificate in PEM (-----BEGIN CERTIFICATE-----)"
        ) from error


def _read_key(path: Path) -> object:
    try:
        return load_pem_private_key(_read(KEY, path), password=None)
    except TypeError as error:
        raise ConfigError(
            f"{KEY}: {path} has a passphrase; one without is expected: openssl pkey -in {path}"
            " -out NEW"
        ) from error
    except ValueError as error:
        raise ConfigError(
            f"{KEY}: {path} has no private key in PEM (-----BEGIN PRIVATE KEY-----)"
        ) from error


def _read(setting: str, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{setting}: {path} cannot be read: {error.strerror}") from error


def _public_key(owner: object) -> bytes:
    public_key = owner.public_key()  # type: ignore[attr-defined] # certificates and keys have it
    encoded: bytes = public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return encoded
