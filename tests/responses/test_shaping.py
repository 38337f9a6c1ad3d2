import json
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onecgw.errors import LimitExceeded, OnecBadResponse
from onecgw.locales.text import say
from onecgw.responses.candidates import build_candidates
from onecgw.responses.card import CardShape, build_card
from onecgw.responses.shaping import Answer, ResponseLimits, build_table

COLUMNS = b'"columns":[{"name":"customer","type":"ref"},{"name":"amount","type":"number"}]'
HARD_NUMBERS = ["0.10", "1E-7", "-0.00", "9" * 38, "1" * 38 + ".5", "1e+400", "0", "1234567890.10"]

BOUNDS = ResponseLimits(
    rows=3, max_rows=5000, max_bytes=80_000, refuses_extra_rows=False, redaction=None
)


SPARE_BYTES = 4  # a comma, and the digits of counts that may be shorter than was reckoned
NO_ARGUMENTS: dict[str, Any] = {}
CARD = CardShape(subject="customer", listed="top_products")


def table_of(body: bytes, limits: ResponseLimits = BOUNDS) -> Answer:
    return build_table(body, NO_ARGUMENTS, limits)


def card_of(body: bytes, limits: ResponseLimits = BOUNDS) -> Answer:
    return build_card(body, NO_ARGUMENTS, limits, shape=CARD)


def table(*rows: str) -> bytes:
    return b"{" + COLUMNS + b',"rows":[' + ",".join(rows).encode() + b'],"totals":{"amount":0.10}}'


def read(answer: Answer) -> Any:
    return json.loads(answer.body)


def test_rows_leave_digit_for_digit_and_letter_for_letter() -> None:
    rows = [f'[{{"id":"1","label":"«Їжак»\u00a0ё \\u0456"}},{number}]' for number in HARD_NUMBERS]
    bounds = attrs.evolve(BOUNDS, rows=100)

    answer = table_of(table(*rows), bounds)

    assert answer.body == (
        b'{"rows_returned":8,"truncated":false,"notice":"%b",'
        % say("notices.long_numbers", digits=15).encode()
        + COLUMNS
        + b',"rows":['
        + ",".join(rows).encode()
        + b'],"totals":{"amount":0.10}}'
    )
    assert answer.rows == 8


def test_one_row_more_than_wanted_shows_that_there_are_more() -> None:
    answer = table_of(table('["a",1]', '["b",2]', '["c",3]', '["d",4]'), BOUNDS)

    assert read(answer) == {
        "rows_returned": 3,
        "truncated": True,
        "notice": "Only the first 3 rows are here, more exist. Narrow the period or the filters, "
        "or choose a coarser group_by. Or sort by what matters, or ask for more with top "
        "(at most 5000).",
        "columns": [{"name": "customer", "type": "ref"}, {"name": "amount", "type": "number"}],
        "rows": [["a", 1], ["b", 2], ["c", 3]],
        "totals": {"amount": 0.10},
    }


def test_more_rows_than_requested_are_an_error_where_the_surface_says_so() -> None:
    body = table(*['["a",1]'] * 5)

    with pytest.raises(LimitExceeded, match="5 rows where 3 were asked for"):
        table_of(body, attrs.evolve(BOUNDS, refuses_extra_rows=True))
    assert read(table_of(body, BOUNDS))["rows_returned"] == 3


def test_an_answer_too_large_loses_rows_from_the_end_and_says_so() -> None:
    rows = [f'["{"x" * 50} {index}",{index}]' for index in range(100)]
    bounds = attrs.evolve(BOUNDS, rows=100, max_bytes=2000, notices=("top was 9, the limit is 8.",))

    answer = table_of(table(*rows), bounds)

    kept = answer.rows
    assert kept is not None
    assert 0 < kept < 100
    assert 1900 < len(answer.body) <= 2000
    body = read(answer)
    assert body["rows"] == json.loads(f"[{','.join(rows[:kept])}]")
    assert body["truncated"] is True
    assert body["notice"] == (
        f"top was 9, the limit is 8. Only the first {kept} rows are here, more exist: the whole "
        "answer would be larger than 2000 bytes. Narrow the period or the filters, or choose a "
        "coarser group_by."
    )


