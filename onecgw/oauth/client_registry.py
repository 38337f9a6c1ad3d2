"""Finds clients: configured by the operator, registered dynamically, or described by a document."""

import secrets
from collections.abc import Callable, Mapping
from typing import Final

import attrs
import msgspec

from onecgw.auth.signing import BadSignature
from onecgw.oauth.client import METHODS, OAuthClient, accept_redirects, clean_name
from onecgw.oauth.client_metadata import ClientMetadataDocuments
from onecgw.oauth.oauth_error import OAuthError
from onecgw.oauth.redirect_policy import RedirectPolicy
from onecgw.oauth.secrets import OAuthSecrets
from onecgw.text import without_bom

PREFIX: Final = "ocg_dc_"
_PURPOSE: Final = "client"
NONCE_BYTES: Final = 6


class _RegisteredClient(msgspec.Struct, array_like=True):
    """The signed content of a client_id."""

    nonce: str
    issued_at: int
    name: str
    auth_method: str
    redirect_uris: tuple[str, ...]


class _RegistrationRequest(msgspec.Struct):
    """The members of RFC 7591, 2 that are used; RFC 7591, 3.1: the others are ignored."""

    redirect_uris: list[str]
    client_name: str | None = None
    token_endpoint_auth_method: str | None = None
    grant_types: list[str] | None = None
    response_types: list[str] | None = None
    application_type: str | None = None
    scope: str | None = None


@attrs.frozen(kw_only=True)
class ClientRegistry:
    """Finds clients by client_id, and registers new ones without storing them.

    configured: the operator's clients by client_id. is_denied: whether the hash of a client_id is
    on the denylist.
    """

    documents: ClientMetadataDocuments
    _secrets: OAuthSecrets
    _policy: RedirectPolicy
    _configured: Mapping[str, OAuthClient]
    _is_denied: Callable[[bytes], bool]

    def trusts(self, uri: str, *, is_known: bool) -> bool:
        """Whether the browser may be redirected to a URI before the person has consented.

        is_known: the client is configured, so the operator has written its redirect URIs.
        """
        return is_known or self._policy.trusts(uri)

    async def find(self, client_id: str) -> OAuthClient | None:
        """The client that begins a login; its metadata document is fetched if it has one."""
        client = self.find_without_fetch(client_id)
        if client is not None and client_id.startswith("https://"):
            return await self.documents.find(client_id)
        return client

    def find_without_fetch(self, client_id: str) -> OAuthClient | None:
        """The client, without a request; one with a metadata document has only its client_id."""
        if self._is_denied(self._secrets.hash(client_id, "client")):
            return None
        if client_id in self._configured:
            return self._configured[client_id]
        if client_id.startswith("https://") and self.documents.is_on:
            return OAuthClient(id=client_id, name=client_id, redirect_uris=())
        if not client_id.startswith(PREFIX):
            return None
        try:
            text = client_id.removeprefix(PREFIX)
            registered = self._secrets.signer.open(text, _RegisteredClient, purpose=_PURPOSE)
        except BadSignature:
            return None
        return OAuthClient(
            id=client_id,
            name=registered.name,
            # Checked again: the operator may have narrowed the policy since.
            redirect_uris=tuple(
                uri for uri in registered.redirect_uris if self._policy.classify(uri) == "allowed"
            ),
            auth_method=registered.auth_method,
        )

    def register(self, body: bytes, *, now: int) -> dict[str, object]:
        """Register a client (RFC 7591): its client_id is its signed metadata.

        Returns:
            The members of the response.

        Raises:
            OAuthError: the metadata is not accepted.
        """
        request = _parse_registration(body)
        uris = accept_redirects(request.redirect_uris, self._policy)
        method = request.token_endpoint_auth_method
        registered = _RegisteredClient(
            nonce=secrets.token_urlsafe(NONCE_BYTES),
            issued_at=now,
            name=clean_name(request.client_name or ""),
            auth_method=method if method is not None and method in METHODS else METHODS[0],
            redirect_uris=uris,
        )
        client_id = PREFIX + self._secrets.signer.sign(registered, purpose=_PURPOSE)
        is_public = registered.auth_method == METHODS[0]
        response = {
            "client_id": client_id,
            "client_id_issued_at": now,
            "client_name": registered.name,
            "redirect_uris": uris,
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": registered.auth_method,
            "client_secret": None if is_public else self._secrets.client_secret(client_id),
            # RFC 7591, 3.2.1: REQUIRED if a client_secret is issued; 0 = does not expire.
            "client_secret_expires_at": None if is_public else 0,
            "application_type": request.application_type,
            "scope": request.scope,
        }
        return {name: value for name, value in response.items() if value is not None}


def _parse_registration(body: bytes) -> _RegistrationRequest:
    try:
        return msgspec.json.decode(without_bom(body), type=_RegistrationRequest)
    except msgspec.ValidationError as error:
        if "redirect_uris" in str(error):
            raise OAuthError("invalid_redirect_uri", str(error)) from error
        raise OAuthError("invalid_client_metadata", str(error)) from error
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise OAuthError("invalid_client_metadata", "the body is not a JSON object") from error


def parse_configured(items: tuple[str, ...]) -> dict[str, OAuthClient]:
    """The clients of `oauth.clients`; an item is a client_id and its redirect URIs."""
    clients = {}
    for item in items:
        client_id, *uris = item.split(" ")
        clients[client_id] = OAuthClient(
            id=client_id, name=client_id, redirect_uris=tuple(uris), is_known=True
        )
    return clients
