import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onecgw.backends.http.response_body import NESTING_LEVELS, nests_deeper, read_object
from onecgw.errors import OnecBadResponse

JSON_TYPE = "application/json; charset=utf-8"
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)

numbers = st.one_of(
    st.from_regex(_NUMBER, fullmatch=True),
    st.integers(min_value=-(10**400), max_value=10**400).map(str),
    st.decimals(allow_nan=False, allow_infinity=False, places=2).map(str),
).filter(lambda text: _NUMBER.fullmatch(text) is not None)
# Any text a JSON string may hold, spelt with escapes or without; lone surrogates apart.
strings = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"])).map(
        lambda text: json.dumps(text, ensure_ascii=False)
    ),
    st.text(st.characters(exclude_categories=["Cs"])).map(json.dumps),
    st.sampled_from([r'"\/"', r'"\u00a0"', r'"\\\\"', r'"\"[{"', '"«\u00a0»"', r'"\ud83d\ude00"']),
)
spaces = st.text(alphabet=" \t\r\n", max_size=2)


def _tokens(depth: int) -> st.SearchStrategy[list[str]]:
    """A JSON value as its tokens."""
    leaf = st.one_of(numbers, strings, st.sampled_from(["true", "false", "null"]))
    single = leaf.map(lambda token: [token])
    if depth == 0:
        return single
    inner = _tokens(depth - 1)
    return st.one_of(single, _array(inner), _object(inner))


def _array(inner: st.SearchStrategy[list[str]]) -> st.SearchStrategy[list[str]]:
    return st.lists(inner, max_size=4).map(lambda items: ["[", *_joined(items), "]"])


def _object(inner: st.SearchStrategy[list[str]]) -> st.SearchStrategy[list[str]]:
    pair = st.tuples(strings, inner).map(lambda item: [item[0], ":", *item[1]])
    return st.lists(pair, max_size=4).map(lambda items: ["{", *_joined(items), "}"])


def _joined(items: list[list[str]]) -> list[str]:
    return [
        token for number, item in enumerate(items) for token in ([","] if number else []) + item
    ]


@given(_object(_tokens(3)), st.data())
def test_every_token_leaves_as_it_came_and_only_the_whitespace_goes(
    tokens: list[str], data: st.DataObject
) -> None:
    spaced = "".join(token + data.draw(spaces) for token in tokens)
    assert read_object(spaced.encode(), JSON_TYPE) == "".join(tokens).encode()


@given(st.binary(max_size=60))
def test_what_python_calls_bad_json_is_refused_and_nothing_else_escapes(body: bytes) -> None:
    try:
        accepted = read_object(b'{"a":' + body + b"}", JSON_TYPE)
    except OnecBadResponse:
        return
    json.loads(accepted.decode())


@given(_object(_tokens(2)), st.data())
def test_a_mutated_answer_is_either_json_or_refused(tokens: list[str], data: st.DataObject) -> None:
    body = bytearray("".join(tokens).encode())
    place = data.draw(st.integers(min_value=0, max_value=len(body) - 1))
    body[place] = data.draw(st.integers(min_value=0, max_value=255))
    try:
        accepted = read_object(bytes(body), JSON_TYPE)
    except OnecBadResponse:
        return
    json.loads(accepted.decode())


@pytest.mark.parametrize(
    "number",
    [
        "12345678901234567890123456789012345678",
        "0.10",
        "1E-7",
        "-0",
        "-0.00",
        "1e400",
        "9" * 5_000,
        "0.1000000000000000055511151231257827021181583404541015625",
    ],
)
def test_number_keeps_its_digits(number: str) -> None:
    body = f'{{"a":{number}}}'.encode()
    assert read_object(body, JSON_TYPE) == body


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":01}',
        b'{"a":1.}',
        b'{"a":.5}',
        b'{"a":+1}',
        b'{"a":1,}',
        b'{"a":[1 2]}',
        b'{"a":"\x01"}',
        b'{"a":"\\x41"}',
        b"{'a':1}",
        b'{"a":1}{"a":1}',
        b'{"a":1}\x00',
        b"/* */{}",
    ],
)
def test_malformed_json_is_refused(body: bytes) -> None:
    with pytest.raises(OnecBadResponse, match=r"1C's answer is (not JSON|truncated)"):
        read_object(body, JSON_TYPE)


@pytest.mark.parametrize("text", [b"\xff", b"\xed\xa0", b"\xc0\x80", b"\xd0"])
def test_invalid_utf8_inside_a_string_is_refused(text: bytes) -> None:
    with pytest.raises(OnecBadResponse, match="not valid UTF-8"):
        read_object(b'{"a":"' + text + b'"}', JSON_TYPE)