@given(st.integers(0, 60), st.integers(1, 60), st.integers(700, 4000), st.integers(0, 80))
def test_a_bounded_answer_fits_and_is_a_prefix(
    count: int, wanted: int, max_bytes: int, width: int
) -> None:
    rows = [f'["{"я" * width}",{index}]' for index in range(count)]
    answer = table_of(table(*rows), attrs.evolve(BOUNDS, rows=wanted, max_bytes=max_bytes))
    body = read(answer)

    assert len(answer.body) <= max_bytes
    assert body["rows"] == json.loads(f"[{','.join(rows[: body['rows_returned']])}]")
    assert body["truncated"] == (body["rows_returned"] < count) == ("notice" in body)


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b'"text"',
        b"{}",
        b'{"columns":[],"rows":{}}',
        b'{"columns":[{"name":"a"}],"rows":[]}',
        b'{"columns":[{"name":"a","type":"ref"}],"rows":[[1,2]]}',
        b'{"columns":[{"name":"a","type":"ref"}],"rows":[1]}',
        b'{"columns":[{"name":"a","type":"ref"}],"rows":[null]}',
        b'{"columns":[{"name":"a","type":"ref"}]}',
        b'{"rows":[[1]]}',
    ],
)
def test_a_report_of_another_shape_is_a_bad_response(body: bytes) -> None:
    with pytest.raises(OnecBadResponse):
        table_of(body, BOUNDS)


def test_an_open_card_is_passed_through_byte_for_byte() -> None:
    card = (
        b'"customer":{"id":"1"},"totals":{"amount":0.10,"cost":1E-7},"last_purchase":"2026-05-01"'
    )

    assert card_of(b'{%b,"notice":"n"}' % card) == Answer(
        body=b'{"top_products_returned":0,"truncated":false,"notice":"n",%b}' % card, rows=0
    )


def test_the_list_of_a_card_is_cut_in_the_open() -> None:
    body = (
        b'{"customer":{"id":1},"totals":{"amount":9},'
        b'"top_products":[{"n":1},{"n":2},{"n":3},{"n":4}]}'
    )

    assert read(card_of(body)) == {
        "top_products_returned": 3,
        "truncated": True,
        "notice": "Only the first 3 top_products are here, more exist. The totals cover them all.",
        "customer": {"id": 1},
        "totals": {"amount": 9},
        "top_products": [{"n": 1}, {"n": 2}, {"n": 3}],
    }


def test_an_answer_that_is_too_large_and_has_nothing_to_leave_out_is_an_error() -> None:
    small = attrs.evolve(BOUNDS, max_bytes=1000)
    card = b'{"customer":{"id":"1"},"totals":{},"notes":["%b"]}' % (b"x" * 1000)
    notes = b'{"candidates":[],"notes":["%b"]}' % (b"x" * 1000)
    report = table('["a",1]')[:-1] + b',"notes":["%b"]}' % (b"x" * 1000)

    for build, body in (
        (card_of, card),
        (build_candidates, notes),
        (table_of, report),
    ):
        with pytest.raises(LimitExceeded, match="where 1000 are accepted"):
            build(body, small)
        build(body, BOUNDS)


def test_candidates_too_large_are_cut_from_the_end() -> None:
    candidates = [{"id": str(n), "label": "x" * 300} for n in range(3)]

    answer = build_candidates(
        json.dumps({"candidates": candidates}, separators=(",", ":")).encode(),
        attrs.evolve(BOUNDS, max_bytes=900),
    )

    assert answer.rows == 2
    assert "larger than 900 bytes. Make the query longer." in read(answer)["notice"]


