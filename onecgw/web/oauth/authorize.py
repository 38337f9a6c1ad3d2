"""GET and POST /oauth/authorize: the two pages a person sees."""

import re
import secrets
from typing import Final

import attrs
import msgspec
import trio

from onecgw.errors import OnecgwError, RateLimited
from onecgw.gateway.rate_limit import CallRate
from onecgw.oauth.authorization import Ask, Pairs, read_pairs, single
from onecgw.oauth.context import Realm
from onecgw.oauth.login import Bounce, Consent, Login
from onecgw.oauth.oauth_error import OauthProblem
from onecgw.oauth.scopes import split_scopes
from onecgw.web.asgi import Request, Response
from onecgw.web.bearer import FORM, media_type
from onecgw.web.client_ip import limit_key
from onecgw.web.oauth.http import Visit, refuse_tokens
from onecgw.web.oauth.limits import Limit
from onecgw.web.oauth.pages import PAGE_HEADERS, consent_page, error_page, key_page, leave_page
from onecgw.web.oauth.texts import LANGUAGES, TEXTS, choose_language

BROWSER_BYTES: Final = 16
_BROWSER: Final = re.compile(f"[0-9a-f]{{{2 * BROWSER_BYTES}}}")
COOKIE_SECONDS: Final = 3600
# Ten keys at once, five more a minute: half of the burst comes back.
KEY_REFILL: Final = 0.5
# After too many wrong keys from everywhere every attempt takes longer, for a while.
BRAKE_SECONDS: Final = 2
SLOWED_SECONDS: Final = 60


