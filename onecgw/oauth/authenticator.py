"""An access token → the caller behind it, as long as the account may still see it."""

import contextlib
import logging
import sqlite3
from typing import Final

import attrs
import trio

from onecgw.auth.caller import Caller
from onecgw.auth.key_verification import InvalidKey, UncheckedKey, ValidKey
from onecgw.errors import OnecUnavailable, StorageUnavailable
from onecgw.oauth.context import Origin, Realm
from onecgw.oauth.grants import (
    Grant,
    confirm_access,
    facts_of,
    find_access,
    record_verified,
    revoke_grant,
)
from onecgw.oauth.key_cache import Checked

log = logging.getLogger(__name__)

VERIFY_SECONDS: Final = 300
"""How old the last answer about the key behind a login may be."""
STALE_SECONDS: Final = 900
"""How much longer it serves while nobody can be asked."""
PAUSE_SECONDS: Final = 5
"""How long nobody is asked again after that failed."""
MAX_PAUSED: Final = 10_000


class Admission:
    """Lets callers in by their access tokens."""

    def __init__(self, realm: Realm) -> None:
        self._realm = realm
        self._paused: dict[str, float] = {}

    async def admit(self, token: str, origin: Origin) -> Caller | None:
        """Who is calling; None if the token is not valid.

        Raises:
            StorageUnavailable: tokens cannot be looked up.
            OnecUnavailable: the account could not be checked for too long.
        """
        realm = self._realm
        token_hash, now = realm.vault.hash(token, "access token"), realm.seconds()
        access = realm.store.read(lambda db: find_access(db, token_hash, now=now))
        if access is None:
            realm.tell("token.rejected", origin, detail="the access token is not valid")
            return None
        grant = access.grant
        # RFC 8707, 2 and MCP authorization: a token for another resource MUST NOT be accepted.
        if grant.resource != realm.resource:
            detail = "the access token is for another resource"
            realm.tell("token.rejected", origin, **facts_of(grant), detail=detail)
            return None
        if grant.unverified_seconds(now) >= VERIFY_SECONDS:
            verified = await self.verify_again(grant, origin)
            if verified is None:
                detail = "the login is over"
                realm.tell("token.rejected", origin, **facts_of(grant), detail=detail)
                return None
            grant = verified
            if grant.unverified_seconds(now) >= VERIFY_SECONDS + STALE_SECONDS:
                raise OnecUnavailable(
                    "your access cannot be checked now; nothing is wrong with it",
                    retry_after_seconds=30,
                )
        if access.is_new:
            with contextlib.suppress(StorageUnavailable):  # it only shortens a period of grace
                await realm.store.write(lambda db: confirm_access(db, token_hash, now=now))
        return Caller(
            sub=grant.sub,
            scopes=access.scopes & grant.entitled,
            client=grant.client_name,
            grant=grant.id,
            ip=origin.ip,
            entitled=grant.entitled & realm.supported,
        )

    async def verify_again(self, grant: Grant, origin: Origin) -> Grant | None:
        """The grant with what its account may see now; None if it is over.

        When nobody can be asked it comes back as it was. A key that cannot be read any more is not
        that: asking again would never help, so the login ends, and the person makes a new one.

        Raises:
            StorageUnavailable: the answer could not be kept.
        """
        if self._paused.get(grant.id, 0) > trio.current_time():
            return grant
        realm = self._realm
        key = realm.vault.decrypt(grant.key_box, purpose=f"grant {grant.id}")
        if key is None:
            log.error("oauth.key_box", extra={"fields": {"grant": grant.id}})
            await self._end(grant, origin, "the key behind it cannot be read any more")
            return None
        checked = await realm.keyring.verify(key, origin.request_id)
        verdict = checked.verdict
        if isinstance(verdict, UncheckedKey):
            self._pause(grant.id)
            realm.tell("key.unavailable", origin, **facts_of(grant), detail=verdict.error.code)
            return grant
        if isinstance(verdict, InvalidKey) or verdict.sub != grant.sub:
            realm.tell("key.revoked", origin, **facts_of(grant))
            await self._end(grant, origin, "the key is not valid any more")
            return None
        return await self._keep(grant, verdict, checked, origin)

    async def _keep(
        self, grant: Grant, verdict: ValidKey, checked: Checked, origin: Origin
    ) -> Grant | None:
        def transition(db: sqlite3.Connection) -> bool:
            return record_verified(db, grant.id, entitled=verdict.scopes, verified_at=checked.at)

        # While the database is read-only, the next call asks again.
        with contextlib.suppress(StorageUnavailable):
            if not await self._realm.store.write(transition):
                return None  # an administrator was faster than 1C
        self._realm.tell("key.reverified", origin, **facts_of(grant))
        return attrs.evolve(grant, entitled=verdict.scopes, verified_at=checked.at)

    async def _end(self, grant: Grant, origin: Origin, why: str) -> None:
        realm = self._realm
        if await realm.store.write(
            lambda db: revoke_grant(db, grant.id, now=realm.seconds(), why=why)
        ):
            realm.tell("grant.revoked", origin, **facts_of(grant), detail=why)

    def _pause(self, grant_id: str) -> None:
        if len(self._paused) >= MAX_PAUSED:
            self._paused.clear()
        self._paused[grant_id] = trio.current_time() + PAUSE_SECONDS
