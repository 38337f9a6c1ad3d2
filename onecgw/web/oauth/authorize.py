"""GET and POST /oauth/authorize: the pages of a login."""

import re
import secrets
from functools import partial
from typing import Final

import attrs
import msgspec
from quart import Response, request

from onecgw.errors import OnecgwError, RateLimited
from onecgw.oauth.authorization import AuthorizationRequest, Redirect
from onecgw.oauth.factory import AuthorizationServer
from onecgw.oauth.login import Consent
from onecgw.oauth.oauth_error import OAuthError
from onecgw.oauth.parameters import Parameters, parse_parameters, single_value
from onecgw.oauth.scopes import split_scopes
from onecgw.peers import Peers
from onecgw.settings import RateLimitSettings
from onecgw.web.bearer import FORM
from onecgw.web.client_ip import limit_key
from onecgw.web.oauth.limits import AuditedRateLimit, WrongKeyLimit
from onecgw.web.oauth.pages import (
    TEXTS,
    consent_page,
    error_page,
    external_redirect_page,
    key_page,
)
from onecgw.web.oauth.responses import refuse_query_tokens, request_body, request_origin
from onecgw.web.pages import LANGUAGES, PAGE_HEADERS, browser_language

COOKIE_BYTES: Final = 16
_COOKIE_VALUE: Final = re.compile(f"[0-9a-f]{{{2 * COOKIE_BYTES}}}")
COOKIE_SECONDS: Final = 3600
# In a minute, half of the allowed burst of key attempts comes back.
KEY_REFILL: Final = 0.5


