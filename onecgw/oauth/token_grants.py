"""Codes and refresh tokens → tokens: each function is one transaction of the database."""

import hmac
import secrets
import sqlite3
from collections.abc import Callable
from typing import Final, Literal

import attrs

from onecgw.oauth.grants import Grant, find_any_grant, find_grant, find_token, revoke_grant
from onecgw.oauth.oauth_error import INVALID_GRANT, INVALID_SCOPE, INVALID_TARGET
from onecgw.oauth.scopes import join_scopes
from onecgw.oauth.secrets import challenge_of

MAX_WRONG_VERIFIERS: Final = 5
GRACE_SECONDS: Final = 60
"""How long a refresh token works beside its successor: parallel refreshes of one client."""
LOST_SECONDS: Final = 24 * 3600
"""The same while nothing of the successor has been seen: its answer was lost on the way."""
SALT_BYTES: Final = 16


@attrs.frozen(kw_only=True)
class Lives:
    """How long things live, in seconds."""

    access: int
    refresh: int
    code: int
    grant: int


@attrs.frozen(kw_only=True)
class Refused:
    """A request without effect, or with the effect that its event names.

    event: for the audit. grant: whose code or token it was, be it of this client or another.
    ended: why the grant is over now, "" if it is not.
    """

    error: str
    description: str
    event: str = "token.rejected"
    grant: Grant | None = None
    ended: str = ""


@attrs.frozen(kw_only=True)
class Issued:
    """Tokens were issued. successor: of a refresh; "" for a redeemed code."""

    grant: Grant
    scopes: frozenset[str]
    event: Literal["code.redeemed", "token.refreshed", "token.grace"]
    successor: str = ""


@attrs.frozen(kw_only=True)
class Redemption:
    """A code that comes back for tokens. redirect_uri, resource: None if not sent."""

    code_hash: bytes
    client_id: str
    redirect_uri: str | None
    resource: str | None
    verifier: str
    access_hash: bytes
    refresh_hash: bytes


@attrs.frozen(kw_only=True)
class Refreshing:
    """A refresh token that comes back.

    scopes: what the access token shall be narrowed to; None = all of the grant.
    derive: the successor and its hash, from a salt.
    """

    token_hash: bytes
    client_id: str
    resource: str | None
    scopes: frozenset[str] | None
    access_hash: bytes
    derive: Callable[[bytes], tuple[str, bytes]]


def redeem(
    db: sqlite3.Connection, asked: Redemption, lives: Lives, *, now: int
) -> Issued | Refused:
    """Turn a code into tokens. Every check comes before the code is used up."""
    code = db.execute("SELECT * FROM codes WHERE hash = ?", (asked.code_hash,)).fetchone()
    grant = None if code is None else find_grant(db, code["grant_id"])
    if grant is None or not hmac.compare_digest(grant.client_id.encode(), asked.client_id.encode()):
        return Refused(
            error=INVALID_GRANT,
            description="the code is not valid for this client",
            grant=None if code is None else find_any_grant(db, code["grant_id"]),
        )
    if refused := _refusal(db, asked, code, grant, now=now):
        return refused
    ends_at = now + lives.grant
    db.execute("UPDATE codes SET used_at = ? WHERE hash = ?", (now, asked.code_hash))
    db.execute(
        "UPDATE grants SET redeemed_at = ?, expires_at = ? WHERE id = ?", (now, ends_at, grant.id)
    )
    grant = attrs.evolve(grant, expires_at=ends_at)
    _insert_refresh(db, asked.refresh_hash, grant, lives, now=now)
    _insert_access(db, asked.access_hash, grant, asked.refresh_hash, lives, now=now)
    return Issued(grant=grant, scopes=grant.scopes, event="code.redeemed")


def _refusal(
    db: sqlite3.Connection, asked: Redemption, code: sqlite3.Row, grant: Grant, *, now: int
) -> Refused | None:
    """Why a code of this client is not redeemed."""
    if asked.redirect_uri is not None and asked.redirect_uri != code["redirect_uri"]:
        return Refused(
            error=INVALID_GRANT, description="another redirect_uri than before", grant=grant
        )
    if asked.resource is not None and asked.resource != grant.resource:
        return Refused(error=INVALID_TARGET, description="another resource", grant=grant)
    if not hmac.compare_digest(challenge_of(asked.verifier), code["challenge"]):
        return _wrong_verifier(db, code, grant, now=now)
    if code["used_at"] is not None:
        # OAuth 2.1, 4.1.3: the tokens that were issued for a code used twice SHOULD be revoked.
        why = "the code was used twice"
        revoke_grant(db, grant.id, now=now, why=why)
        return Refused(
            ended=why,
            error=INVALID_GRANT,
            description="the code was used before",
            event="code.replayed",
            grant=grant,
        )
    if code["expires_at"] <= now:
        return Refused(error=INVALID_GRANT, description="the code has expired", grant=grant)
    return None


