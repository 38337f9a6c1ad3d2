"""Settings that are valid one by one and contradict each other, or that a command lacks."""

from collections.abc import Callable, Iterator
from typing import Final

import attrs

from onecgw.settings.schema import Settings

_ODATA_PATH: Final = "/odata/standard.odata"


@attrs.frozen
class Conflict:
    """One contradiction.

    message: what would be right; never a secret.
    keys: the settings involved; the message is reported at the first of them.
    """

    message: str
    keys: tuple[str, ...]


Check = Callable[[Settings], Iterator[Conflict]]


def _oauth(settings: Settings) -> Iterator[Conflict]:
    oauth = settings.oauth
    if not oauth.enabled:
        return
    if unsupported := sorted(set(oauth.default_scopes) - set(oauth.supported_scopes)):
        message = f"{', '.join(unsupported)}: not one of oauth.supported_scopes"
        yield Conflict(message, ("oauth.default_scopes", "oauth.supported_scopes"))
    if oauth.refresh_token_ttl.seconds > oauth.grant_ttl.seconds:
        message = f"at most oauth.grant_ttl ({oauth.grant_ttl}) is expected"
        yield Conflict(message, ("oauth.refresh_token_ttl", "oauth.grant_ttl"))
    if oauth.cimd == "allowlist" and not oauth.cimd_hosts:
        yield Conflict("missing; oauth.cimd: allowlist needs them", ("oauth.cimd_hosts",))


def _limits(settings: Settings) -> Iterator[Conflict]:
    limits, deadline_ms = settings.limits, settings.longest_deadline_ms
    if limits.default_rows > limits.max_rows:
        message = f"at most limits.max_rows ({limits.max_rows}) is expected"
        yield Conflict(message, ("limits.default_rows", "limits.max_rows"))
    if settings.shutdown_grace_seconds * 1000 <= deadline_ms:
        yield Conflict(
            f"more than the longest deadline ({deadline_ms} ms) is expected:"
            " a stop waits for running calls",
            ("server.shutdown_grace_s", "onec.report_timeout_ms", "onec.timeout_ms"),
        )


def _tokens(settings: Settings) -> Iterator[Conflict]:
    mcp, api = settings.mcp, settings.api
    # One token on both surfaces would make the narrower scopes of one of them void.
    if mcp.bearer_token is not None and mcp.bearer_token == api.bearer_token:
        message = "another token than mcp.bearer_token is expected: their scopes differ"
        yield Conflict(message, ("api.bearer_token", "mcp.bearer_token"))


def _issuer(settings: Settings) -> Iterator[Conflict]:
    if settings.oauth.enabled and not settings.issuer:
        yield Conflict(
            "missing; the origin under which clients reach the gateway is expected"
            " (or oauth.enabled: false and mcp.bearer_token)",
            ("oauth.public_url", "server.public_url", "oauth.enabled"),
        )


def _credentials(settings: Settings) -> Iterator[Conflict]:
    auth = settings.onec.auth
    if auth.type == "basic" and auth.username is None:
        message = "missing; onec.auth.type: basic needs the login of a 1C user"
        yield Conflict(message, ("onec.auth.username", "onec.auth.type"))
    if auth.type == "bearer" and auth.token is None:
        message = "missing; onec.auth.type: bearer needs a token"
        yield Conflict(message, ("onec.auth.token", "onec.auth.type"))
    if auth.type == "none" and auth.username is not None:
        message = "not expected: onec.auth.type: none sends no login; write basic, or remove it"
        yield Conflict(message, ("onec.auth.username", "onec.auth.type"))


def _transport(settings: Settings) -> Iterator[Conflict]:
    onec, limits = settings.onec, settings.limits
    if onec.transport == "direct" and onec.proxy is not None:
        message = "auto or httpx is expected with onec.proxy: own connections know no proxy"
        yield Conflict(message, ("onec.transport", "onec.proxy"))
    least_bytes = 2 * limits.max_response_bytes  # the answer of 1C, and what is made of it
    if onec.max_memory_bytes < least_bytes:
        message = f"at least twice limits.max_response_bytes ({least_bytes}) is expected"
        yield Conflict(message, ("onec.max_memory_bytes", "limits.max_response_bytes"))


def _backend(settings: Settings) -> Iterator[Conflict]:
    onec = settings.onec
    keys = ("onec.base_url", "onec.backend")
    if onec.backend == "http_service":
        if _ODATA_PATH in onec.base_url:
            message = "the address of OData; set onec.backend: odata, or give the address of /hs"
            yield Conflict(message, keys)
        return
    publication = onec.base_url.partition(_ODATA_PATH)[0].removesuffix("/hs")
    if publication != onec.base_url:
        message = f"the publication is expected with onec.backend: odata: write {publication}"
        yield Conflict(message, keys)
    if settings.oauth.enabled and settings.oauth.keys == "onec":
        message = (
            "local is expected with onec.backend: odata: a stock 1C cannot verify keys"
            " (make them with `onecgw keys`)"
        )
        yield Conflict(message, ("oauth.keys", "onec.backend", "oauth.enabled"))


def _tls(settings: Settings) -> Iterator[Conflict]:
    tls = settings.server.tls
    if tls.cert is not None and tls.key is None:
        yield Conflict("missing; server.tls.cert needs its key", ("server.tls.key",))
    if tls.key is not None and tls.cert is None:
        yield Conflict("missing; server.tls.key needs its certificate", ("server.tls.cert",))


def _workers(settings: Settings) -> Iterator[Conflict]:
    workers, calls = settings.server.workers, settings.onec.max_concurrency
    if workers > calls:
        message = f"at most onec.max_concurrency ({calls}) is expected: each needs a call to 1C"
        yield Conflict(message, ("server.workers", "onec.max_concurrency"))


def _surfaces(settings: Settings) -> Iterator[Conflict]:
    mcp = settings.mcp
    serves_mcp = mcp.enabled and (mcp.bearer_token is not None or settings.oauth.enabled)
    if not serves_mcp and settings.api.bearer_token is None:
        yield Conflict(
            "nothing to serve: set mcp.bearer_token (and mcp.enabled: true) or api.bearer_token",
            ("mcp.bearer_token", "api.bearer_token", "mcp.enabled", "oauth.enabled"),
        )


FOR_ADMINISTRATION: Final[tuple[Check, ...]] = (_oauth, _limits, _tokens)
"""What commands that only use the database need: keys, grants, audit."""
FOR_UPSTREAM: Final = (*FOR_ADMINISTRATION, _credentials, _backend, _transport)
"""What commands that call 1C and do not listen need: stdio, check."""
FOR_SERVER: Final = (_issuer, *FOR_UPSTREAM, _surfaces, _tls, _workers)
"""What a gateway that serves HTTP needs."""
