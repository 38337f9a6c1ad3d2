"""Builds the authorization server from the settings."""

import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final

import attrs
import trio

from onecgw.auth.key_verification import VerifyKey
from onecgw.errors import StorageUnavailable
from onecgw.oauth.authenticator import AccessTokenAuthenticator
from onecgw.oauth.client_metadata import ClientMetadataDocuments
from onecgw.oauth.client_registry import ClientRegistry, parse_configured
from onecgw.oauth.events import EventRecorder
from onecgw.oauth.key_cache import VALID_SECONDS, KeyCache
from onecgw.oauth.login import Login
from onecgw.oauth.redirect_policy import RedirectPolicy
from onecgw.oauth.safe_fetch import DocumentFetcher
from onecgw.oauth.secrets import OAuthSecrets
from onecgw.oauth.storage.client_denylist import is_client_denied
from onecgw.oauth.storage.grants import find_newest_grant
from onecgw.oauth.storage.local_keys import make_local_verification
from onecgw.oauth.token_grants import TokenLifetimes
from onecgw.oauth.token_service import TokenService
from onecgw.settings import Settings
from onecgw.storage.audit_log import AuditEvent
from onecgw.storage.database import Database

log = logging.getLogger(__name__)

OTHER_SECRETS: Final = (
    "the logins and keys of the database were made with another oauth.secrets_path; restore it, or"
    " people log in again, and local keys are made again"
)


@attrs.frozen(kw_only=True)
class AuthorizationServer:
    """What the HTTP endpoints call. now: the clock, in seconds since the epoch."""

    clients: ClientRegistry
    login: Login
    authenticator: AccessTokenAuthenticator
    tokens: TokenService
    record_event: EventRecorder
    confirm_audit: Callable[[], Awaitable[None]]
    now: Callable[[], int]


def open_authorization_server(
    settings: Settings,
    *,
    store: Database,
    oauth_secrets: OAuthSecrets,
    audit: Callable[[AuditEvent], None],
    confirm: Callable[[], Awaitable[None]] = trio.lowlevel.checkpoint,
    verify_key: VerifyKey,
    fetcher: DocumentFetcher | None = None,
    clock: Callable[[], float] = time.time,
) -> AuthorizationServer:
    """The authorization server of the settings.

    Args:
        settings: with an issuer.
        store: the database of grants, tokens and local keys.
        oauth_secrets: of the secrets file that belongs to the database.
        audit: called with every event.
        confirm: waits until the events so far are on disk; answers are sent after it.
        verify_key: verifies a key in 1C; not used with `oauth.keys: local`.
        fetcher: fetches client metadata documents; None: over the internet.
        clock: seconds since the epoch.
    """
    _log_other_secrets(store, oauth_secrets)
    oauth = settings.oauth
    is_local = oauth.keys == "local"
    supported_scopes = frozenset(oauth.supported_scopes)
    record_event = EventRecorder(audit)
    policy = RedirectPolicy(
        allowed=frozenset(oauth.redirects.allowed), open_https=oauth.redirects.open_https
    )

    def now() -> int:
        return int(clock())

    clients = ClientRegistry(
        documents=ClientMetadataDocuments(
            mode=oauth.cimd,
            hosts=frozenset(oauth.cimd_hosts),
            policy=policy,
            fetcher=fetcher or DocumentFetcher(),
            now=clock,
        ),
        secrets=oauth_secrets,
        policy=policy,
        configured=parse_configured(oauth.clients),
        is_denied=lambda client_hash: store.read(is_client_denied, client_hash),
    )
    key_cache = KeyCache(
        make_local_verification(store, oauth_secrets, now=clock) if is_local else verify_key,
        hash_key=lambda key: oauth_secrets.hash(key, "key"),
        valid_seconds=0 if is_local else VALID_SECONDS,
        now=clock,
    )
    authenticator = AccessTokenAuthenticator(
        resource=settings.resource,
        supported_scopes=supported_scopes,
        store=store,
        secrets=oauth_secrets,
        key_cache=key_cache,
        record_event=record_event,
        now=now,
    )
    login = Login(
        issuer=settings.issuer,
        resource=settings.resource,
        supported_scopes=supported_scopes,
        default_scopes=frozenset(oauth.default_scopes),
        code_seconds=oauth.auth_code_ttl.seconds,
        clients=clients,
        key_cache=key_cache,
        store=store,
        secrets=oauth_secrets,
        record_event=record_event,
        now=now,
    )
    tokens = TokenService(
        resource=settings.resource,
        lifetimes=TokenLifetimes(
            access=oauth.access_token_ttl.seconds,
            refresh=oauth.refresh_token_ttl.seconds,
            grant=oauth.grant_ttl.seconds,
        ),
        clients=clients,
        authenticator=authenticator,
        store=store,
        secrets=oauth_secrets,
        record_event=record_event,
        now=now,
    )
    return AuthorizationServer(
        clients=clients,
        login=login,
        authenticator=authenticator,
        tokens=tokens,
        record_event=record_event,
        confirm_audit=confirm,
        now=now,
    )


def _log_other_secrets(store: Database, oauth_secrets: OAuthSecrets) -> None:
    """Log once, at the start, that the secrets file does not belong to the database."""
    with contextlib.suppress(StorageUnavailable):  # reported by whatever uses the database next
        newest = store.read(find_newest_grant)
        if newest is None:
            return
        key = oauth_secrets.decrypt(newest.key_ciphertext, purpose=f"grant {newest.id}")
        if key is None:
            log.error("oauth.other_secrets", extra={"fields": {"reason": OTHER_SECRETS}})
