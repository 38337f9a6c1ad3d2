"""Tokens stand in the Authorization header and nowhere else, whatever else is sent."""

import logging
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio

from onecgw.observability.logging import _JsonFormatter
from onecgw.storage.audit_log import AuditEvent
from onecgw.web.bearer import MAX_FORM_BYTES, names_token
from tests.builders.gateway_rig import API_TOKEN
from tests.builders.oauth_rig import ISSUER, MAY, OauthRig, open_oauth
from tests.web.test_oauth_sdk import find_port, serving

TEST_SECONDS = 30
SECRET = "a-token-in-the-address"
CHALLENGE = (
    'Bearer error="invalid_request", error_description="{description}",'
    f' resource_metadata="{ISSUER}/.well-known/oauth-protected-resource/mcp",'
    ' scope="mcp:resolve mcp:report:sales mcp:report:stock mcp:report:money mcp:report:cost"'
)
MESSAGE = (
    "send tokens in the header Authorization: Bearer <token> only, never in the address or in a"
    " form"
)
SPELLINGS = (
    f"access_token={SECRET}",
    f"x=1&access_token={SECRET}",
    f"access_token={SECRET}&access_token={SECRET}",
    f"access_token[]={SECRET}",
    f"access%5Ftoken={SECRET}",
    f"%61%63%63%65%73%73%5f%74%6f%6b%65%6e={SECRET}",
    f"Access_Token={SECRET}",
    f"accessToken={SECRET}",
    f"+access_token+={SECRET}",
    f"a;access_token={SECRET}",
    "access_token",
    f"token={SECRET}",
    f"refresh_token={SECRET}",
    f"bearer={SECRET}",
    f"bearer_token={SECRET}",
    f"authorization=Bearer%20{SECRET}",
    f"api_key={SECRET}",
    f"x-api-key={SECRET}",
)
FORM = {"content-type": "application/x-www-form-urlencoded"}
LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}


