"""Settings → a realm."""

import contextlib
import logging
import time
from collections.abc import Callable
from typing import Final

from onecgw.auth.key_verification import CheckKey
from onecgw.errors import StorageUnavailable
from onecgw.oauth.client_denylist import is_client_denied
from onecgw.oauth.client_metadata import Documents
from onecgw.oauth.client_registry import Clients, read_configured
from onecgw.oauth.context import Realm
from onecgw.oauth.grants import find_newest_grant
from onecgw.oauth.key_cache import VALID_SECONDS, Keyring
from onecgw.oauth.local_keys import make_local_check
from onecgw.oauth.redirect_policy import RedirectPolicy
from onecgw.oauth.safe_fetch import Fetcher
from onecgw.oauth.secrets import Vault
from onecgw.settings import Settings
from onecgw.storage.audit_log import AuditEvent
from onecgw.storage.database import Database

log = logging.getLogger(__name__)

OTHER_SECRETS: Final = (
    "the logins and keys of the database were made with another oauth.secrets_path; restore it, or"
    " people log in again, and local keys are made again"
)


def open_realm(
    settings: Settings,
    *,
    store: Database,
    vault: Vault,
    audit: Callable[[AuditEvent], None],
    check_key: CheckKey,
    fetcher: Fetcher | None = None,
    now: Callable[[], float] = time.time,
) -> Realm:
    """The realm that the settings describe.

    Args:
        settings: with an issuer.
        store: where logins are kept.
        vault: of the secrets file that belongs to the store.
        audit: told every event.
        check_key: asks 1C about a key; not used with `oauth.keys: local`.
        fetcher: fetches the documents of clients; None: over the internet.
        now: the clock, in seconds since the epoch.
    """
    _look_for_other_secrets(store, vault)
    oauth = settings.oauth
    is_local = oauth.keys == "local"
    policy = make_policy(settings)
    documents = Documents(
        mode=oauth.cimd,
        hosts=frozenset(oauth.cimd_hosts),
        policy=policy,
        fetcher=fetcher or Fetcher(),
        now=now,
    )
    return Realm(
        settings=settings,
        store=store,
        vault=vault,
        clients=Clients(
            vault=vault,
            policy=policy,
            configured=read_configured(oauth.clients),
            is_denied=lambda client_hash: store.read(lambda db: is_client_denied(db, client_hash)),
            documents=documents,
        ),
        keyring=Keyring(
            make_local_check(store, vault, now=now) if is_local else check_key,
            hash_key=lambda key: vault.hash(key, "key"),
            valid_seconds=0 if is_local else VALID_SECONDS,
            now=now,
        ),
        audit=audit,
        now=now,
    )


def make_policy(settings: Settings) -> RedirectPolicy:
    """The redirect policy of the settings."""
    redirects = settings.oauth.redirects
    return RedirectPolicy(allowed=frozenset(redirects.allowed), open_https=redirects.open_https)


def _look_for_other_secrets(store: Database, vault: Vault) -> None:
    """Say it at the start, and not to every person, when nothing of the database can be read."""
    with contextlib.suppress(StorageUnavailable):  # whoever needs it will say so
        newest = store.read(find_newest_grant)
        if newest and vault.decrypt(newest.key_box, purpose=f"grant {newest.id}") is None:
            log.error("oauth.other_secrets", extra={"fields": {"reason": OTHER_SECRETS}})
