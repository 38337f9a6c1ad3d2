"""The two grant types: an authorization code or a refresh token is exchanged for tokens.

The rules (check_code, check_refresh) are pure. exchange_code and refresh_tokens apply them, each
within one transaction of the database.
"""

import hmac
import secrets
import sqlite3
from collections.abc import Callable
from typing import Final, Literal

import attrs

from onecgw.oauth.oauth_error import OAuthErrorCode
from onecgw.oauth.secrets import pkce_challenge
from onecgw.oauth.storage import tokens
from onecgw.oauth.storage.grants import Grant, find_grant, revoke_grant
from onecgw.oauth.storage.tokens import Code, RefreshToken

MAX_WRONG_VERIFIERS: Final = 5
GRACE_SECONDS: Final = 60
"""For how long a rotated refresh token still works, because clients refresh in parallel."""
LOST_SECONDS: Final = 24 * 3600
"""The same as long as the next refresh token is unused: the response may have been lost."""
SALT_BYTES: Final = 16


@attrs.frozen(kw_only=True)
class TokenLifetimes:
    """Lifetimes in seconds."""

    access: int
    refresh: int
    grant: int


@attrs.frozen(kw_only=True)
class TokenRefusal:
    """A refused token request.

    event: for the audit. grant: the grant of the code or token, which may belong to another client.
    revoke_why: why the grant is revoked with this request, "" if it is not.
    """

    description: str
    error: OAuthErrorCode = "invalid_grant"
    event: str = "token.rejected"
    grant: Grant | None = None
    revoke_why: str = ""
    is_wrong_verifier: bool = False


@attrs.frozen(kw_only=True)
class IssuedTokens:
    """An accepted token request. refresh_token: the next one; "" if a code was exchanged."""

    grant: Grant
    scopes: frozenset[str]
    event: Literal["code.redeemed", "token.refreshed", "token.grace"]
    refresh_token: str = ""


@attrs.frozen(kw_only=True)
class CodeExchange:
    """A request with a code. redirect_uri, resource: None if not sent."""

    code_hash: bytes
    client_id: str
    redirect_uri: str | None
    resource: str | None
    verifier: str
    access_hash: bytes
    refresh_hash: bytes


@attrs.frozen(kw_only=True)
class RefreshRequest:
    """A request with a refresh token.

    scopes: of the access token; None = all of the grant. derive_next: makes the next refresh token
    and its hash from a salt.
    """

    token_hash: bytes
    client_id: str
    resource: str | None
    scopes: frozenset[str] | None
    access_hash: bytes
    derive_next: Callable[[bytes], tuple[str, bytes]]


def exchange_code(
    db: sqlite3.Connection, request: CodeExchange, lifetimes: TokenLifetimes, *, now: int
) -> IssuedTokens | TokenRefusal:
    """Exchange a code for tokens. Every check comes before the code is used up."""
    code = tokens.find_code(db, request.code_hash)
    grant = None if code is None else find_grant(db, code.grant_id)
    if (
        code is None
        or grant is None
        or not hmac.compare_digest(grant.client_id.encode(), request.client_id.encode())
    ):
        return TokenRefusal(
            description="the code is not valid for this client",
            grant=None if code is None else find_grant(db, code.grant_id, is_revoked_too=True),
        )
    if refusal := check_code(request, code, grant, now=now):
        if refusal.is_wrong_verifier:
            tokens.count_wrong_verifier(db, code, is_last=bool(refusal.revoke_why))
        if refusal.revoke_why:
            revoke_grant(db, grant.id, now=now, why=refusal.revoke_why)
        return refusal
    grant = attrs.evolve(grant, expires_at=now + lifetimes.grant)
    tokens.mark_code_used(db, code, now=now, grant_expires_at=grant.expires_at)
    tokens.insert_refresh(db, request.refresh_hash, grant, expires_at=now + lifetimes.refresh)
    tokens.insert_access(
        db,
        request.access_hash,
        grant,
        scopes=grant.scopes,
        expires_at=now + lifetimes.access,
        refresh_hash=request.refresh_hash,
    )
    return IssuedTokens(grant=grant, scopes=grant.scopes, event="code.redeemed")


