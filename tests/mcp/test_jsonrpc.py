import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onecgw.mcp import jsonrpc, results
from onecgw.mcp.rpc_errors import INVALID_PARAMS, INVALID_REQUEST, PARSE_ERROR, RpcError


def refused(raw: bytes) -> tuple[int, bytes]:
    with pytest.raises(RpcError) as caught:
        jsonrpc.read_message(raw)
    return caught.value.code, caught.value.request_id


@pytest.mark.parametrize(
    "raw_id",
    [b"0", b"-7", b"123456789012345678901234567890", b'""', b'"a\\u002f"', '"№ 1"'.encode()],
)
def test_an_id_comes_back_byte_for_byte(raw_id: bytes) -> None:
    message = jsonrpc.read_message(b'{"method":"m", "id" : %b ,"jsonrpc":"2.0"}' % raw_id)
    assert message == jsonrpc.Message(kind="request", request_id=raw_id, method="m")
    assert (
        jsonrpc.result(message.request_id, b"") == b'{"jsonrpc":"2.0","id":%b,"result":{}}' % raw_id
    )


@pytest.mark.parametrize("params", [b"null", b"[]", b"[ \n]"])
def test_null_and_an_empty_array_are_no_params(params: bytes) -> None:
    body = b'{"jsonrpc":"2.0","id":5,"method":"m","params":%b}' % params

    assert jsonrpc.read_message(body) == jsonrpc.Message(
        kind="request", request_id=b"5", method="m"
    )


@pytest.mark.parametrize("raw_id", [b"null", b"true", b"1.0", b"1e3", b"[]", b"{}"])
def test_other_ids_are_refused_and_not_echoed(raw_id: bytes) -> None:
    raw = b'{"jsonrpc":"2.0","method":"m","id":%b}' % raw_id
    assert refused(raw) == (INVALID_REQUEST, b"")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", (PARSE_ERROR, b"")),
        (b"{", (PARSE_ERROR, b"")),
        (b'{"id":1} x', (PARSE_ERROR, b"")),
        (b'{"jsonrpc":"2.0","id":1,"method":"m","params":{"a":NaN}}', (PARSE_ERROR, b"")),
        (b'{"jsonrpc":"2.0","id":1,"method":"m","params":{"a":-Infinity}}', (PARSE_ERROR, b"")),
        (b'{"jsonrpc":"2.0","id":1,"method":"m","params":{"a":"\\ud800"}}', (PARSE_ERROR, b"")),
        (b'{"jsonrpc":"2.0","id":1,"method":"m","params":{"a":01}}', (PARSE_ERROR, b"")),
        (b'{"a":%b}' % (b"[" * 100_000), (PARSE_ERROR, b"")),
        (b'"text"', (INVALID_REQUEST, b"")),
        (b"7", (INVALID_REQUEST, b"")),
        (b"{}", (INVALID_REQUEST, b"")),
        (b'{"id":5,"method":"m"}', (INVALID_REQUEST, b"5")),
        (b'{"jsonrpc":"1.0","id":5,"method":"m"}', (INVALID_REQUEST, b"5")),
        (b'{"jsonrpc":2.0,"id":5,"method":"m"}', (INVALID_REQUEST, b"5")),
        (b'{"jsonrpc":"2.0","id":5}', (INVALID_REQUEST, b"5")),
        (b'{"jsonrpc":"2.0","id":5,"method":7}', (INVALID_REQUEST, b"5")),
        (b'{"jsonrpc":"2.0","id":5,"method":"m","params":[1]}', (INVALID_REQUEST, b"5")),
        (b'{"jsonrpc":"2.0","id":5,"method":"m","params":"x"}', (INVALID_REQUEST, b"5")),
    ],
)
def test_what_is_no_message_is_refused_with_its_id_if_that_can_be_read(
    raw: bytes, expected: tuple[int, bytes]
) -> None:
    assert refused(raw) == expected


INVALID_UTF8 = b'{"jsonrpc":"2.0","id":1,"method":"m","params":{"a":"\xff"}}'


def test_invalid_utf8_is_found_even_where_it_is_skipped() -> None:
    assert refused(INVALID_UTF8) == (PARSE_ERROR, b"")
    with pytest.raises(RpcError) as caught:
        jsonrpc.read_batch(b"[%b]" % INVALID_UTF8)
    assert caught.value.code == PARSE_ERROR


def test_a_batch_is_cut_into_its_messages() -> None:
    assert jsonrpc.read_batch(b' [{"a":1}, 2]') == [b'{"a":1}', b"2"]


@pytest.mark.parametrize("raw", [b"[]", b"[%b]" % b",".join([b"1"] * 51)])
def test_a_batch_is_neither_empty_nor_endless(raw: bytes) -> None:
    with pytest.raises(RpcError) as caught:
        jsonrpc.read_batch(raw)
    assert caught.value.code == INVALID_REQUEST


def test_the_last_of_two_equal_keys_counts() -> None:
    assert jsonrpc.read_message(b'{"jsonrpc":"2.0","id":1,"id":2,"method":"m"}').request_id == b"2"


def test_params_are_read_with_the_place_of_what_is_wrong() -> None:
    class Shape(msgspec.Struct):
        limit: int

    with pytest.raises(RpcError) as caught:
        jsonrpc.read_params(b'{"limit":"many"}', Shape)
    assert (caught.value.code, caught.value.message) == (
        INVALID_PARAMS,
        "invalid params: Expected `int`, got `str` - at `$.limit`",
    )


def test_an_error_without_a_readable_id_has_no_id() -> None:
    problem = RpcError(PARSE_ERROR, "no")
    assert (
        jsonrpc.error(problem, b"") == b'{"jsonrpc":"2.0","error":{"code":-32700,"message":"no"}}'
    )


@given(st.dictionaries(st.text(), st.one_of(st.integers(), st.text(), st.none())))
def test_a_document_as_text_is_the_same_document(value: dict[str, object]) -> None:
    body = msgspec.json.encode(value)
    assert msgspec.json.decode(b'"' + results.escaped(body) + b'"') == body.decode()
