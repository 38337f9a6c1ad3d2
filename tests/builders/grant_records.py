"""One login and the redemption of its code, as the functions of the database take them."""

from typing import Final

from onecgw.auth.caller import ALL_SCOPES
from onecgw.oauth.storage.grants import Grant
from onecgw.oauth.token_grants import CodeExchange

NOW: Final = 1_800_000_000
VERIFIER: Final = "v" * 43
GRANT: Final = Grant(
    id="g1",
    sub="owner",
    name="Owner",
    client_id="c1",
    client_name="Client",
    resource="https://mcp.example.org/mcp",
    scopes=frozenset(ALL_SCOPES),
    entitled=frozenset(ALL_SCOPES),
    key_hash=b"k",
    key_ciphertext=b"box",
    expires_at=NOW + 60,
    verified_at=NOW,
)
EXCHANGE: Final = CodeExchange(
    code_hash=b"code",
    client_id="c1",
    redirect_uri=None,
    resource=None,
    verifier=VERIFIER,
    access_hash=b"access-1",
    refresh_hash=b"refresh-1",
)