def check_code(request: CodeExchange, code: Code, grant: Grant, *, now: int) -> TokenRefusal | None:
    """Why a code is refused to the client it was issued to; None if it is accepted."""
    if request.redirect_uri is not None and request.redirect_uri != code.redirect_uri:
        description = "the redirect_uri differs from the authorization request"
        return TokenRefusal(description=description, grant=grant)
    if request.resource is not None and request.resource != grant.resource:
        return TokenRefusal(
            error="invalid_target", description="the code is for another resource", grant=grant
        )
    if not hmac.compare_digest(pkce_challenge(request.verifier), code.challenge):
        is_last = code.wrong_verifiers + 1 >= MAX_WRONG_VERIFIERS and code.used_at is None
        return TokenRefusal(
            description="the code_verifier is wrong",
            grant=grant,
            revoke_why="too many wrong verifiers" if is_last else "",
            is_wrong_verifier=True,
        )
    if code.used_at is not None:
        # OAuth 2.1, 4.1.3: the tokens that were issued for a code used twice SHOULD be revoked.
        return TokenRefusal(
            description="the code was used before",
            event="code.replayed",
            grant=grant,
            revoke_why="the code was used twice",
        )
    if code.expires_at <= now:
        return TokenRefusal(description="the code has expired", grant=grant)
    return None


def refresh_tokens(
    db: sqlite3.Connection, request: RefreshRequest, lifetimes: TokenLifetimes, *, now: int
) -> IssuedTokens | TokenRefusal:
    """Exchange a refresh token for an access token and the next refresh token."""
    token = tokens.find_refresh(db, request.token_hash)
    grant = None if token is None else find_grant(db, token.grant_id)
    if token is None or grant is None or grant.client_id != request.client_id:
        description = "the refresh token is not valid for this client"
        return TokenRefusal(description=description, grant=grant)
    if refusal := check_refresh(request, token, grant, now=now):
        return refusal
    scopes = grant.scopes if request.scopes is None else request.scopes
    is_first_use = token.salt is None
    salt = secrets.token_bytes(SALT_BYTES) if token.salt is None else token.salt
    refresh_token, refresh_hash = request.derive_next(salt)
    if is_first_use:
        tokens.rotate_refresh(db, request.token_hash, salt, now=now)
        tokens.insert_refresh(db, refresh_hash, grant, expires_at=now + lifetimes.refresh)
    elif not may_repeat(token, tokens.find_refresh(db, refresh_hash), now=now):
        why = "a refresh token was used again"
        revoke_grant(db, grant.id, now=now, why=why)
        return TokenRefusal(
            description="the refresh token was used before; the login is revoked",
            event="token.reuse",
            grant=grant,
            revoke_why=why,
        )
    tokens.insert_access(
        db,
        request.access_hash,
        grant,
        scopes=scopes,
        expires_at=now + lifetimes.access,
        refresh_hash=refresh_hash,
    )
    return IssuedTokens(
        grant=grant,
        scopes=scopes,
        event="token.refreshed" if is_first_use else "token.grace",
        refresh_token=refresh_token,
    )


def check_refresh(
    request: RefreshRequest, token: RefreshToken, grant: Grant, *, now: int
) -> TokenRefusal | None:
    """Why a refresh token is refused to its client, apart from reuse; None if it is accepted."""
    if token.expires_at <= now or grant.expires_at <= now:
        return TokenRefusal(description="the login has expired", grant=grant)
    if request.resource is not None and request.resource != grant.resource:
        return TokenRefusal(
            error="invalid_target", description="the token is for another resource", grant=grant
        )
    # RFC 6749, 6: the scope MUST NOT include any scope not originally granted. Without any scope
    # that is known here, the token would allow nothing.
    if request.scopes is not None and not (request.scopes and request.scopes <= grant.scopes):
        return TokenRefusal(
            error="invalid_scope", description="the scope exceeds what was granted", grant=grant
        )
    return None


def may_repeat(token: RefreshToken, next_token: RefreshToken | None, *, now: int) -> bool:
    """Whether a rotated refresh token gets the same next token again.

    next_token: None if it has expired and was deleted.
    """
    if next_token is None or token.rotated_at is None:
        return False
    age_seconds = abs(now - token.rotated_at)  # a clock that is set back must not extend the time
    return age_seconds <= GRACE_SECONDS or (
        next_token.seen_at is None and age_seconds <= LOST_SECONDS
    )
