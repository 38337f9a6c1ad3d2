"""Whatever is sent to the endpoints of OAuth, the answer is never a 500."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from urllib.parse import quote_from_bytes

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from onecgw.oauth.authorization import redirect_with
from onecgw.settings import RateLimitSettings, RedirectSettings
from onecgw.settings.declaration import InvalidValue, Rule
from onecgw.settings.rules import CLIENT, REDIRECT_URI
from tests.builders.oauth_rig import CALLBACK, OWNER_KEY, VERIFIER, OauthRig, hidden, open_oauth

OFF: Final = RateLimitSettings(
    authorize_per_minute=0,
    pages_per_minute=0,
    failures_per_minute=0,
    register_per_minute=0,
    token_per_minute=0,
    token_address_per_minute=0,
)
FORM: Final = b"application/x-www-form-urlencoded"
PATHS: Final = [
    *(f"{start}/{name}" for start in ("", "/oauth") for name in ("authorize", "token", "register")),
    "/oauth/revoke",
    "/.well-known/oauth-authorization-server",
    "/.well-known/openid-configuration",
]
NAMES: Final = [
    *("client_id", "redirect_uri", "response_type", "response_mode", "request_uri", "resource"),
    *("scope", "state", "code_challenge", "code_challenge_method", "request", "transaction"),
    *("key", "language", "shown", "answer", "grant_type", "code", "code_verifier"),
    *("refresh_token", "token", "client_secret", "nothing_known"),
]
HEADERS: Final = [
    *("accept-language", "cookie", "authorization", "content-type", "origin", "sec-fetch-site"),
    *("x-forwarded-for", "access-control-request-headers", "access-control-request-method"),
]
# Of a URL, a scope, a header; the middle of other alphabets; and what no text has.
letters = st.one_of(
    st.text(max_size=40),
    st.sampled_from(["https://приклад.укр/cb", "http://localhost:3000/é", "q=1e999", "uk;q=nan"]),
    st.text("аé\u202e\x00\x7f\u2028 ;=,\"'<>\\/:@#?&%", max_size=30),
)
raw = st.one_of(letters.map(lambda text: text.encode("utf-8", "replace")), st.binary(max_size=40))
header = raw.map(lambda value: bytes(sign for sign in value if sign not in b"\r\n\0"))
pairs = st.lists(st.tuples(st.sampled_from(NAMES), raw, st.booleans()), max_size=4)
basic = st.one_of(header, raw.map(base64.b64encode)).map(b"Basic ".__add__)
one_header = st.sampled_from(HEADERS).flatmap(
    lambda name: st.tuples(st.just(name), basic if name == "authorization" else header)
)
headers = st.lists(one_header, max_size=2).map(dict)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | letters,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(letters, inner, max_size=3),
    max_leaves=6,
)
metadata = st.fixed_dictionaries(
    {},
    optional={
        "redirect_uris": st.lists(letters.map("https://app.example.org/".__add__) | letters)
        | json_values,
        "client_name": letters | json_values,
        "token_endpoint_auth_method": letters | st.just("client_secret_basic"),
        "application_type": letters,
        "scope": letters,
    },
)


@st.composite
def requests(draw: Callable[[Any], Any]) -> tuple[str, str, dict[str, Any]]:
    method = draw(st.sampled_from(["GET", "POST", "POST", "HEAD", "OPTIONS", "DELETE"]))
    changes = {
        "query": draw(pairs),
        "form": draw(pairs),
        "headers": draw(headers),
        "metadata": draw(st.none() | metadata),
        "is_on_its_way": draw(st.booleans()),
        "words": {"state": draw(letters), "scope": draw(letters)},
    }
    return method, draw(st.sampled_from(PATHS)), changes


def encode(base: dict[str, str], changes: list[tuple[str, bytes, bool]]) -> bytes:
    """A query or a form: the right one with some values put in place, or beside them."""
    values = {name: [value.encode()] for name, value in base.items()}
    for name, value, is_added in changes:
        values[name] = [*values.get(name, []), value] if is_added else [value]
    return b"&".join(
        name.encode() + b"=" + quote_from_bytes(value).encode()
        for name, several in values.items()
        for value in several
    )


async def ask(app: Any, scope: dict[str, Any], body: bytes) -> tuple[int, bytes]:
    """One request as the server would hand it on, byte for byte."""
    answer: list[Any] = []
    bodies = [body]

    async def receive() -> dict[str, Any]:
        if not bodies:
            await trio.sleep_forever()  # the client stays
        return {"type": "http.request", "body": bodies.pop(), "more_body": False}

    async def send(message: Any) -> None:
        answer.append(message)

    await app(scope, receive, send)
    return answer[0]["status"], answer[1]["body"]


async def visit(oauth: OauthRig, case: tuple[str, str, dict[str, Any]], known: Any) -> int:
    method, path, changes = case
    client_id, signed, transaction, cookie = known
    query = oauth.query(client_id, state="стан") if "authorize" in path else {}
    form = {"grant_type": "authorization_code", "client_id": client_id, "code": "c"}
    if "authorize" in path:
        on_its_way = {"transaction": transaction, "language": "uk", "scope": "mcp:resolve"}
        form = on_its_way if changes["is_on_its_way"] else {"request": signed, "key": "k"}
    sent = {"host": b"localhost", "cookie": cookie, "content-type": FORM} | changes["headers"]
    body = encode(form | {"code_verifier": VERIFIER}, changes["form"])
    if "register" in path:
        sent["content-type"] = b"application/json"
        body = json.dumps({"redirect_uris": [CALLBACK]} | (changes["metadata"] or {})).encode()
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": encode(query, changes["query"]) if method != "POST" else b"",
        "headers": [(name.encode(), value) for name, value in sent.items()],
        "client": ("127.0.0.1", 1),
        "server": ("localhost", 8088),
    }
    status, answer = await ask(oauth.app, scope, body)
    if status == 201:
        return await log_in(oauth, json.loads(answer), changes["words"])
    return status


async def log_in(oauth: OauthRig, client: dict[str, Any], words: dict[str, str]) -> int:
    """The worst status of a login of a client that has been let in, with any words in it."""
    uri = client["redirect_uris"][0]
    page = await oauth.open_page(client["client_id"], redirect_uri=uri, **words)
    if page.status_code != 200:
        return page.status_code
    consent = await oauth.post_form({"request": hidden(page, "request"), "key": OWNER_KEY})
    form = {"transaction": hidden(consent, "transaction"), "answer": "deny"}
    denied = await oauth.post_form(form)
    assert denied.status_code in (200, 303), denied.text
    return max(page.status_code, consent.status_code, denied.status_code)


async def visit_all(cases: list[tuple[str, str, dict[str, Any]]], folder: Path) -> list[int]:
    options: dict[str, Any] = {
        "rate_limit": OFF,
        "cimd": "off",
        "redirects": RedirectSettings(open_https=True),
        "clients": ("intranet https://xn--80aikifvh.xn--j1amh/cb",),
    }
    async with open_oauth(folder, **options) as oauth:
        client_id = (await oauth.register())["client_id"]
        page = await oauth.open_page(client_id)
        cookie = page.headers["set-cookie"].partition(";")[0].encode()
        form = {"request": hidden(page, "request"), "key": OWNER_KEY}
        consent = await oauth.post_form(form)
        known = (client_id, form["request"], hidden(consent, "transaction"), cookie)
        return [await visit(oauth, case, known) for case in cases]


@settings(max_examples=20)
@given(st.lists(requests(), min_size=1, max_size=30))
def test_nothing_that_is_sent_is_a_defect_of_ours(cases: Any) -> None:
    with TemporaryDirectory() as folder:
        statuses = trio.run(visit_all, cases, Path(folder))
    assert [case for case, status in zip(cases, statuses, strict=True) if status >= 500] == []


@pytest.mark.parametrize("value", [b"Basic \x80", b"Basic gA==", b"Basic =", b"\xff", b"Basic"])
async def test_a_header_that_is_not_readable_is_a_refusal(tmp_path: Path, value: bytes) -> None:
    async with open_oauth(tmp_path) as oauth:
        answers = [
            await oauth.http.post(
                f"/oauth/{name}", data={"token": "x"}, headers={b"authorization": value}
            )
            for name in ("token", "revoke")
        ]
    assert {answer.status_code for answer in answers} == {401}
    assert {answer.json()["error"] for answer in answers} == {"invalid_client"}


@given(st.sampled_from([REDIRECT_URI, CLIENT]), letters, st.sampled_from(["https://a.b/", "c://"]))
def test_what_the_settings_accept_can_be_the_location_of_a_redirect(
    rule: Rule, text: str, start: str
) -> None:
    written = f"{start}{text}"
    try:
        accepted = rule.normal(f"id {written}" if rule is CLIENT else written)
    except InvalidValue:
        return
    if accepted is not None:
        location = redirect_with(written, {"state": text, "error": "é"})
        assert location.encode("ascii").startswith(written.encode())
