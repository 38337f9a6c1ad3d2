"""The fast path over the rows of a report decides what the slow one decides."""

import json
from typing import Any
from unittest import mock

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onecgw.errors import OnecgwError
from onecgw.responses import redaction, shaping, table_rows
from onecgw.responses.raw_json import read_members
from onecgw.responses.redaction import Redaction, declared_table
from onecgw.responses.shaping import ResponseLimits, build_table
from onecgw.responses.table_rows import read_rows
from onecgw.responses.units import NO_UNITS

TYPES = ("ref", "number", "string", "date", "custom")
TEXTS = st.sampled_from(["Ромашка", "x],[y", '"],["', "\\", "profit", "", "]", "[[", "1"])
PLAIN = st.one_of(st.none(), st.integers(-(10**30), 10**30), st.booleans(), TEXTS)
REFERENCES = st.dictionaries(
    st.sampled_from(["id", "label", "code", "profit", "Cost", "x"]),
    st.one_of(PLAIN, TEXTS, st.just({"profit": 1}), st.just([{"profit": 1}])),
)
CELLS = st.one_of(PLAIN, REFERENCES, st.lists(PLAIN, max_size=2), st.floats(-1e9, 1e9))
ROWS = st.lists(st.lists(CELLS, min_size=2, max_size=2), max_size=8)
LIMITS = ResponseLimits(
    rows=5,
    max_rows=5,
    max_bytes=None,
    refuses_extra_rows=False,
    redaction=Redaction(
        restricted=frozenset({"profit", "cost"}),
        members=declared_table(columns=("c0", "c1"), filters=()),
        columns=frozenset({"c0", "c1"}),
    ),
)


def report(rows: Any, types: tuple[str, str]) -> bytes:
    columns = [{"name": f"c{number}", "type": one} for number, one in enumerate(types)]
    answer = {"columns": columns, "rows": rows, "totals": {"c0": 1, "profit": 2}}
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()


def count_rows(body: bytes) -> int | None:
    rows = read_rows(read_members(body), NO_UNITS, is_redacted=True)
    return None if rows is None else rows.count


def outcome(body: bytes) -> object:
    try:
        return build_table(body, {}, LIMITS)
    except OnecgwError as error:
        return type(error), error.message


@given(ROWS, st.tuples(st.sampled_from(TYPES), st.sampled_from(TYPES)), st.integers(1, 40))
def test_fast_path_answers_as_the_slow_one(
    rows: Any, types: tuple[str, str], piece_bytes: int
) -> None:
    body = report(rows, types)
    with mock.patch.object(table_rows, "_PIECE_BYTES", piece_bytes):
        fast = outcome(body)
        assert count_rows(body) in {None, len(rows)}
    with (
        mock.patch.object(shaping, "read_rows", return_value=None),
        mock.patch.object(redaction, "read_rows", return_value=None),
    ):
        assert outcome(body) == fast


@pytest.mark.parametrize("piece_bytes", [1, 30, 1000, 10**6])
def test_plain_rows_are_counted_however_they_are_cut(
    piece_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_rows, "_PIECE_BYTES", piece_bytes)
    rows = [[{"id": str(number), "label": "Їжак"}, number / 10] for number in range(100)]
    assert count_rows(report(rows, ("ref", "number"))) == 100
    assert count_rows(report([], ("ref", "number"))) == 0


def test_nothing_hides_below_a_plain_member() -> None:
    hidden = [[{"id": {"profit": 1}, "label": [{"profit": 2}]}, 1]]
    body = report(hidden, ("ref", "number"))
    assert count_rows(body) is None
    assert b"profit" not in build_table(body, {}, LIMITS).body


@pytest.mark.parametrize(
    "rows", [None, "x", {}, 1, True, [1], [[]], [[1]], [["a", 1, 2]], [[{"x": 1}, 1]]]
)
def test_other_rows_are_not_plain(rows: Any) -> None:
    assert count_rows(report(rows, ("ref", "number"))) is None


def test_a_number_that_no_float_holds_keeps_its_digits() -> None:
    body = report([["a", 1]], ("string", "number")).replace(b'"a",1]', b'"a",1e999]')
    assert msgspec.Raw(b'[["a",1e999]]') == read_members(build_table(body, {}, LIMITS).body)["rows"]