def _wrong_verifier(
    db: sqlite3.Connection, code: sqlite3.Row, grant: Grant, *, now: int
) -> Refused:
    tries = code["wrong_verifiers"] + 1
    db.execute("UPDATE codes SET wrong_verifiers = ? WHERE hash = ?", (tries, code["hash"]))
    ended = ""
    if tries >= MAX_WRONG_VERIFIERS and code["used_at"] is None:
        ended = "too many wrong verifiers"
        db.execute("UPDATE codes SET expires_at = 0 WHERE hash = ?", (code["hash"],))
        revoke_grant(db, grant.id, now=now, why=ended)
    return Refused(
        error=INVALID_GRANT, description="the code_verifier is wrong", grant=grant, ended=ended
    )


def refresh(
    db: sqlite3.Connection, asked: Refreshing, lives: Lives, *, now: int
) -> Issued | Refused:
    """Turn a refresh token into an access token and the next refresh token."""
    token = find_token(db, asked.token_hash, "refresh")
    grant = None if token is None else find_grant(db, token["grant_id"])
    if token is None or grant is None or grant.client_id != asked.client_id:
        return Refused(
            error=INVALID_GRANT,
            description="the refresh token is not valid for this client",
            grant=grant,
        )
    if token["expires_at"] <= now or grant.expires_at <= now:
        return Refused(error=INVALID_GRANT, description="the login has expired", grant=grant)
    if asked.resource is not None and asked.resource != grant.resource:
        return Refused(error=INVALID_TARGET, description="another resource", grant=grant)
    # RFC 6749, 6: the scope MUST NOT include any scope not originally granted. None that is known
    # here would be a token that opens nothing.
    if asked.scopes is not None and not (asked.scopes and asked.scopes <= grant.scopes):
        return Refused(error=INVALID_SCOPE, description="more than was granted", grant=grant)
    if token["rotated_at"] is None:
        salt = secrets.token_bytes(SALT_BYTES)
        successor, successor_hash = asked.derive(salt)
        db.execute(
            "UPDATE tokens SET rotated_at = ?, salt = ?, seen_at = coalesce(seen_at, ?)"
            " WHERE hash = ?",
            (now, salt, now, asked.token_hash),
        )
        _insert_refresh(db, successor_hash, grant, lives, now=now)
        event: Literal["token.refreshed", "token.grace"] = "token.refreshed"
    else:
        successor, successor_hash = asked.derive(token["salt"])
        child = find_token(db, successor_hash, "refresh")
        if not _may_repeat(token, child, now):
            why = "a refresh token was used again"
            revoke_grant(db, grant.id, now=now, why=why)
            return Refused(
                ended=why,
                error=INVALID_GRANT,
                description="the refresh token was used before; the login is revoked",
                event="token.reuse",
                grant=grant,
            )
        event = "token.grace"
    scopes = grant.scopes if asked.scopes is None else asked.scopes
    narrowed = attrs.evolve(grant, scopes=scopes)
    _insert_access(db, asked.access_hash, narrowed, successor_hash, lives, now=now)
    return Issued(grant=grant, scopes=scopes, event=event, successor=successor)


def _may_repeat(token: sqlite3.Row, child: sqlite3.Row | None, now: int) -> bool:
    """Whether a rotated token may be answered with the same successor once more."""
    if child is None:  # it has expired and was swept
        return False
    age_seconds = abs(now - token["rotated_at"])  # a clock that was put back gives no grace
    return age_seconds <= GRACE_SECONDS or (
        child["seen_at"] is None and age_seconds <= LOST_SECONDS
    )


def _insert_refresh(
    db: sqlite3.Connection, token_hash: bytes, grant: Grant, lives: Lives, *, now: int
) -> None:
    db.execute(
        "INSERT INTO tokens (hash, kind, grant_id, scopes, expires_at)"
        " VALUES (?, 'refresh', ?, ?, ?)",
        (
            token_hash,
            grant.id,
            join_scopes(grant.scopes),
            min(now + lives.refresh, grant.expires_at),
        ),
    )


def _insert_access(
    db: sqlite3.Connection,
    token_hash: bytes,
    grant: Grant,
    refresh_hash: bytes,
    lives: Lives,
    *,
    now: int,
) -> None:
    db.execute(
        "INSERT INTO tokens (hash, kind, grant_id, scopes, expires_at, refresh_hash)"
        " VALUES (?, 'access', ?, ?, ?, ?)",
        (
            token_hash,
            grant.id,
            join_scopes(grant.scopes),
            min(now + lives.access, grant.expires_at),
            refresh_hash,
        ),
    )
