"""The keys of the secrets file, and what is hashed, signed, encrypted and derived with them."""

import contextlib
import hashlib
import hmac
import logging
import os
import secrets
from pathlib import Path
from typing import Final, Literal, get_args

import msgspec

from onecgw.auth.signing import Signer, derive_key, to_text
from onecgw.errors import ConfigError

log = logging.getLogger(__name__)

ACCESS: Final = "ocg_at_"
REFRESH: Final = "ocg_rt_"
CODE: Final = "ocg_ac_"
KEY: Final = "ocg_key_"
KEY_BYTES: Final = 32
TOKEN_BYTES: Final = 32  # 256 bits; RFC 6749, 10.10 requires 128
NONCE_BYTES: Final = 12  # NIST SP 800-38D, 8.2: 96 bits for AES-GCM
OTHERS_MASK: Final = 0o077  # permissions of the group and of others
VERSION: Final = 1

Kind = Literal["access token", "refresh token", "code", "transaction", "key", "client", "browser"]
"""Each kind of value is hashed under its own key, so that hashes of two kinds never match."""


class _SecretsFile(msgspec.Struct, forbid_unknown_fields=True):
    version: int
    pepper: bytes
    signing: bytes
    encryption: bytes


class OAuthSecrets:
    """Hashes, signs, encrypts and derives values; the database alone does not authenticate.

    The three keys are never used themselves: each purpose has a key derived from one of them, and
    a ciphertext is bound to its purpose (AES-GCM's associated data).
    """

    def __init__(self, *, pepper: bytes, signing: bytes, encryption: bytes) -> None:
        # A gateway without logins and TLS never loads this library, and needs 9 MB less.
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

        self._peppers = {kind: derive_key(pepper, f"hash {kind}") for kind in get_args(Kind)}
        self._signing = signing
        self._cipher = AESGCM(derive_key(encryption, "boxes"))
        self._wrong_ciphertext = InvalidTag
        self._next_refresh_tokens = derive_key(signing, "successor")
        self._client_secrets = derive_key(signing, "client secret")
        # The label goes into the key: another one would end every login and registered client.
        self.signer: Final = Signer(derive_key(signing, "sealer"))

    def new_token(self, prefix: str) -> str:
        """A new random token."""
        return prefix + to_text(secrets.token_bytes(TOKEN_BYTES))

    def hash(self, token: str, kind: Kind) -> bytes:
        """The keyed hash that is stored in place of a value."""
        return hmac.digest(self._peppers[kind], token.encode("utf-8", "replace"), "sha256")

    def next_refresh_token(self, refresh_token: str, salt: bytes) -> str:
        """The refresh token that follows another; it is derived, so a repeated request gets it."""
        material = salt + refresh_token.encode("utf-8", "replace")
        return REFRESH + to_text(hmac.digest(self._next_refresh_tokens, material, "sha256"))

    def client_secret(self, client_id: str) -> str:
        """The secret of a registered client; it is derived, so it is not stored."""
        material = client_id.encode("utf-8", "replace")
        return to_text(hmac.digest(self._client_secrets, material, "sha256"))

    def session_key(self) -> bytes:
        """The key that signs MCP sessions."""
        return derive_key(self._signing, "mcp sessions")

    def encrypt(self, text: str, *, purpose: str) -> bytes:
        """The ciphertext of a text, which only this purpose can decrypt."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, text.encode(), purpose.encode("ascii"))

    def decrypt(self, ciphertext: bytes, *, purpose: str) -> str | None:
        """The text; None if it was encrypted with another secrets file or for another purpose."""
        try:
            text = self._cipher.decrypt(
                ciphertext[:NONCE_BYTES], ciphertext[NONCE_BYTES:], purpose.encode("ascii")
            )
        except (self._wrong_ciphertext, ValueError):
            return None
        return text.decode()


def open_secrets(path: Path) -> OAuthSecrets:
    """Read the secrets file; if there is none, write one with new keys.

    Raises:
        ConfigError: the file cannot be read or written, others may read it, or it is not valid.
    """
    try:
        if not path.exists():
            _make_file(path)
    except OSError as error:
        raise ConfigError(f"oauth.secrets_path: {path}: {error.strerror}") from error
    return read_secrets(path)


def read_secrets(path: Path) -> OAuthSecrets:
    """Read the secrets file.

    Raises:
        ConfigError: there is none, it cannot be read, others may read it, or it is not valid.
    """
    try:
        if os.name == "posix" and path.stat().st_mode & OTHERS_MASK:
            raise ConfigError(f"oauth.secrets_path: others may read {path}; chmod 600 it")
        keys = msgspec.json.decode(path.read_bytes(), type=_SecretsFile)
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
    return OAuthSecrets(pepper=keys.pepper, signing=keys.signing, encryption=keys.encryption)


def _make_file(path: Path) -> None:
    """Write new keys; if several processes start at the same time, the first file is kept."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    pepper, signing, encryption = (secrets.token_bytes(KEY_BYTES) for _ in range(3))
    keys = _SecretsFile(version=VERSION, pepper=pepper, signing=signing, encryption=encryption)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(keys))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)  # a rename would replace a file that another process has written
            log.warning("oauth.secrets_made", extra={"fields": {"path": str(path)}})
    finally:
        draft.unlink()


def pkce_challenge(verifier: str) -> str:
    """The S256 challenge of a PKCE verifier (RFC 7636, 4.2)."""
    return to_text(hashlib.sha256(verifier.encode("ascii", "replace")).digest())