def test_a_member_that_1c_says_twice_is_a_bad_response() -> None:
    twice = table('["a",1]')[:-1] + b',"rows":[]}'

    with pytest.raises(OnecBadResponse, match="one member twice"):
        table_of(twice, BOUNDS)
    escaped = table('["a",1]')[:-1] + b',"\\u0456":1%b}' % (b"0" * 5000)
    assert table_of(escaped, BOUNDS).rows == 1


def test_what_1c_had_to_notice_stands_after_what_we_have() -> None:
    body = table(*['["a",1]'] * 4)[:-1] + b',"notice":"Only approved documents."}'

    assert read(table_of(body, BOUNDS))["notice"].endswith("5000). Only approved documents.")
    three = table(*['["a",1]'] * 3)[:-1] + b',"notice":"Only approved documents."}'
    assert read(table_of(three, BOUNDS))["notice"] == "Only approved documents."


def test_candidates_pass_with_everything_1c_says_of_them() -> None:
    body = b'{"candidates":[{"id":"1","label":"A","archived":false,"phone":"+380 00"}],"x":1}'

    said = b'{"candidates_returned":1,"truncated":false,'
    assert build_candidates(body, BOUNDS) == Answer(body=said + body[1:], rows=1)


def test_more_candidates_than_the_limit_are_cut_in_the_open() -> None:
    candidates = [{"id": str(n), "label": "A"} for n in range(5)]
    body = json.dumps({"candidates": candidates}, separators=(",", ":")).encode()

    answer = build_candidates(body, BOUNDS)

    assert answer.rows == 3
    assert read(answer) == {
        "candidates_returned": 3,
        "truncated": True,
        "notice": "Only the first 3 candidates are here, more exist. Make the query longer.",
        "candidates": [{"id": str(n), "label": "A"} for n in range(3)],
    }


@pytest.mark.parametrize(
    "body", [b"{}", b'{"candidates":{}}', b'{"candidates":[{"id":1}]}', b"[1]"]
)
def test_candidates_of_another_shape_are_a_bad_response(body: bytes) -> None:
    with pytest.raises(OnecBadResponse):
        build_candidates(body, BOUNDS)


@given(st.lists(st.decimals(allow_nan=False, allow_infinity=False), max_size=20))
def test_no_decimal_changes_on_its_way(numbers: list[Decimal]) -> None:
    texts = [str(number) for number in numbers]
    body = table(*[f'["a",{text}]' for text in texts])

    answer = table_of(body, attrs.evolve(BOUNDS, rows=100))

    rows = json.loads(answer.body, parse_float=str, parse_int=str)["rows"]
    assert [row[1] for row in rows] == texts


def test_an_answer_of_exactly_the_largest_size_is_whole_and_one_byte_less_cuts_it() -> None:
    body = table(*[f'["row {number}",{number}]' for number in range(8)])
    bounds = attrs.evolve(BOUNDS, rows=8)
    whole = table_of(body, attrs.evolve(bounds, max_bytes=None))
    size = len(whole.body)

    for max_bytes in (size, size + 1):
        assert table_of(body, attrs.evolve(bounds, max_bytes=max_bytes)) == whole


@pytest.mark.parametrize("rows", [8, 12])  # the number of rows has one digit, or two
def test_a_cut_keeps_as_many_rows_as_fit_to_the_byte(rows: int) -> None:
    body = table(*[f'["{"x" * 100} {number}",{number}]' for number in range(rows)])
    bounds = attrs.evolve(BOUNDS, rows=rows)
    size = len(table_of(body, attrs.evolve(bounds, max_bytes=None)).body)
    answers = {
        max_bytes: table_of(body, attrs.evolve(bounds, max_bytes=max_bytes))
        for max_bytes in range(size - 400, size)
    }

    for max_bytes, answer in answers.items():
        assert len(answer.body) <= max_bytes
        assert (answer.rows or 0) < rows
        more = answers.get(max_bytes + 1)
        if more is not None and more.rows != answer.rows:
            # The byte that lets one row more in is the last one that this row needs.
            assert more.rows == (answer.rows or 0) + 1
            assert max_bytes + 1 - len(more.body) <= SPARE_BYTES
