"""An access token → the caller behind it, as long as the account may still see it."""

import contextlib
import logging
from typing import Final

import attrs
import trio

from onecgw.caller import Caller
from onecgw.errors import OnecUnavailable, StorageUnavailable
from onecgw.identity import InvalidKey, UncheckedKey, ValidKey
from onecgw.oauth.grants import Grant, confirm_access, find_access, record_verified, revoke_grant
from onecgw.oauth.keyring import Checked
from onecgw.oauth.realm import Origin, Realm

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
        token_hash, now = realm.vault.hash(token), realm.seconds()
        access = realm.store.read(lambda db: find_access(db, token_hash, now=now))
        # RFC 8707, 2 and MCP authorization: a token for another resource MUST NOT be accepted.
        if access is None or access.grant.resource != realm.resource:
            return None
        grant = access.grant
        if now - grant.verified_at >= VERIFY_SECONDS:
            verified = await self.verify_again(grant, origin)
            if verified is None:
                return None
            grant = verified
            if now - grant.verified_at >= VERIFY_SECONDS + STALE_SECONDS:
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
            entitled=grant.entitled & realm.supported,
        )

    async def verify_again(self, grant: Grant, origin: Origin) -> Grant | None:
        """The grant with what its account may see now; None if it is over.

        When nobody can be asked it comes back as it was.

        Raises:
            StorageUnavailable: the answer could not be kept.
        """
        if self._paused.get(grant.id, 0) > trio.current_time():
            return grant
        realm = self._realm
        key = realm.vault.decrypt(grant.key_box, purpose=f"grant {grant.id}")
        if key is None:
            log.error("oauth.key_box", extra={"fields": {"grant": grant.id}})
            return None
        checked = await realm.keyring.verify(key, origin.request_id)
        verdict = checked.verdict
        if isinstance(verdict, UncheckedKey):
            self._pause(grant.id)
            reason = verdict.error.code
            realm.tell("key.unavailable", origin, sub=grant.sub, grant=grant.id, detail=reason)
            return grant
        if isinstance(verdict, InvalidKey) or verdict.sub != grant.sub:
            await self._end(grant, origin)
            return None
        return await self._keep(grant, verdict, checked, origin)

    async def _keep(
        self, grant: Grant, verdict: ValidKey, checked: Checked, origin: Origin
    ) -> Grant:
        # While the database is read-only, the next call asks again.
        with contextlib.suppress(StorageUnavailable):
            await self._realm.store.write(
                lambda db: record_verified(
                    db, grant.id, entitled=verdict.scopes, verified_at=checked.at
                )
            )
        self._realm.tell(
            "key.reverified", origin, sub=grant.sub, client=grant.client_name, grant=grant.id
        )
        return attrs.evolve(grant, entitled=verdict.scopes, verified_at=checked.at)

    async def _end(self, grant: Grant, origin: Origin) -> None:
        realm = self._realm
        facts = {"sub": grant.sub, "client": grant.client_name, "grant": grant.id}
        realm.tell("key.revoked", origin, **facts)
        why = "the key is not valid any more"
        await realm.store.write(lambda db: revoke_grant(db, grant.id, now=realm.seconds(), why=why))
        realm.tell("grant.revoked", origin, **facts, detail=why)

    def _pause(self, grant_id: str) -> None:
        if len(self._paused) >= MAX_PAUSED:
            self._paused.clear()
        self._paused[grant_id] = trio.current_time() + PAUSE_SECONDS
