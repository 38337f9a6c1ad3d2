import base64
from typing import Any

import attrs
import msgspec
import pytest

from onecgw.mcp import validation
from onecgw.mcp.client_info import ELICITATION, ROOTS, SAMPLING, ClientInfo, read_client
from onecgw.mcp.jsonrpc import Message
from onecgw.mcp.validation import (
    HANDSHAKE_VERSIONS,
    STATELESS_VERSION,
    SUPPORTED_VERSIONS,
    HeaderMirror,
    is_stateless,
)
from tests.builders.mcp_engine import META, ask, make_engine, mirror_of, stateless


def meta_of(**fields: Any) -> validation.Meta:
    params = msgspec.json.encode({"_meta": fields})
    return validation.read_meta(Message(kind="request", params=params))


@pytest.mark.parametrize("header", [None, *HANDSHAKE_VERSIONS])
def test_without_a_version_of_its_own_a_message_with_a_legacy_header_is_handshake(
    header: str | None,
) -> None:
    assert not is_stateless(meta_of(progressToken=1), header)


@pytest.mark.parametrize("header", [STATELESS_VERSION, "2030-01-01", "nonsense", ""])
def test_any_other_header_means_the_stateless_era(header: str) -> None:
    assert is_stateless(meta_of(), header)


@pytest.mark.parametrize("value", [STATELESS_VERSION, "1900-01-01", 7, None])
def test_a_version_in_meta_means_the_stateless_era_whatever_the_header(value: Any) -> None:
    assert is_stateless(meta_of(**{f"{META}protocolVersion": value}), HANDSHAKE_VERSIONS[0])


def error_of(answer: Any) -> tuple[int, str]:
    return answer["error"]["code"], answer["error"]["message"]


@pytest.mark.parametrize(
    "meta",
    [
        {f"{META}protocolVersion": 7},
        {f"{META}protocolVersion": None},
        {f"{META}clientCapabilities": []},
        {f"{META}clientCapabilities": None},
    ],
)
async def test_meta_must_name_version_and_capabilities(meta: dict[str, Any]) -> None:
    message = stateless("server/discover", meta=meta, request_id="x")
    answer = await ask(make_engine(), message, mirror=HeaderMirror(version=STATELESS_VERSION))
    assert (answer["id"], answer["error"]["code"]) == ("x", -32602)


@pytest.mark.parametrize("params", [{}, {"_meta": None}, {"_meta": []}, {"_meta": {}}])
async def test_a_stateless_header_asks_for_meta(params: dict[str, Any]) -> None:
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": params}
    mirror = HeaderMirror(version=STATELESS_VERSION, method="tools/list")
    assert (await ask(make_engine(), message, mirror=mirror))["error"]["code"] == -32602


CALL = stateless("tools/call", name="echo", arguments={})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"version": None}, "the header MCP-Protocol-Version is missing or malformed"),
        ({"version": "2025-11-25"}, "the header MCP-Protocol-Version does not match the body"),
        ({"method": None}, "the header Mcp-Method is missing or malformed"),
        ({"method": "TOOLS/CALL"}, "the header Mcp-Method does not match the body"),
        ({"name": None}, "the header Mcp-Name is missing or malformed"),
        ({"name": "Echo"}, "the header Mcp-Name does not match the body"),
        ({"name": "=?base64?!?="}, "the header Mcp-Name is missing or malformed"),
        ({"name": "=?base64?ZWNobx==?="}, "the header Mcp-Name is missing or malformed"),
        ({"name": "=?base64?/w==?="}, "the header Mcp-Name is missing or malformed"),
        ({"duplicated": "mcp-name"}, "the header mcp-name was sent twice"),
    ],
)
async def test_headers_must_mirror_the_body(change: dict[str, Any], said: str) -> None:
    mirror = attrs.evolve(mirror_of(CALL), **change)
    assert error_of(await ask(make_engine(), CALL, mirror=mirror)) == (-32020, said)


async def test_a_name_may_come_in_base64() -> None:
    name = f"=?base64?{base64.b64encode(b'echo').decode()}?="
    answer = await ask(make_engine(), CALL, mirror=attrs.evolve(mirror_of(CALL), name=name))
    assert "result" in answer


async def test_a_name_that_is_not_ascii_must_be_encoded() -> None:
    message = stateless("tools/call", name="звіт")
    raw = HeaderMirror(version=STATELESS_VERSION, method="tools/call", name="звіт")
    assert (await ask(make_engine(), message, mirror=raw))["error"]["code"] == -32020
    wrapped = attrs.evolve(raw, name=f"=?base64?{base64.b64encode('звіт'.encode()).decode()}?=")
    answer = await ask(make_engine(), message, mirror=wrapped)
    assert error_of(answer) == (-32602, "unknown tool: звіт")


@pytest.mark.parametrize("version", ["2030-01-01", "2025-11-25"])
async def test_a_version_that_is_not_served_gets_the_list_of_those_that_are(version: str) -> None:
    message = stateless("tools/list", meta={f"{META}protocolVersion": version})
    answer = await ask(make_engine(), message)
    assert answer == {
        "jsonrpc": "2.0",
        "id": 1,
        "error": {
            "code": -32022,
            "message": "unsupported protocol version",
            "data": {"supported": list(SUPPORTED_VERSIONS), "requested": version},
        },
    }


@pytest.mark.parametrize(
    "method",
    ["initialize", "ping", "logging/setLevel", "resources/subscribe", "resources/unsubscribe"],
)
async def test_methods_of_the_handshake_era_are_gone(method: str) -> None:
    assert error_of(await ask(make_engine(), stateless(method))) == (
        -32601,
        f"unknown method: {method}",
    )


@pytest.mark.parametrize("method", ["prompts/list", "resources/read", "completion/complete"])
async def test_what_is_not_mounted_is_an_unknown_method(method: str) -> None:
    message = stateless(method, name="x", uri="x")
    assert (await ask(make_engine(), message))["error"]["code"] == -32601


@pytest.mark.parametrize(
    ("capabilities", "expected"),
    [
        ({}, set()),
        ({"elicitation": {}}, {ELICITATION}),
        ({"elicitation": {"form": {}, "url": {}}}, {ELICITATION}),
        ({"elicitation": {"url": {}}}, set()),
        ({"elicitation": True, "sampling": None, "roots": []}, set()),
        ({"sampling": {"tools": {}}, "roots": {"listChanged": True}}, {SAMPLING, ROOTS}),
    ],
)
def test_capabilities_are_what_the_client_declares(
    capabilities: dict[str, Any], expected: set[str]
) -> None:
    read = read_client(b'{"name":"c","version":"1"}', msgspec.json.encode(capabilities))
    assert read == ClientInfo(name="c", version="1", capabilities=frozenset(expected))


@pytest.mark.parametrize("info", [b"", b"null", b"[]", b'{"name":7}', b'"me"'])
def test_a_client_that_cannot_say_its_name_has_none(info: bytes) -> None:
    assert read_client(info, b"{}") == ClientInfo()


async def test_a_log_level_must_be_one() -> None:
    message = stateless("tools/list", meta={f"{META}logLevel": "loud"})
    assert (await ask(make_engine(), message))["error"]["code"] == -32602
