"""Clients that are described by a document at their client_id.

Source: draft-ietf-oauth-client-id-metadata-document; MCP authorization, 2025-11-25.
"""

import logging
import re
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Literal
from urllib.parse import urlsplit

import msgspec
import trio

from onecgw.oauth.client import Client, accept_redirects, clean_name
from onecgw.oauth.oauth_error import OauthProblem
from onecgw.oauth.redirect_policy import RedirectPolicy
from onecgw.oauth.safe_fetch import Fetcher, NotFetched

log = logging.getLogger(__name__)

MAX_URL_CHARACTERS: Final = 512
KEPT_SECONDS: Final = (300, 86_400)
"""At least and at most, whatever the document's server says."""
KEPT_BY_DEFAULT_SECONDS: Final = 3600
FAILED_SECONDS: Final = 30
MAX_KEPT: Final = 1000
MAX_FETCHES: Final = 8  # at once; the others wait
TEST_SECONDS: Final = 600
SELF_TEST_URL: Final = "https://vscode.dev/oauth/client-metadata.json"
"""A document that a wide-spread client publishes: if it comes, others will."""

# A DNS name with a dot and a last label that is no number, so no address in any notation.
_NAME: Final = re.compile(
    r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?"
)
_PATH: Final = re.compile(r"(/[A-Za-z0-9\-._~!$&'()*+,;=:@%]+)+/?")

Mode = Literal["auto", "off", "allowlist", "open"]


class _Document(msgspec.Struct):
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


class Documents:
    """Fetches descriptions of clients, and keeps them for a while.

    Args:
        mode: `auto` lets clients in once a self-test has shown that documents can be fetched.
        hosts: those of mode `allowlist`.
        policy: which redirect URIs they may have.
        fetcher: how documents come.
        now: the clock.
    """

    def __init__(
        self,
        *,
        mode: Mode,
        hosts: frozenset[str],
        policy: RedirectPolicy,
        fetcher: Fetcher,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._mode = mode
        self._hosts = hosts
        self._policy = policy
        self._fetcher = fetcher
        self._now = now
        self._is_live = mode in ("open", "allowlist")
        self._kept: OrderedDict[str, tuple[float, Client | None]] = OrderedDict()
        self._flights: dict[str, trio.Event] = {}
        self._limiter = trio.CapacityLimiter(MAX_FETCHES)

    @property
    def is_live(self) -> bool:
        """Whether such clients may begin a login, and are told so in the metadata."""
        return self._is_live

    @property
    def is_on(self) -> bool:
        """Whether such clients may go on with the logins they have, fetched or not."""
        return self._mode != "off"

    async def keep_testing(self) -> None:
        """For mode `auto`: find out again and again whether documents can be fetched from here."""
        while self._mode == "auto":
            await self.test()
            await trio.sleep(TEST_SECONDS)

    async def test(self) -> None:
        """Find out once."""
        try:
            await self._fetch(SELF_TEST_URL)
        except (NotFetched, OauthProblem) as error:
            log.info("oauth.cimd_off", extra={"fields": {"reason": str(error)}})
            self._is_live = False
        else:
            self._is_live = True

    async def find(self, url: str) -> Client | None:
        """The client that a URL describes; None if it does not, or may not."""
        if not self._is_live:
            return None
        while True:
            until, client = self._kept.get(url, (0.0, None))
            if self._now() < until:
                return client
            if (landed := self._flights.get(url)) is None:
                return await self._ask(url)
            await landed.wait()

    async def _ask(self, url: str) -> Client | None:
        landed = self._flights[url] = trio.Event()
        client: Client | None = None
        try:
            async with self._limiter:
                client, seconds = await self._fetch(url)
        except (NotFetched, OauthProblem) as error:
            log.warning("oauth.cimd_refused", extra={"fields": {"reason": str(error)}})
            seconds = FAILED_SECONDS
        finally:
            del self._flights[url]
            landed.set()
        self._kept[url] = (self._now() + seconds, client)
        if len(self._kept) > MAX_KEPT:
            self._kept.popitem(last=False)
        return client

    async def _fetch(self, url: str) -> tuple[Client, int]:
        found = check_url(url)
        if found is None:
            raise NotFetched("the client_id is not the URL of a document")
        host, path = found
        if self._mode == "allowlist" and host not in self._hosts:
            raise NotFetched(f"{host} is not one of oauth.cimd_hosts")
        fetched = await self._fetcher.fetch(host, path)
        shortest, longest = KEPT_SECONDS
        age = fetched.max_age_seconds
        seconds = KEPT_BY_DEFAULT_SECONDS if age is None else min(max(age, shortest), longest)
        return self._read(url, host, fetched.body), seconds

    def _read(self, url: str, host: str, body: bytes) -> Client:
        try:
            document = msgspec.json.decode(body, type=_Document)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            raise NotFetched(f"the document of {host} is not what is expected: {error}") from error
        # The draft, 4.1: the client_id in the document MUST match the URL by string comparison.
        if document.client_id != url:
            raise NotFetched(f"the document of {host} has another client_id")
        # The draft, 4.1: it MUST NOT use a method that is based on a shared secret.
        if document.token_endpoint_auth_method not in {None, "none"}:
            raise NotFetched(f"the document of {host} wants client authentication")
        return Client(
            id=url,
            name=f"{clean_name(document.client_name or '')} ({host})",
            redirect_uris=accept_redirects(document.redirect_uris, self._policy),
        )