class AuthorizeRoutes:
    """The routes that a person's browser calls."""

    def __init__(
        self,
        server: AuthorizationServer,
        limits: RateLimitSettings,
        *,
        issuer: str,
        stock_amount_scope: str,
        peers: Peers | None = None,
    ) -> None:
        self._login = server.login
        self._record_event = server.record_event
        self._issuer = issuer
        self._consent_page = partial(consent_page, stock_amount_scope=stock_amount_scope)
        is_https = issuer.startswith("https://")
        # Browsers accept a cookie with this prefix only over TLS and for this host alone.
        self._cookie = "__Host-ocg_login" if is_https else "ocg_login"
        self._cookie_flags = "; Path=/; HttpOnly; SameSite=Lax" + ("; Secure" if is_https else "")
        limit = partial(AuditedRateLimit, server.record_event, peers=peers)
        self._page_limit = limit(limits.pages_per_minute, name="pages")
        self._key_limit = limit(limits.authorize_per_minute, name="key", refill=KEY_REFILL)
        self._fetch_limit = limit(limits.register_per_minute, name="fetch")
        self._wrong_keys = WrongKeyLimit(limits.failures_per_minute, peers=peers)

    async def begin(self) -> Response:
        """Check the authorization request and show the key page."""
        language = browser_language()
        cookie = self._read_cookie() or secrets.token_hex(COOKIE_BYTES)
        origin = request_origin()
        address = limit_key(origin.ip)
        try:
            self._page_limit.take(address)
            parameters = self._parse_query()
            # For a client_id that is a URL, the gateway fetches a document.
            if any(
                key == "client_id" and value.startswith("https://") for key, value in parameters
            ):
                self._fetch_limit.take(address)
            begun = await self._login.begin(
                parameters,
                browser=self._login.browser_id(cookie),
                language=language,
                origin=origin,
            )
        except OAuthError as error:
            return await error_page(error.status, language, details=str(error))
        except OnecgwError as error:
            return await _unavailable_page(error, language)
        if isinstance(begun, Redirect):
            return await _follow(begun, language, status=400)
        page = await key_page(begun, self._login.sign(begun))
        value = f"{self._cookie}={cookie}; Max-Age={COOKIE_SECONDS}{self._cookie_flags}"
        page.headers["set-cookie"] = value
        return page

    async def answer(self) -> Response:
        """Handle a form of a page: the key, the consent, or another language."""
        body = await request_body()
        language = browser_language()
        if not self._is_own_form():
            return await error_page(403, language, message=TEXTS[language]["foreign"])
        try:
            refuse_query_tokens()
            parameters = parse_parameters(body)
            browser = self._login.browser_id(self._read_cookie())
            signed = single_value(parameters, "request")
            transaction = single_value(parameters, "transaction")
            if signed is not None and (found := self._login.read_signed(signed, browser)):
                return await self._answer_key(parameters, signed, found)
            if transaction is not None and (consent := self._login.find(transaction, browser)):
                return await self._answer_consent(parameters, consent, browser)
        except OAuthError as error:
            return await error_page(400, language, details=str(error))
        except OnecgwError as error:
            return await _unavailable_page(error, language)
        return await error_page(400, language, message=TEXTS[language]["expired"])

    async def _answer_key(
        self, parameters: Parameters, signed: str, authorization: AuthorizationRequest
    ) -> Response:
        language = single_value(parameters, "language")
        if language in LANGUAGES:
            authorization = msgspec.structs.replace(authorization, language=language)
            return await key_page(authorization, self._login.sign(authorization))
        text, origin = TEXTS[authorization.language], request_origin()
        key = (single_value(parameters, "key") or "").strip()
        if not key:
            return await key_page(authorization, signed, error=text["key_missing"], status=400)
        try:
            self._key_limit.take(limit_key(origin.ip), client=authorization.client_name)
            async with self._wrong_keys.attempt():
                verified = await self._login.verify_key(authorization, key, origin)
                if verified == "invalid":
                    self._wrong_keys.count_wrong()
        except RateLimited as error:
            message = text["too_often"].format(seconds=error.retry_after_seconds)
            page = await key_page(authorization, signed, error=message, status=429)
            return _with_retry_after(page, error)
        if isinstance(verified, Consent):
            return await self._consent_page(verified)
        if verified == "unavailable":
            return await key_page(authorization, signed, error=text["key_unavailable"], status=503)
        return await key_page(authorization, signed, error=text["key_invalid"], status=403)

    async def _answer_consent(
        self, parameters: Parameters, consent: Consent, browser: str
    ) -> Response:
        chosen = single_value(parameters, "language")
        language = chosen or single_value(parameters, "shown") or ""
        if language in LANGUAGES:
            authorization = msgspec.structs.replace(consent.request, language=language)
            consent = attrs.evolve(consent, request=authorization)
        ticked = split_scopes(" ".join(value for key, value in parameters if key == "scope"))
        if chosen is not None:
            return await self._consent_page(consent, ticked=ticked)
        language, text = consent.request.language, TEXTS[consent.request.language]
        done: Redirect | None = None
        match single_value(parameters, "answer"):
            case "allow":
                if not ticked & consent.offered:
                    message = text["scopes_none"]
                    return await self._consent_page(
                        consent, ticked=ticked, error=message, status=400
                    )
                done = await self._login.allow(
                    consent.transaction, browser, ticked, request_origin()
                )
            case "deny":
                done = await self._login.deny(consent.transaction, browser, request_origin())
        if done is None:
            return await error_page(400, language, message=text["expired"])
        return await _follow(done, language, status=200)

    def _parse_query(self) -> Parameters:
        try:
            refuse_query_tokens()
            return parse_parameters(request.query_string)
        except OAuthError as error:
            self._record_event("authorize.rejected", request_origin(), detail=str(error))
            raise

    def _is_own_form(self) -> bool:
        """Whether a form was sent by a page of ours (RFC 9700, 4.16: clickjacking, CSRF)."""
        return (
            request.mimetype == FORM
            and set(request.headers.getlist("origin")) <= {self._issuer}
            and set(request.headers.getlist("sec-fetch-site")) <= {"same-origin"}
        )

    def _read_cookie(self) -> str:
        """The value of our cookie; "" if there is none."""
        values = request.cookies.getlist(self._cookie)
        return next((value for value in values if _COOKIE_VALUE.fullmatch(value)), "")


async def _unavailable_page(error: OnecgwError, language: str) -> Response:
    text = TEXTS[language]
    if isinstance(error, RateLimited):
        message, details = text["too_often"].format(seconds=error.retry_after_seconds or 1), ""
    else:
        message, details = text["unavailable"], f"{error.code}: {error.message}"
    title = text["later_title"]
    page = await error_page(
        error.http_status, language, title=title, message=message, details=details
    )
    return _with_retry_after(page, error)


def _with_retry_after(page: Response, error: OnecgwError) -> Response:
    page.headers["retry-after"] = str(error.retry_after_seconds or 1)
    return page


async def _follow(redirect: Redirect, language: str, *, status: int) -> Response:
    """Redirect the browser, or show where it would go if the URI is not trusted."""
    if not redirect.is_automatic:
        return await external_redirect_page(status, language, redirect.url)
    # RFC 9700, 4.12: 303, because after a 307 the browser would send the form and its key to the
    # client.
    response = Response(b"", status=303, headers={**PAGE_HEADERS, "location": redirect.url})
    del response.headers["content-type"]
    return response
