"""What every step of a login shares: settings, database, secrets, clients, keys, audit, clock."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import attrs

from onecgw.oauth.client_registry import Clients
from onecgw.oauth.key_cache import Keyring
from onecgw.oauth.secrets import Vault
from onecgw.oauth.token_grants import Lives
from onecgw.settings import Settings
from onecgw.storage.audit_log import AuditEvent
from onecgw.storage.database import Database

DETAIL_CHARACTERS: Final = 200  # of what strangers write, in one record of the audit


@attrs.frozen(kw_only=True)
class Origin:
    """Where a request came from. ip: "" if unknown."""

    request_id: str
    ip: str


@attrs.frozen(kw_only=True)
class Realm:
    """One issuer and one resource. now: the clock, in seconds since the epoch."""

    settings: Settings
    store: Database
    vault: Vault
    clients: Clients
    keyring: Keyring
    audit: Callable[[AuditEvent], None]
    now: Callable[[], float]

    @property
    def issuer(self) -> str:
        """The identifier of the authorization server: an origin."""
        return self.settings.issuer

    @property
    def resource(self) -> str:
        """The identifier of the MCP endpoint."""
        return self.settings.resource

    @property
    def supported(self) -> frozenset[str]:
        """The scopes that may be asked for at all."""
        return frozenset(self.settings.oauth.supported_scopes)

    @property
    def lives(self) -> Lives:
        """How long things live."""
        oauth = self.settings.oauth
        return Lives(
            access=oauth.access_token_ttl.seconds,
            refresh=oauth.refresh_token_ttl.seconds,
            code=oauth.auth_code_ttl.seconds,
            grant=oauth.grant_ttl.seconds,
        )

    def seconds(self) -> int:
        """Now."""
        return int(self.now())

    def tell(
        self,
        event: str,
        origin: Origin,
        *,
        sub: str = "",
        client: str = "",
        grant: str = "",
        detail: str = "",
    ) -> None:
        """Write an event into the audit."""
        self.audit(
            AuditEvent(
                ts=datetime.now(UTC),
                event=event,
                request_id=origin.request_id,
                sub=sub,
                client=client[:DETAIL_CHARACTERS],
                grant=grant,
                ip=origin.ip,
                detail=detail[:DETAIL_CHARACTERS],
            )
        )
