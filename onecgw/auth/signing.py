"""Signed values: clients store them for the gateway, and cannot change them."""

import base64
import binascii
import hmac
import zlib
from typing import Final, TypeVar

import msgspec

T = TypeVar("T")

MAC_BYTES: Final = 32  # HMAC-SHA-256, not truncated
MIN_KEY_BYTES: Final = 32  # RFC 2104, 3: not shorter than the hash
MAX_SIGNED_CHARACTERS: Final = 65_536
MAX_UNPACKED_BYTES: Final = 262_144  # a few bytes unpack to megabytes


class BadSignature(Exception):
    """The text was not signed with this key for this purpose, or was changed."""


class Signer:
    """Signs values with HMAC-SHA-256; each purpose has its own derived key.

    Signed values are authentic, but not secret. Processes that share the key accept each other's.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) < MIN_KEY_BYTES:
            raise ValueError(f"a signing key has at least {MIN_KEY_BYTES} bytes")
        self._key = key
        self._keys: dict[str, bytes] = {}

    def sign(self, value: msgspec.Struct, *, purpose: str) -> str:
        """The value as ASCII text, compressed and signed for one purpose."""
        payload = zlib.compress(msgspec.json.encode(value), zlib.Z_BEST_COMPRESSION)
        return to_text(self._mac(payload, purpose) + payload)

    def open(self, text: str, shape: type[T], *, purpose: str) -> T:
        """The value in a text that was signed for the same purpose.

        Raises:
            BadSignature: the text was changed, or signed with another key or for another purpose.
        """
        signed = _from_text(text)
        payload = signed[MAC_BYTES:]
        if not hmac.compare_digest(signed[:MAC_BYTES], self._mac(payload, purpose)):
            raise BadSignature
        try:
            unpacked = zlib.decompressobj().decompress(payload, MAX_UNPACKED_BYTES)
            return msgspec.json.decode(unpacked, type=shape)
        except (zlib.error, msgspec.DecodeError) as error:  # signed by another version
            raise BadSignature from error

    def _mac(self, payload: bytes, purpose: str) -> bytes:
        key = self._keys.get(purpose)
        if key is None:  # purposes are a handful of constants
            key = self._keys[purpose] = derive_key(self._key, f"seal {purpose}")
        return hmac.digest(key, payload, "sha256")


def derive_key(key: bytes, label: str) -> bytes:
    """A key for one purpose, from which neither the key nor other derived keys can be computed.

    Source: RFC 5869, 2.3: HKDF-Expand, its first block; the key is uniformly random already.
    """
    return hmac.digest(key, f"onecgw {label}".encode("ascii") + b"\x01", "sha256")


def to_text(data: bytes) -> str:
    """Bytes as base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _from_text(text: str) -> bytes:
    """The bytes of a text. Of the base64 texts for the same bytes, only to_text's is accepted."""
    if len(text) > MAX_SIGNED_CHARACTERS:
        raise BadSignature
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadSignature from error
    if to_text(data) != text:
        raise BadSignature
    return data