class Lines(logging.Handler):
    """Everything that is logged, but for the test's own client."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        if record.name not in ("httpx", "httpcore"):
            self.text += _JsonFormatter().format(record) + "\n"


@pytest.fixture
def lines() -> Any:
    handler, root = Lines(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler
    root.removeHandler(handler)
    root.setLevel(level)


def refused(response: httpx.Response, challenge: str) -> None:
    """The whole shape of a refusal."""
    body = response.json()
    assert response.status_code == 400, response.text
    assert body.pop("request_id") == response.headers["x-request-id"]
    assert body == {"error": "invalid_request", "message": MESSAGE}
    assert response.headers["www-authenticate"] == challenge
    assert SECRET not in response.text + str(response.headers)


def events_of(oauth: OauthRig) -> list[AuditEvent]:
    return [event for event in oauth.events if event.event == "token.rejected"]


async def test_a_token_in_the_address_is_refused_beside_a_good_header_and_without_one(
    tmp_path: Path, lines: Lines
) -> None:
    challenge = CHALLENGE.format(description=MESSAGE)
    static = 'Bearer realm="onecgw", error="invalid_request"'
    async with open_oauth(tmp_path) as oauth:
        login = await oauth.login()
        good = {"authorization": f"Bearer {login.access}"}
        api = {"authorization": f"Bearer {API_TOKEN}"}
        before = oauth.state()
        for query in SPELLINGS:
            for headers in ({}, good):
                answer = await oauth.http.post(f"/mcp?{query}", json=LIST, headers=headers)
                refused(answer, challenge)
            refused(await oauth.http.get(f"/mcp/?{query}", headers=good), challenge)
            for headers in ({}, api):
                url = f"/reports/sales?{query}"
                answer = await oauth.http.post(url, json={"period": MAY}, headers=headers)
                refused(answer, static)
            refused(await oauth.http.get(f"/openapi.json?{query}", headers=api), static)
        events = events_of(oauth)
        # Nothing was looked up, verified or changed.
        assert oauth.state() == before
        assert oauth.rig.audit == []
        await oauth.flush_audit()
        kept = oauth.rows("audit")
    assert [(event.ip, event.detail) for event in events] == [
        ("127.0.0.1", "invalid_request: a token in the address or in a form")
    ] * (3 * len(SPELLINGS))
    assert SECRET not in lines.text + str(oauth.events) + str(kept)


async def test_the_audit_of_a_refusal_has_the_request_id_of_the_answer(tmp_path: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        answer = await oauth.http.post(f"/mcp?access_token={SECRET}", json=LIST)
        wrong = await oauth.rpc("ocg_at_unknown", "tools/list")
    ids = [response.headers["x-request-id"] for response in (answer, wrong)]
    assert [event.request_id for event in events_of(oauth)] == ids


# The in-process transport is left in the middle of the body.
@pytest.mark.filterwarnings("ignore:Exception ignored in.*ByteStream")
async def test_a_token_in_a_form_is_refused_and_any_other_form_is_no_json(
    tmp_path: Path, lines: Lines
) -> None:
    async with open_oauth(tmp_path) as oauth:
        login = await oauth.login()
        good = {"authorization": f"Bearer {login.access}"}
        form = f"method=tools%2Flist&access_token={SECRET}"
        for headers in (FORM, FORM | good, {"content-type": f"{FORM['content-type']}; charset=x"}):
            answer = await oauth.http.post("/mcp", content=form, headers=headers)
            refused(answer, CHALLENGE.format(description=MESSAGE))
        api = {"authorization": f"Bearer {API_TOKEN}"}
        static = 'Bearer realm="onecgw", error="invalid_request"'
        refused(await oauth.http.post("/reports/sales", content=form, headers=FORM | api), static)
        other = await oauth.http.post("/mcp", content="a=b", headers=FORM | good)
        rest = await oauth.http.post("/reports/sales", content="a=b", headers=FORM | api)
        large = "a=" + "b" * MAX_FORM_BYTES
        stuffed = await oauth.http.post("/mcp", content=large, headers=FORM | good)
    assert [answer.status_code for answer in (other, rest, stuffed)] == [415, 415, 413]
    assert SECRET not in lines.text + str(oauth.events)


@pytest.mark.parametrize(
    "rest",
    [
        "HTTP/1.1\r\nHost: {host}\r\nContent-Length: 2\r\n\r\n{{}}",
        "HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer x\r\nContent-Length: 2\r\n\r\n{{}}",
        "HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        "HTTP/1.1\r\nHost: {host}\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1\r\nHost: {host}\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
        "HTTP/9.9\r\n\r\n",
        "\x7f HTTP/1.1\r\nHost: {host}\r\n\r\n",
    ],
    ids=lambda rest: rest[:40],
)
async def test_the_server_logs_no_address_however_broken_the_request(
    tmp_path: Path, rest: str, lines: Lines
) -> None:
    with trio.fail_after(TEST_SECONDS):
        port = find_port()
        async with serving(tmp_path, port) as oauth:
            stream = await trio.open_tcp_stream("127.0.0.1", port)
            async with stream:
                head = f"POST /mcp?access_token={SECRET} "
                rest = rest.format(host=f"127.0.0.1:{port}")
                await stream.send_all((head + rest).encode())
                await stream.send_eof()
                answer = b"".join([part async for part in stream])
    assert answer == b"" or re.match(rb"HTTP/1\.1 (4\d\d|505) ", answer), answer
    assert SECRET not in lines.text + str(oauth.events) + answer.decode()


@pytest.mark.parametrize(
    ("method", "path", "events"),
    [
        ("POST", "/oauth/token", ["token.rejected"]),
        ("POST", "/revoke", ["token.rejected"]),
        ("POST", "/oauth/register", ["client.rejected"]),
        ("GET", "/oauth/authorize", ["authorize.rejected"]),
        ("POST", "/authorize", []),
    ],
)
async def test_no_endpoint_of_oauth_takes_a_token_in_the_address(
    tmp_path: Path, method: str, path: str, events: list[str], lines: Lines
) -> None:
    is_page, is_json = path.endswith("authorize"), path.endswith("register")
    headers = {"content-type": "application/json"} if is_json else FORM
    async with open_oauth(tmp_path) as oauth:
        for query in SPELLINGS:
            answer = await oauth.http.request(method, f"{path}?{query}", headers=headers)
            assert answer.status_code == 400
            if is_page:
                assert answer.headers["content-type"].startswith("text/html")
                assert "invalid_request" in answer.text
            else:
                assert answer.json()["error"] == "invalid_request"
            assert SECRET not in answer.text
    assert oauth.event_names == events * len(SPELLINGS)
    assert SECRET not in lines.text + str(oauth.events)


@pytest.mark.parametrize(
    "query",
    [
        b"",
        b"x=1",
        b"tokens=1",
        b"id_token_hint=x",
        b"code_challenge=x",
        b"%ff=%fe",
        b"=&;",
        b"key=k",
    ],
)
def test_what_is_not_called_like_a_token_is_let_be(query: bytes) -> None:
    assert not names_token(query)