@pytest.mark.parametrize(
    "label",
    [
        *("", "utf-8", "UTF8", "us-ascii", "windows-1251", "win-1251", "ANSI", "iso-8859-1"),
        *("utf-16", "koi8-u", "utf-8-sig", "no-such-charset"),
    ],
)
@pytest.mark.parametrize("marks", ["", "\ufeff", "\ufeff\ufeff"])
def test_what_decodes_as_utf8_is_utf8_whatever_its_label_says(label: str, marks: str) -> None:
    body = '{"a":"Їжак «ё»"}'
    content_type = f"application/json; charset={label}" if label else "application/json"

    assert read_object(f"{marks}{body}".encode(), content_type) == body.encode()


@pytest.mark.parametrize(
    ("charset", "label"),
    [
        *(("cp1251", label) for label in ("windows-1251", "cp1251", "win-1251", "ANSI", '"1251"')),
        *(("koi8-u", "koi8-u"), ("koi8-r", "KOI8-R")),
        *((wide, "utf-8") for wide in ("utf-16", "utf-16-le", "utf-16-be")),
    ],
)
def test_other_charsets_are_read_by_their_bytes_and_then_by_their_label(
    charset: str, label: str
) -> None:
    body = '{"a":"Кіт"}'.replace("і", "и" if charset == "koi8-r" else "і")

    assert read_object(body.encode(charset), f"text/plain;charset={label}") == body.encode()


def test_bytes_of_no_declared_charset_are_refused() -> None:
    with pytest.raises(OnecBadResponse, match="not valid CP1251"):
        read_object(b'{"a":"\x98"}', "application/json; charset=windows-1251")
    with pytest.raises(OnecBadResponse, match="not valid UTF-8"):
        read_object('{"a":"Кіт"}'.encode("cp1251"), "application/json; charset=iso-8859-1")


UNITS = st.lists(
    st.sampled_from(
        [r"\ud83d", r"\ude00", r"\uD83D", r"\\", r"\n", r"\u0041", r"\"", "é", "x", r"\ud7ff"]
    ),
    max_size=6,
).map("".join)


@given(st.lists(UNITS, min_size=1, max_size=4), UNITS)
def test_half_a_character_becomes_the_replacement_and_the_rest_stays(
    texts: list[str], name: str
) -> None:
    quoted = ",".join(f'"{text}"' for text in texts)
    body = f'{{"{name}":[{quoted}]}}'

    found = read_object(body.encode(), JSON_TYPE)

    assert json.loads(found) == json.loads(body, object_pairs_hook=_mended)
    if "\\ufffd" not in found.decode():
        assert found == body.encode()


def _mended(pairs: list[tuple[str, list[str]]]) -> dict[str, list[str]]:
    return {_mend(name): [_mend(text) for text in texts] for name, texts in pairs}


def _mend(text: str) -> str:
    return "".join("\ufffd" if 0xD800 <= ord(sign) < 0xE000 else sign for sign in text)


def test_surrogates_in_bytes_are_joined_or_replaced() -> None:
    body = b'{"a":"\xed\xa0\xbd\xed\xb8\x80 \xed\xa0\xbd"}'

    assert read_object(body, JSON_TYPE) == '{"a":"😀 \ufffd"}'.encode()


def _nested(levels: int) -> bytes:
    return b'{"a":' * (levels - 1) + b"{}" + b"}" * (levels - 1)


def test_nesting_is_bounded() -> None:
    assert read_object(_nested(NESTING_LEVELS), JSON_TYPE) == _nested(NESTING_LEVELS)
    with pytest.raises(OnecBadResponse, match="nests deeper than 64 levels"):
        read_object(_nested(NESTING_LEVELS + 1), JSON_TYPE)


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 100_000, b"[" * 5_000 + b"]" * 4_000])
def test_absurd_nesting_survives(body: bytes) -> None:
    with pytest.raises(OnecBadResponse):
        read_object(b'{"a":' + body, JSON_TYPE)


def _levels(value: object) -> int:
    match value:
        case dict():
            return 1 + max(map(_levels, value.values()), default=0)
        case list():
            return 1 + max(map(_levels, value), default=0)
    return 0


@given(_object(_tokens(4)), st.integers(min_value=0, max_value=6))
def test_levels_are_counted_as_a_parser_counts_them(tokens: list[str], levels: int) -> None:
    text = "".join(tokens)
    value = json.loads(text, object_pairs_hook=lambda pairs: dict(enumerate(v for _, v in pairs)))
    assert nests_deeper(text.encode(), levels) == (_levels(value) > levels)
