"""The programs that ask for access: registered by themselves, by the operator, or by a document."""

import secrets
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from onecgw.auth.signing import NotSealed
from onecgw.oauth.client import METHODS, Client, accept_redirects, clean_name
from onecgw.oauth.client_metadata import Documents
from onecgw.oauth.oauth_error import INVALID_CLIENT_METADATA, INVALID_REDIRECT_URI, OauthProblem
from onecgw.oauth.redirect_policy import RedirectPolicy
from onecgw.oauth.secrets import Vault
from onecgw.text import without_bom

PREFIX: Final = "ocg_dc_"
_PURPOSE: Final = "client"
NONCE_BYTES: Final = 6


class _Sealed(msgspec.Struct, array_like=True):
    """What a client_id carries."""

    nonce: str
    issued_at: int
    name: str
    auth_method: str
    redirect_uris: tuple[str, ...]


class _Metadata(msgspec.Struct):
    """What we read of RFC 7591, 2; unknown members are ignored, as its 3.1 demands."""

    redirect_uris: list[str]
    client_name: str | None = None
    token_endpoint_auth_method: str | None = None
    grant_types: list[str] | None = None
    response_types: list[str] | None = None
    application_type: str | None = None
    scope: str | None = None


class Clients:
    """Finds clients by their client_id.

    Args:
        configured: the operator's, by their id.
        documents: finds clients that are described by one.
        is_denied: whether the hash of a client_id was denied by the operator.
    """

    def __init__(
        self,
        *,
        vault: Vault,
        policy: RedirectPolicy,
        configured: Mapping[str, Client],
        documents: Documents,
        is_denied: Callable[[bytes], bool],
    ) -> None:
        self._vault = vault
        self._policy = policy
        self._configured = configured
        self._is_denied = is_denied
        self.documents = documents

    def trusts(self, uri: str, *, is_known: bool) -> bool:
        """Whether a browser may be sent to a redirect URI before a person has agreed.

        is_known: of the client; the operator has written its redirect URIs.
        """
        return is_known or self._policy.trusts(uri)

    async def find(self, client_id: str) -> Client | None:
        """A client, ready to be shown to a person; its document is fetched if it has one."""
        if client_id.startswith("https://"):
            if self._is_denied(self._vault.hash(client_id, "client")):
                return None
            return await self.documents.find(client_id)
        return self.find_kept(client_id)

    def find_kept(self, client_id: str) -> Client | None:
        """A client whose description needs no fetching; a document's is reduced to its id."""
        if self._is_denied(self._vault.hash(client_id, "client")):
            return None
        if client_id in self._configured:
            return self._configured[client_id]
        if client_id.startswith("https://") and self.documents.is_on:
            return Client(id=client_id, name=client_id, redirect_uris=())
        return self._registered(client_id)

    def _registered(self, client_id: str) -> Client | None:
        if not client_id.startswith(PREFIX):
            return None
        try:
            text = client_id.removeprefix(PREFIX)
            sealed = self._vault.sealer.open(text, _Sealed, purpose=_PURPOSE)
        except NotSealed:
            return None
        # The operator may have narrowed the policy since.
        uris = tuple(uri for uri in sealed.redirect_uris if self._policy.judge(uri) == "allowed")
        return Client(
            id=client_id, name=sealed.name, redirect_uris=uris, auth_method=sealed.auth_method
        )

    def register(self, body: bytes, *, now: int) -> dict[str, object]:
        """Register a client (RFC 7591): its client_id is its metadata, sealed.

        Raises:
            OauthProblem: the metadata is not accepted.
        """
        metadata = _read_metadata(body)
        uris = accept_redirects(metadata.redirect_uris, self._policy)
        method = metadata.token_endpoint_auth_method
        auth_method = method if method is not None and method in METHODS else METHODS[0]
        name = clean_name(metadata.client_name or "")
        sealed = _Sealed(
            nonce=secrets.token_urlsafe(NONCE_BYTES),
            issued_at=now,
            name=name,
            auth_method=auth_method,
            redirect_uris=uris,
        )
        client_id = PREFIX + self._vault.sealer.seal(sealed, purpose=_PURPOSE)
        answer: dict[str, object] = {
            "client_id": client_id,
            "client_id_issued_at": now,
            "client_name": name,
            "redirect_uris": uris,
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": auth_method,
        }
        if auth_method != METHODS[0]:
            answer["client_secret"] = self._vault.client_secret(client_id)
            # RFC 7591, 3.2.1: REQUIRED if a client_secret is issued; 0 = does not expire.
            answer["client_secret_expires_at"] = 0
        if metadata.application_type is not None:
            answer["application_type"] = metadata.application_type
        if metadata.scope is not None:
            answer["scope"] = metadata.scope
        return answer


def _read_metadata(body: bytes) -> _Metadata:
    try:
        return msgspec.json.decode(without_bom(body), type=_Metadata)
    except msgspec.ValidationError as error:
        problem = INVALID_REDIRECT_URI if "redirect_uris" in str(error) else INVALID_CLIENT_METADATA
        raise OauthProblem(problem, str(error)) from error
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise OauthProblem(INVALID_CLIENT_METADATA, "the body is not a JSON object") from error


def read_configured(items: tuple[str, ...]) -> dict[str, Client]:
    """The operator's clients, from `oauth.clients`: an id and its redirect URIs."""
    found = {}
    for item in items:
        client_id, *uris = item.split(" ")
        found[client_id] = Client(
            id=client_id, name=client_id, redirect_uris=tuple(uris), is_known=True
        )
    return found