class AuthorizePages:
    """The pages between an authorization request and the code."""

    def __init__(self, realm: Realm, login: Login) -> None:
        self._realm = realm
        self._login = login
        is_https = realm.issuer.startswith("https://")
        # The prefix makes browsers refuse the cookie to sister hosts and without TLS.
        self._cookie = "__Host-ocg_login" if is_https else "ocg_login"
        self._cookie_flags = "; Path=/; HttpOnly; SameSite=Lax" + ("; Secure" if is_https else "")
        limits = realm.settings.oauth.rate_limit
        self._page_rate = Limit(realm, limits.pages_per_minute)
        self._key_rate = Limit(realm, limits.authorize_per_minute, refill=KEY_REFILL)
        self._fetch_rate = Limit(realm, limits.register_per_minute)
        self._failures = CallRate(limits.failures_per_minute)
        self._slow_until = 0.0

    async def begin(self, visit: Visit) -> Response:
        """Page 1."""
        language = choose_language(visit.request.value("accept-language") or "")
        known = self._browser(visit.request)
        browser = known or secrets.token_hex(BROWSER_BYTES)
        address = limit_key(visit.origin.ip)
        try:
            self._page_rate.take(address, visit)
            pairs = self._read_query(visit)
            # A client_id that is a URL makes the gateway fetch it.
            if any(key == "client_id" and value.startswith("https://") for key, value in pairs):
                self._fetch_rate.take(address, visit)
            begun = await self._login.begin(
                pairs,
                browser=self._mark(browser),
                language=language,
                origin=visit.origin,
            )
        except OauthProblem as problem:
            return error_page(problem.status, language, details=str(problem))
        except OnecgwError as error:
            return _refusal(error, language)
        if isinstance(begun, Bounce):
            return _bounce(begun, language, status=400)
        page = key_page(begun, self._login.seal(begun))
        cookie = f"{self._cookie}={browser}; Max-Age={COOKIE_SECONDS}{self._cookie_flags}"
        return attrs.evolve(page, headers=(*page.headers, (b"set-cookie", cookie.encode("ascii"))))

    async def answer(self, visit: Visit) -> Response:
        """What a person has filled in: the key, the choice, or another language."""
        language = choose_language(visit.request.value("accept-language") or "")
        if not self._is_own_form(visit.request):
            return error_page(403, language, message=TEXTS[language]["foreign"])
        try:
            refuse_tokens(visit.query)
            pairs = read_pairs(visit.body)
            browser = self._mark(self._browser(visit.request) or "")
            sealed, transaction = single(pairs, "request"), single(pairs, "transaction")
            if sealed is not None and (ask := self._login.unseal(sealed, browser)):
                return await self._answer_key(pairs, sealed, ask, visit)
            if transaction is not None and (consent := self._login.find(transaction, browser)):
                return await self._answer_consent(pairs, consent, browser, visit)
        except OauthProblem as problem:
            return error_page(400, language, details=str(problem))
        except OnecgwError as error:
            return _refusal(error, language)
        return error_page(400, language, message=TEXTS[language]["expired"])

    async def _answer_key(self, pairs: Pairs, sealed: str, ask: Ask, visit: Visit) -> Response:
        language = single(pairs, "language")
        if language in LANGUAGES:
            ask = msgspec.structs.replace(ask, language=language)
            return key_page(ask, self._login.seal(ask))
        text = TEXTS[ask.language]
        key = (single(pairs, "key") or "").strip()
        if not key:
            return key_page(ask, sealed, error=text["key_missing"], status=400)
        try:
            self._key_rate.take(limit_key(visit.origin.ip), visit, client=ask.client_name)
        except RateLimited as error:
            return _later(ask, sealed, error)
        if trio.current_time() < self._slow_until:
            await trio.sleep(BRAKE_SECONDS)
        found = await self._login.identify(ask, key, visit.origin)
        if isinstance(found, Consent):
            return consent_page(found)
        if found == "unavailable":
            return key_page(ask, sealed, error=text["key_unavailable"], status=503)
        self._count_failure()
        return key_page(ask, sealed, error=text["key_invalid"], status=403)

    async def _answer_consent(
        self, pairs: Pairs, consent: Consent, browser: str, visit: Visit
    ) -> Response:
        wanted = single(pairs, "language")
        language = wanted or single(pairs, "shown") or ""
        if language in LANGUAGES:
            ask = msgspec.structs.replace(consent.ask, language=language)
            consent = attrs.evolve(consent, ask=ask)
        ticked = split_scopes(" ".join(value for key, value in pairs if key == "scope"))
        if wanted is not None:
            return consent_page(consent, ticked=ticked)
        transaction = consent.transaction
        done: Bounce | None = None
        match single(pairs, "answer"):
            case "allow":
                if not ticked & consent.offered:
                    error = TEXTS[consent.ask.language]["scopes_none"]
                    return consent_page(consent, ticked=ticked, error=error, status=400)
                done = await self._login.allow(transaction, browser, ticked, visit.origin)
            case "deny":
                done = await self._login.deny(transaction, browser, visit.origin)
        language = consent.ask.language
        if done is None:
            return error_page(400, language, message=TEXTS[language]["expired"])
        return _bounce(done, language, status=200)

    def _read_query(self, visit: Visit) -> Pairs:
        try:
            refuse_tokens(visit.query)
            return read_pairs(visit.query)
        except OauthProblem as problem:
            self._realm.tell("authorize.rejected", visit.origin, detail=str(problem))
            raise

    def _is_own_form(self, request: Request) -> bool:
        """Whether a form was sent from our own page (RFC 9700, 4.16: clickjacking, CSRF)."""
        return (
            media_type(request) == FORM
            and set(request.values("origin")) <= {self._realm.issuer}
            and set(request.values("sec-fetch-site")) <= {"same-origin"}
        )

    def _browser(self, request: Request) -> str | None:
        """The value of our cookie.

        Read by hand: http.cookies drops all that stands beside a cookie it does not understand,
        and other applications of the host have such ones.
        """
        for pair in ";".join(request.values("cookie")).split(";"):
            name, _, value = pair.strip().partition("=")
            if name == self._cookie and _BROWSER.fullmatch(value):
                return value
        return None

    def _mark(self, browser: str) -> str:
        """What a browser is known by on its pages, without the cookie itself."""
        return self._realm.vault.hash(browser, "browser").hex() if browser else ""

    def _count_failure(self) -> None:
        try:
            self._failures.take("")
        except RateLimited:
            self._slow_until = trio.current_time() + SLOWED_SECONDS


def _refusal(error: OnecgwError, language: str) -> Response:
    text, seconds = TEXTS[language], error.retry_after_seconds or 1
    is_flood = isinstance(error, RateLimited)
    message = text["too_often"].format(seconds=seconds) if is_flood else text["unavailable"]
    details = "" if is_flood else f"{error.code}: {error.message}"
    title = text["later_title"]
    page = error_page(error.http_status, language, title=title, message=message, details=details)
    return _after(page, seconds)


def _after(page: Response, seconds: int) -> Response:
    headers = (*page.headers, (b"retry-after", str(seconds).encode("ascii")))
    return attrs.evolve(page, headers=headers)


def _later(ask: Ask, sealed: str, error: RateLimited) -> Response:
    seconds = error.retry_after_seconds or 1
    text = TEXTS[ask.language]["too_often"].format(seconds=seconds)
    return _after(key_page(ask, sealed, error=text, status=429), seconds)


def _bounce(bounce: Bounce, language: str, *, status: int) -> Response:
    if not bounce.is_automatic:
        return leave_page(status, language, bounce.url)
    # RFC 9700, 4.12: 303, so that no browser repeats the form, key and all, at the client.
    headers = (*PAGE_HEADERS, (b"location", bounce.url.encode("ascii")))
    return Response(status=303, headers=headers)
