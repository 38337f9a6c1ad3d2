"""Client ID metadata documents (CIMD): clients whose client_id is the URL of their description.

Source: draft-ietf-oauth-client-id-metadata-document; MCP authorization, 2025-11-25.
"""

import logging
import re
import time
from collections.abc import Callable
from functools import partial
from typing import Final, Literal
from urllib.parse import urlsplit

import msgspec
import trio

from onecgw.oauth.client import OAuthClient, accept_redirects, clean_name
from onecgw.oauth.oauth_error import OAuthError
from onecgw.oauth.redirect_policy import RedirectPolicy
from onecgw.oauth.safe_fetch import DocumentFetcher, FetchFailed
from onecgw.oauth.timed_cache import TimedCache

log = logging.getLogger(__name__)

MAX_URL_CHARACTERS: Final = 512
KEPT_SECONDS: Final = (300, 86_400)
"""The shortest and the longest time in the cache, whatever the document's max-age is."""
KEPT_BY_DEFAULT_SECONDS: Final = 3600
FAILED_SECONDS: Final = 30
MAX_KEPT: Final = 1000
MAX_FETCHES: Final = 8  # at the same time; more wait
TEST_SECONDS: Final = 600
SELF_TEST_URL: Final = "https://vscode.dev/oauth/client-metadata.json"
"""A document that is always published: if it can be fetched, so can others."""

# A DNS name with a dot and a last label that is no number, so no address in any notation.
_NAME: Final = re.compile(
    r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?"
)
_PATH: Final = re.compile(r"(/[A-Za-z0-9\-._~!$&'()*+,;=:@%]+)+/?")

Mode = Literal["auto", "off", "allowlist", "open"]


class _MetadataDocument(msgspec.Struct):
    client_id: str
    redirect_uris: list[str]
    client_name: str | None = None
    token_endpoint_auth_method: str | None = None


def check_url(url: str) -> tuple[str, str] | None:
    """The host and the path of an acceptable client_id; None if it is not one."""
    if len(url) > MAX_URL_CHARACTERS or not url.startswith("https://"):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    path = parts.path
    is_plain = (
        f"https://{parts.netloc}{path}" == url  # no query, no fragment
        and _NAME.fullmatch(parts.netloc) is not None  # no userinfo, no port, no address
        and _PATH.fullmatch(path) is not None
        and not any(
            segment.lower().replace("%2e", ".") in (".", "..") for segment in path.split("/")
        )
    )
    return (parts.netloc, path) if is_plain else None


class ClientMetadataDocuments:
    """Fetches metadata documents of clients and caches them.

    Args:
        mode: with `auto`, clients with a document are accepted once a self-test has fetched one.
        hosts: the hosts that mode `allowlist` accepts.
        policy: which redirect URIs a client may have.
        fetcher: fetches the documents.
        now: the clock, in seconds since the epoch.
    """

    def __init__(
        self,
        *,
        mode: Mode,
        hosts: frozenset[str],
        policy: RedirectPolicy,
        fetcher: DocumentFetcher,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._mode = mode
        self._hosts = hosts
        self._policy = policy
        self._fetcher = fetcher
        # None: not known before the first self-test.
        self._is_live = None if mode == "auto" else mode != "off"
        self._cache: TimedCache[OAuthClient | None] = TimedCache(max_entries=MAX_KEPT, now=now)
        self._limiter = trio.CapacityLimiter(MAX_FETCHES)

    @property
    def is_live(self) -> bool:
        """Whether such clients may begin a login; the server metadata says so too."""
        return bool(self._is_live)

    @property
    def is_on(self) -> bool:
        """Whether such clients may use the grants they have, even if their document is gone."""
        return self._mode != "off"

    async def keep_testing(self) -> None:
        """Repeat the self-test of mode `auto` every TEST_SECONDS; other modes need none."""
        while self._mode == "auto":
            await self.test()
            await trio.sleep(TEST_SECONDS)

    async def test(self) -> None:
        """Find out whether documents can be fetched from here."""
        try:
            await self._fetch(SELF_TEST_URL)
        except (FetchFailed, OAuthError) as error:
            # In a closed network this would come every TEST_SECONDS, for ever.
            if self._is_live is not False:
                log.info("oauth.cimd_off", extra={"fields": {"reason": str(error)}})
            self._is_live = False
        else:
            self._is_live = True

    async def find(self, url: str) -> OAuthClient | None:
        """The client that the document at a URL describes; None if it is not accepted."""
        if not self._is_live:
            return None
        return await self._cache.get(url, partial(self._load, url))

    async def _load(self, url: str) -> tuple[OAuthClient | None, float]:
        try:
            async with self._limiter:
                return await self._fetch(url)
        except (FetchFailed, OAuthError) as error:
            log.warning("oauth.cimd_refused", extra={"fields": {"reason": str(error)}})
            return None, FAILED_SECONDS

    async def _fetch(self, url: str) -> tuple[OAuthClient, float]:
        found = check_url(url)
        if found is None:
            raise FetchFailed("the client_id is not the URL of a document")
        host, path = found
        if self._mode == "allowlist" and host not in self._hosts:
            raise FetchFailed(f"{host} is not one of oauth.cimd_hosts")
        fetched = await self._fetcher.fetch(host, path)
        shortest, longest = KEPT_SECONDS
        age = fetched.max_age_seconds
        seconds = KEPT_BY_DEFAULT_SECONDS if age is None else min(max(age, shortest), longest)
        return self._read(url, host, fetched.body), seconds

    def _read(self, url: str, host: str, body: bytes) -> OAuthClient:
        try:
            document = msgspec.json.decode(body, type=_MetadataDocument)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            raise FetchFailed(f"the document of {host} is not what is expected: {error}") from error
        # The draft, 4.1: the client_id in the document MUST match the URL by string comparison.
        if document.client_id != url:
            raise FetchFailed(f"the document of {host} has another client_id")
        # The draft, 4.1: it MUST NOT use a method that is based on a shared secret.
        if document.token_endpoint_auth_method not in {None, "none"}:
            raise FetchFailed(f"the document of {host} demands client authentication")
        return OAuthClient(
            id=url,
            name=f"{clean_name(document.client_name or '')} ({host})",
            redirect_uris=accept_redirects(document.redirect_uris, self._policy),
        )
