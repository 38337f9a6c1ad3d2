"""What is made for one purpose is nothing for another."""

from pathlib import Path
from typing import get_args

import msgspec
import pytest

from onecgw.auth.signing import BadSignature, Signer
from onecgw.errors import ConfigError
from onecgw.oauth.secrets import (
    ACCESS,
    CODE,
    KEY,
    REFRESH,
    Kind,
    OAuthSecrets,
    open_secrets,
    read_secrets,
)
from tests.builders.oauth_rig import OWNER_KEY, Login, OauthRig, open_oauth

KINDS: tuple[Kind, ...] = get_args(Kind)


def make_secrets(**changes: bytes) -> OAuthSecrets:
    keys = {"pepper": b"p" * 32, "signing": b"s" * 32, "encryption": b"e" * 32} | changes
    return OAuthSecrets(**keys)


def test_one_text_has_another_hash_for_every_kind_and_every_pepper() -> None:
    several_secrets = (make_secrets(), make_secrets(pepper=b"q" * 32))
    hashes = {
        oauth_secrets.hash("text", kind) for oauth_secrets in several_secrets for kind in KINDS
    }
    assert len(hashes) == 2 * len(KINDS)
    assert {make_secrets().hash("text", kind) for kind in KINDS} < hashes


def test_derived_values_of_one_text_differ() -> None:
    oauth_secrets = make_secrets()
    values = {
        oauth_secrets.client_secret("text"),
        oauth_secrets.next_refresh_token("text", b"").removeprefix(REFRESH),
        oauth_secrets.session_key().hex(),
        *(oauth_secrets.hash("text", kind).hex() for kind in KINDS),
    }
    assert len(values) == 3 + len(KINDS)


def test_a_session_of_mcp_cannot_be_opened_as_something_of_oauth() -> None:
    class Note(msgspec.Struct):
        text: str

    oauth_secrets = make_secrets()
    signed = Signer(oauth_secrets.session_key()).sign(Note(text="a"), purpose="client")
    with pytest.raises(BadSignature):
        oauth_secrets.signer.open(signed, Note, purpose="client")


def test_what_was_encrypted_is_bound_to_its_purpose_and_key() -> None:
    oauth_secrets, box = make_secrets(), make_secrets().encrypt("a key", purpose="grant 1")
    assert oauth_secrets.decrypt(box, purpose="grant 1") == "a key"
    assert oauth_secrets.decrypt(box, purpose="grant 2") is None
    assert make_secrets(encryption=b"f" * 32).decrypt(box, purpose="grant 1") is None
    assert oauth_secrets.decrypt(box[:-1] + bytes([box[-1] ^ 1]), purpose="grant 1") is None
    assert oauth_secrets.decrypt(b"", purpose="grant 1") is None
    assert oauth_secrets.encrypt("a key", purpose="grant 1") != box


async def _values(oauth: OauthRig, login: Login) -> dict[str, str]:
    return {
        "access token": login.access,
        "refresh token": login.refresh,
        "code": login.redirect["code"],
        "key": OWNER_KEY,
        "client": login.client_id,
        "browser": oauth.http.cookies["ocg_login"],
    }


async def test_no_value_is_taken_for_another_whatever_its_prefix(tmp_path: Path) -> None:
    prefixes = (ACCESS, REFRESH, CODE, KEY, "ocg_tx_", "ocg_dc_", "")
    async with open_oauth(tmp_path) as oauth:
        login = await oauth.login()
        values = await _values(oauth, login)
        stored = {row["hash"] for table in ("codes", "tokens") for row in oauth.rows(table)}
        assert {
            oauth.secrets.hash(values[kind], kind) for kind in ("access token", "code")
        } < stored
        for kind, value in values.items():
            # The part after the prefix may contain "_" itself, and end with it.
            own = next(prefix for prefix in prefixes if value.startswith(prefix))
            body = value.removeprefix(own)
            for text in {prefix + body for prefix in prefixes} | {value}:
                if text != login.access:
                    assert (await oauth.rpc(text, "tools/list")).status_code == 401, kind
                if text not in (login.access, login.refresh):
                    data = {"client_id": login.client_id, "token": text}
                    before = oauth.state()
                    assert (await oauth.http.post("/revoke", data=data)).status_code == 200
                    assert oauth.state() == before, kind
        assert (await oauth.rpc(login.access, "tools/list")).status_code == 200


def test_a_secrets_file_is_created_only_on_request(tmp_path: Path) -> None:
    path = tmp_path / "onecgw.secrets"
    with pytest.raises(ConfigError, match=r"oauth.secrets_path: .*onecgw.secrets"):
        read_secrets(path)
    assert not path.exists()
    made = open_secrets(path)
    assert read_secrets(path).hash("a", "key") == made.hash("a", "key")


def test_a_secrets_file_of_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "onecgw.secrets"
    open_secrets(path)
    path.write_bytes(path.read_bytes().replace(b'"version":1', b'"version":2'))
    with pytest.raises(ConfigError, match="has version 2, and this version of onecgw knows 1"):
        read_secrets(path)
