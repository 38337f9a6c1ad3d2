"""Authenticates access tokens, and verifies again the access keys behind them."""

import contextlib
import logging
from collections.abc import Callable
from typing import Final

import attrs
import trio

from onecgw.auth.caller import Caller
from onecgw.auth.key_verification import InvalidKey, UncheckedKey
from onecgw.errors import OnecUnavailable, StorageUnavailable
from onecgw.oauth.events import EventRecorder, RequestOrigin
from onecgw.oauth.key_cache import KeyCache
from onecgw.oauth.secrets import OAuthSecrets
from onecgw.oauth.storage.grants import Grant, audit_facts, record_verification, revoke_grant
from onecgw.oauth.storage.tokens import confirm_access, find_access
from onecgw.storage.database import Database

log = logging.getLogger(__name__)

VERIFY_SECONDS: Final = 300
"""A key that was verified longer ago is verified again."""
STALE_SECONDS: Final = 900
"""How much longer the last verdict is used while keys cannot be verified."""
REVERIFY_BACKOFF_SECONDS: Final = 5
"""Back-off after a failed re-verification."""
MAX_BACKOFFS: Final = 10_000


@attrs.frozen(kw_only=True)
class AccessTokenAuthenticator:
    """Finds the caller behind an access token.

    resource: a token for another one is refused. supported_scopes: those that may be granted at
    all. now: the clock, in seconds since the epoch.
    """

    _resource: str
    _supported_scopes: frozenset[str]
    _store: Database
    _secrets: OAuthSecrets
    _key_cache: KeyCache
    _record_event: EventRecorder
    _now: Callable[[], int]
    _backoff_until: dict[str, float] = attrs.field(factory=dict, init=False)

    async def authenticate(self, token: str, origin: RequestOrigin) -> Caller | None:
        """The caller; None if the token is not valid.

        Raises:
            StorageUnavailable: tokens cannot be looked up.
            OnecUnavailable: the key could not be verified for longer than STALE_SECONDS.
        """
        token_hash, now = self._secrets.hash(token, "access token"), self._now()
        access = self._store.read(find_access, token_hash, now=now)
        if access is None:
            self._reject("the access token is not valid", {}, origin)
            return None
        # RFC 8707, 2 and MCP authorization: a token for another resource MUST NOT be accepted.
        if access.grant.resource != self._resource:
            detail = "the access token is for another resource"
            self._reject(detail, audit_facts(access.grant), origin)
            return None
        grant = await self.verify_if_due(access.grant, origin)
        if grant is None:
            self._reject("the login is over", audit_facts(access.grant), origin)
            return None
        if grant.unverified_seconds(now) >= VERIFY_SECONDS + STALE_SECONDS:
            raise OnecUnavailable(
                "your access cannot be checked now; nothing is wrong with it",
                retry_after_seconds=30,
            )
        if access.is_new:
            # Without this record, only the time in which a refresh may be repeated is longer.
            with contextlib.suppress(StorageUnavailable):
                await self._store.write(confirm_access, token_hash, now=now)
        return Caller(
            sub=grant.sub,
            scopes=access.scopes & grant.entitled,
            client=grant.client_name,
            grant=grant.id,
            ip=origin.ip,
            entitled=grant.entitled & self._supported_scopes,
        )

    def _reject(self, detail: str, facts: dict[str, str], origin: RequestOrigin) -> None:
        self._record_event("token.rejected", origin, **facts, detail=detail)

    async def verify_if_due(self, grant: Grant, origin: RequestOrigin) -> Grant | None:
        """Verify the key again VERIFY_SECONDS after the last time; record what its account may see.

        If the stored key cannot be decrypted, it never can be again; the grant is revoked and the
        person logs in anew.

        Returns:
            The grant as it is now; unchanged if the key is not due, or cannot be verified; None if
            the grant was revoked.

        Raises:
            StorageUnavailable: the revocation could not be stored.
        """
        is_due = grant.unverified_seconds(self._now()) >= VERIFY_SECONDS
        if not is_due or self._backoff_until.get(grant.id, 0) > trio.current_time():
            return grant
        facts = audit_facts(grant)
        key = self._secrets.decrypt(grant.key_ciphertext, purpose=f"grant {grant.id}")
        if key is None:
            log.error("oauth.key_box", extra={"fields": {"grant": grant.id}})
            await self._revoke(grant, origin, "the key behind it cannot be read any more")
            return None
        check = await self._key_cache.verify(key, origin.request_id)
        verdict = check.verdict
        if isinstance(verdict, UncheckedKey):
            self._back_off(grant.id)
            self._record_event("key.unavailable", origin, **facts, detail=verdict.error.code)
            return grant
        if isinstance(verdict, InvalidKey) or verdict.sub != grant.sub:
            self._record_event("key.revoked", origin, **facts)
            await self._revoke(grant, origin, "the key is not valid any more")
            return None
        verified = attrs.evolve(grant, entitled=verdict.scopes, verified_at=check.at)
        # If the verdict cannot be stored, the next call verifies again.
        with contextlib.suppress(StorageUnavailable):
            if not await self._store.write(record_verification, verified):
                return None  # an administrator revoked it during the verification
        self._record_event("key.reverified", origin, **facts)
        return verified

    async def _revoke(self, grant: Grant, origin: RequestOrigin, why: str) -> None:
        now = self._now()
        if await self._store.write(revoke_grant, grant.id, now=now, why=why):
            self._record_event("grant.revoked", origin, **audit_facts(grant), detail=why)

    def _back_off(self, grant_id: str) -> None:
        if len(self._backoff_until) >= MAX_BACKOFFS:
            self._backoff_until.clear()
        self._backoff_until[grant_id] = trio.current_time() + REVERIFY_BACKOFF_SECONDS
