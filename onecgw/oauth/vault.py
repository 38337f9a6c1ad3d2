"""What is done with secrets: hashing, sealing, encrypting, deriving; and the file of the keys."""

import base64
import binascii
import contextlib
import hashlib
import hmac
import logging
import os
import secrets
import zlib
from pathlib import Path
from typing import Final, TypeVar

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from onecgw.errors import ConfigError

log = logging.getLogger(__name__)

T = TypeVar("T")

ACCESS: Final = "ocg_at_"
REFRESH: Final = "ocg_rt_"
CODE: Final = "ocg_ac_"
KEY: Final = "ocg_key_"
KEY_BYTES: Final = 32
TOKEN_BYTES: Final = 32  # 256 bits; RFC 6749, 10.10 asks for 128
NONCE_BYTES: Final = 12  # NIST SP 800-38D, 8.2: 96 bits for AES-GCM
MAC_BYTES: Final = 32
MAX_SEALED_CHARACTERS: Final = 16_384
MAX_UNPACKED_BYTES: Final = 65_536
OTHERS: Final = 0o077


class NotSealed(Exception):
    """The text was not sealed by this gateway for this purpose."""


class _Keys(msgspec.Struct, forbid_unknown_fields=True):
    version: int
    pepper: bytes
    signing: bytes
    encryption: bytes


class Vault:
    """Everything that needs a key; the database alone authenticates nobody."""

    def __init__(self, *, pepper: bytes, signing: bytes, encryption: bytes) -> None:
        self._pepper = pepper
        self._signing = signing
        self._box = AESGCM(encryption)

    def mint(self, prefix: str) -> str:
        """A new random token."""
        return prefix + _text(secrets.token_bytes(TOKEN_BYTES))

    def hash(self, token: str) -> bytes:
        """What is stored in place of a token."""
        return hmac.digest(self._pepper, token.encode("utf-8", "replace"), "sha256")

    def successor(self, refresh_token: str, salt: bytes) -> str:
        """The refresh token that follows another: the same for whoever asks twice."""
        return REFRESH + self._derive("successor", salt + refresh_token.encode("utf-8", "replace"))

    def client_secret(self, client_id: str) -> str:
        """The secret of a registered client; it is derived, so it need not be stored."""
        return self._derive("client secret", client_id.encode("utf-8", "replace"))

    def subkey(self, label: str) -> bytes:
        """A key of its own for another room."""
        return hmac.digest(self._signing, label.encode("ascii"), "sha256")

    def encrypt(self, text: str, *, purpose: str) -> bytes:
        """AES-GCM under the key of the secrets file."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._box.encrypt(nonce, text.encode(), purpose.encode("ascii"))

    def decrypt(self, box: bytes, *, purpose: str) -> str | None:
        """The text, or None: another secrets file encrypted it."""
        try:
            text = self._box.decrypt(box[:NONCE_BYTES], box[NONCE_BYTES:], purpose.encode("ascii"))
        except (InvalidTag, ValueError):
            return None
        return text.decode()

    def seal(self, value: msgspec.Struct, *, purpose: str) -> str:
        """The value as visible ASCII, compressed; authentic, not secret."""
        payload = zlib.compress(msgspec.json.encode(value), 9)
        return _text(self._mac(payload, purpose) + payload)

    def unseal(self, text: str, shape: type[T], *, purpose: str) -> T:
        """The value that was sealed for the purpose.

        Raises:
            NotSealed: it was changed, sealed elsewhere, or for another purpose.
        """
        try:
            if len(text) > MAX_SEALED_CHARACTERS:
                raise NotSealed
            sealed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            # One text for one value: spare bits of the last character must be zero.
            if _text(sealed) != text:
                raise NotSealed
        except (binascii.Error, ValueError) as error:
            raise NotSealed from error
        payload = sealed[MAC_BYTES:]
        if not hmac.compare_digest(sealed[:MAC_BYTES], self._mac(payload, purpose)):
            raise NotSealed
        try:
            unpacked = zlib.decompressobj().decompress(payload, MAX_UNPACKED_BYTES)
            return msgspec.json.decode(unpacked, type=shape)
        except (zlib.error, msgspec.DecodeError) as error:  # sealed by another version
            raise NotSealed from error

    def _mac(self, payload: bytes, purpose: str) -> bytes:
        return hmac.digest(self._signing, purpose.encode("ascii") + b"\0" + payload, "sha256")

    def _derive(self, label: str, material: bytes) -> str:
        return _text(hmac.digest(self.subkey(label), material, "sha256"))


def open_vault(path: Path) -> Vault:
    """The vault of a secrets file, which is made with new keys when it is not there.

    Raises:
        ConfigError: it cannot be read or made, others may read it, or it is not what we wrote.
    """
    try:
        if not path.exists():
            _make_file(path)
        if os.name == "posix" and path.stat().st_mode & OTHERS:
            raise ConfigError(f"oauth.secrets_path: others may read {path}; chmod 600 it")
        keys = msgspec.json.decode(path.read_bytes(), type=_Keys)
    except OSError as error:
        raise ConfigError(f"oauth.secrets_path: {path}: {error.strerror}") from error
    except msgspec.DecodeError:
        raise ConfigError(f"oauth.secrets_path: {path} is not a secrets file of onecgw") from None
    if min(len(keys.pepper), len(keys.signing), len(keys.encryption)) < KEY_BYTES:
        raise ConfigError(f"oauth.secrets_path: a key in {path} is too short")
    return Vault(pepper=keys.pepper, signing=keys.signing, encryption=keys.encryption)


def _make_file(path: Path) -> None:
    """Write new keys; of several processes that start at once, one wins."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    pepper, signing, encryption = (secrets.token_bytes(KEY_BYTES) for _ in range(3))
    keys = _Keys(version=1, pepper=pepper, signing=signing, encryption=encryption)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(keys))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)  # unlike a rename, it never replaces another's keys
            log.warning("oauth.secrets_made", extra={"fields": {"path": str(path)}})
    finally:
        draft.unlink()


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a PKCE verifier. Source: RFC 7636, 4.2."""
    return _text(hashlib.sha256(verifier.encode("ascii", "replace")).digest())


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
