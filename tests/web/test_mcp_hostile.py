"""No bytes whatsoever make POST /mcp fail, or lose the id of a request."""

from typing import Any

import hypothesis
import msgspec
import pytest
import trio
from hypothesis import strategies as st

from onecgw.mcp.engine import Engine
from onecgw.mcp.providers import Providers
from onecgw.mcp.subscriptions import Subscriptions
from onecgw.mcp.validation import HANDSHAKE_VERSIONS, STATELESS_VERSION
from tests.builders.mcp_engine import META, ScriptedTools, echo, handshake
from tests.conformance.fixtures import make_fixtures
from tests.web.test_mcp import Answered, post

METHODS = (
    "initialize",
    "ping",
    "server/discover",
    "tools/list",
    "tools/call",
    "prompts/list",
    "prompts/get",
    "resources/list",
    "resources/read",
    "resources/templates/list",
    "resources/subscribe",
    "completion/complete",
    "logging/setLevel",
    "notifications/cancelled",
    "",
)
KEYS = (
    "name",
    "uri",
    "arguments",
    "cursor",
    "ref",
    "argument",
    "context",
    "level",
    "protocolVersion",
    "capabilities",
    "clientInfo",
    "inputResponses",
    "requestState",
    "requestId",
)
leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=9)
    | st.sampled_from(("echo", "test_simple_prompt", "test://static-text", STATELESS_VERSION, "{}"))
)
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from((*KEYS, "type", "value", "elicitation")), inner, max_size=3
        )
    ),
    max_leaves=6,
)
metas = st.dictionaries(
    st.sampled_from(
        (
            "progressToken",
            "traceparent",
            f"{META}protocolVersion",
            f"{META}clientCapabilities",
            f"{META}clientInfo",
            f"{META}logLevel",
        )
    ),
    values | st.just(STATELESS_VERSION) | st.just({}),
)
params = st.dictionaries(st.sampled_from(KEYS), values, max_size=4)
ids = st.integers() | st.text(max_size=9)
requests = st.fixed_dictionaries(
    {"jsonrpc": st.just("2.0"), "id": ids, "method": st.sampled_from(METHODS)},
    optional={"params": st.builds(lambda a, b: {**a, "_meta": b}, params, metas | values)},
)
versions = st.sampled_from((None, *HANDSHAKE_VERSIONS, STATELESS_VERSION, "2030-01-01", "\xff"))


def make_engine() -> Engine:
    fixtures = make_fixtures(Subscriptions())
    return Engine(
        Providers(
            info=fixtures.info,
            tools=ScriptedTools({"echo": echo}),
            prompts=fixtures.prompts,
            resources=fixtures.resources,
            completions=fixtures.completions,
            logging=True,
            resource_updates=True,
        )
    )


def answer_to(body: bytes, *, version: str | None, session: str | None = None) -> Answered:
    async def run() -> Answered:
        headers = {"mcp-protocol-version": version, "mcp-session-id": session}
        return await post(body, headers=headers, engine=make_engine(), max_bytes=1_048_576)

    return trio.run(run)


def check(answered: Answered) -> None:
    assert answered.status in {200, 202, 400, 404, 413}
    if answered.status == 202:
        assert answered.body == b""
    elif answered.status != 413:
        answer = answered.json
        for each in answer if isinstance(answer, list) else [answer]:
            assert each["jsonrpc"] == "2.0"
            assert ("result" in each) != ("error" in each)
            assert each.get("error", {}).get("code") != -32603


@hypothesis.given(body=st.binary(max_size=200), version=versions)
def test_any_bytes_are_answered(body: bytes, version: str | None) -> None:
    check(answer_to(body, version=version))


@hypothesis.given(value=st.lists(values | requests, max_size=3) | values, version=versions)
def test_any_json_is_answered(value: Any, version: str | None) -> None:
    check(answer_to(msgspec.json.encode(value), version=version))


@hypothesis.given(request=requests, version=versions, session=st.none() | st.text(max_size=9))
def test_any_request_is_answered_under_its_own_id(
    request: dict[str, Any], version: str | None, session: str | None
) -> None:
    session = session and session.encode("utf-8").decode("latin-1")
    answered = answer_to(msgspec.json.encode(request), version=version, session=session)
    check(answered)
    if answered.status != 413:
        assert answered.json["id"] == request["id"]


@hypothesis.given(request=requests, cut=st.integers(min_value=0), byte=st.integers(0, 255))
def test_a_damaged_request_is_answered(request: dict[str, Any], cut: int, byte: int) -> None:
    body = bytearray(msgspec.json.encode(request))
    body[cut % len(body)] = byte
    check(answer_to(bytes(body), version=None))


@pytest.mark.parametrize("depth", [100, 900, 940, 950, 960, 970, 980, 990, 1000, 100_000])
@pytest.mark.parametrize("member", [b"arguments", b"_meta", b"name", b"other"])
def test_any_depth_is_survived(depth: int, member: bytes) -> None:
    deep = b'{"a":' * depth + b"1" + b"}" * depth
    head = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","%b":'
    check(answer_to(head % member + deep + b"}}", version=None))


def test_an_id_of_a_mebibyte_comes_back() -> None:
    request_id = "x" * 1_000_000
    answered = answer_to(
        msgspec.json.encode(handshake("ping", request_id=request_id)), version=None
    )
    assert answered.json == {"jsonrpc": "2.0", "id": request_id, "result": {}}
