"""What is done with secrets: hashing, sealing, encrypting, deriving; and the file of the keys."""

import contextlib
import hashlib
import hmac
import logging
import os
import secrets
from pathlib import Path
from typing import Final, Literal, get_args

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from onecgw.auth.signing import Sealer, derive_key, to_text
from onecgw.errors import ConfigError

log = logging.getLogger(__name__)

ACCESS: Final = "ocg_at_"
REFRESH: Final = "ocg_rt_"
CODE: Final = "ocg_ac_"
KEY: Final = "ocg_key_"
KEY_BYTES: Final = 32
TOKEN_BYTES: Final = 32  # 256 bits; RFC 6749, 10.10 asks for 128
NONCE_BYTES: Final = 12  # NIST SP 800-38D, 8.2: 96 bits for AES-GCM
OTHERS: Final = 0o077
VERSION: Final = 1

Kind = Literal["access token", "refresh token", "code", "transaction", "key", "client", "browser"]
"""What is hashed, each kind under a key of its own: the same text has another hash as another."""


class _Keys(msgspec.Struct, forbid_unknown_fields=True):
    version: int
    pepper: bytes
    signing: bytes
    encryption: bytes


class Vault:
    """Everything that needs a key; the database alone authenticates nobody.

    Nothing is done with the three keys themselves: each purpose has a key derived from one of them,
    and what is encrypted is bound to its purpose (AES-GCM's additional data).
    """

    def __init__(self, *, pepper: bytes, signing: bytes, encryption: bytes) -> None:
        self._peppers = {kind: derive_key(pepper, f"hash {kind}") for kind in get_args(Kind)}
        self._signing = signing
        self._box = AESGCM(derive_key(encryption, "boxes"))
        self._successors = derive_key(signing, "successor")
        self._client_secrets = derive_key(signing, "client secret")
        self.sealer: Final = Sealer(derive_key(signing, "sealer"))

    def mint(self, prefix: str) -> str:
        """A new random token."""
        return prefix + to_text(secrets.token_bytes(TOKEN_BYTES))

    def hash(self, token: str, kind: Kind) -> bytes:
        """What is stored in place of a token."""
        return hmac.digest(self._peppers[kind], token.encode("utf-8", "replace"), "sha256")

    def successor(self, refresh_token: str, salt: bytes) -> str:
        """The refresh token that follows another: the same for whoever asks twice."""
        material = salt + refresh_token.encode("utf-8", "replace")
        return REFRESH + to_text(hmac.digest(self._successors, material, "sha256"))

    def client_secret(self, client_id: str) -> str:
        """The secret of a registered client; it is derived, so it need not be stored."""
        material = client_id.encode("utf-8", "replace")
        return to_text(hmac.digest(self._client_secrets, material, "sha256"))

    def session_key(self) -> bytes:
        """The key under which MCP sessions are sealed."""
        return derive_key(self._signing, "mcp sessions")

    def encrypt(self, text: str, *, purpose: str) -> bytes:
        """AES-GCM under the key of the secrets file."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._box.encrypt(nonce, text.encode(), purpose.encode("ascii"))

    def decrypt(self, box: bytes, *, purpose: str) -> str | None:
        """The text, or None: another secrets file encrypted it, or it is for another purpose."""
        try:
            text = self._box.decrypt(box[:NONCE_BYTES], box[NONCE_BYTES:], purpose.encode("ascii"))
        except (InvalidTag, ValueError):
            return None
        return text.decode()


def open_vault(path: Path) -> Vault:
    """The vault of a secrets file, which is made with new keys when it is not there.

    Raises:
        ConfigError: it cannot be read or made, others may read it, or it is not what we wrote.
    """
    try:
        if not path.exists():
            _make_file(path)
    except OSError as error:
        raise ConfigError(f"oauth.secrets_path: {path}: {error.strerror}") from error
    return read_vault(path)


def read_vault(path: Path) -> Vault:
    """The vault of a secrets file that is there.

    Raises:
        ConfigError: it cannot be read, others may read it, or it is not what we wrote.
    """
    try:
        if os.name == "posix" and path.stat().st_mode & OTHERS:
            raise ConfigError(f"oauth.secrets_path: others may read {path}; chmod 600 it")
        keys = msgspec.json.decode(path.read_bytes(), type=_Keys)
    except FileNotFoundError:
        raise ConfigError(
            f"oauth.secrets_path: there is no {path.absolute()}. Restore it from the backup: the"
            " keys and logins of the database can be read with that file only. Without a backup,"
            " restart the gateway: it makes a new one, and keys and logins have to be made anew"
        ) from None
    except OSError as error:
        raise ConfigError(f"oauth.secrets_path: {path}: {error.strerror}") from error
    except msgspec.DecodeError:
        raise ConfigError(f"oauth.secrets_path: {path} is not a secrets file of onecgw") from None
    if keys.version != VERSION:
        raise ConfigError(
            f"oauth.secrets_path: {path} has version {keys.version}, and this version of onecgw"
            f" knows {VERSION}; start the version that wrote it"
        )
    if min(len(keys.pepper), len(keys.signing), len(keys.encryption)) < KEY_BYTES:
        raise ConfigError(f"oauth.secrets_path: a key in {path} is too short")
    return Vault(pepper=keys.pepper, signing=keys.signing, encryption=keys.encryption)


def _make_file(path: Path) -> None:
    """Write new keys; of several processes that start at once, one wins."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    pepper, signing, encryption = (secrets.token_bytes(KEY_BYTES) for _ in range(3))
    keys = _Keys(version=VERSION, pepper=pepper, signing=signing, encryption=encryption)
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
    return to_text(hashlib.sha256(verifier.encode("ascii", "replace")).digest())
