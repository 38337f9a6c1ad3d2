"""Sealed text: values that a client keeps for us and cannot change or pass on."""

import base64
import binascii
import hashlib
import hmac
from typing import Final, TypeVar

import msgspec

T = TypeVar("T")

MAC_BYTES: Final = 32  # HMAC-SHA-256, not truncated
MIN_KEY_BYTES: Final = 32  # RFC 2104, 3: not shorter than the hash
MAX_SEALED_CHARACTERS: Final = 65_536


class NotSealed(Exception):
    """The text was not sealed by this key for this purpose."""


class Sealer:
    """Seals values with HMAC-SHA-256. They are authentic, not secret.

    Every process that shares the key opens what another one sealed.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) < MIN_KEY_BYTES:
            raise ValueError(f"a sealing key has at least {MIN_KEY_BYTES} bytes")
        self._key = key

    def seal(self, value: msgspec.Struct, *, purpose: str) -> str:
        """The value as visible ASCII, opened only for the same purpose."""
        payload = msgspec.json.encode(value)
        sealed = self._mac(payload, purpose) + payload
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode("ascii")

    def open(self, text: str, shape: type[T], *, purpose: str) -> T:
        """The value that was sealed for the purpose.

        Raises:
            NotSealed: changed, sealed with another key, or for another purpose.
        """
        if len(text) > MAX_SEALED_CHARACTERS:
            raise NotSealed
        try:
            sealed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError) as error:
            raise NotSealed from error
        mac, payload = sealed[:MAC_BYTES], sealed[MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(payload, purpose)):
            raise NotSealed
        try:
            return msgspec.json.decode(payload, type=shape)
        except msgspec.DecodeError as error:  # sealed by another version of the program
            raise NotSealed from error

    def _mac(self, payload: bytes, purpose: str) -> bytes:
        label = purpose.encode("ascii") + b"\0"
        return hmac.new(self._key, label + payload, hashlib.sha256).digest()
