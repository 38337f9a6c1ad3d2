from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onecgw.backends.odata.bounds import Bounds
from onecgw.backends.odata.metadata import Types
from onecgw.backends.odata.profile import RegisterSource
from onecgw.backends.odata.profile_reader import load_profile
from onecgw.backends.odata.query_plan import buckets
from onecgw.backends.odata.references import References
from onecgw.backends.odata.reports import SALES
from onecgw.backends.odata.request import read_request
from onecgw.backends.odata.source_query import SourceQuery

SOURCES = load_profile("ut").sources


@given(
    first=st.dates(date(2020, 1, 1), date(2026, 1, 1)),
    days=st.integers(0, 400),
    times=st.lists(st.sampled_from(["day", "week", "month"]), max_size=3, unique=True),
    source=st.sampled_from([SOURCES["sales"], SOURCES["sales_records"]]),
)
def test_parts_of_a_period_touch_and_none_holds_two_days_weeks_or_months_apart(
    first: date, days: int, times: list[str], source: RegisterSource
) -> None:
    last = first + timedelta(days=days)
    period = {"from": first.isoformat(), "to": last.isoformat()}
    body = {"period": period, "group_by": [*times, "firm"]}
    request = read_request(SALES, body, today=last)
    parts = buckets(request, source, 1_000)
    assert parts[0][0] == first
    assert parts[-1][1] == last
    for (_, end), (start, _) in pairwise(parts):
        assert start == end + timedelta(days=1)
    apart = {"day": lambda day: day, "week": lambda day: day - timedelta(days=day.weekday()),
             "month": lambda day: day.replace(day=1)}  # fmt: skip
    kept_apart = ["month"] if source is SOURCES["sales_records"] else times
    for start, end in parts:
        assert start <= end
        assert all(apart[name](start) == apart[name](end) for name in kept_apart)
    if source is SOURCES["sales"] and not times:
        assert parts == [(first, last)]


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ((), ("StartPeriod", "EndPeriod")),
        (("Condition", "EndPeriod", "StartPeriod"), ("StartPeriod", "EndPeriod")),
        (("Condition", "EndDate", "StartDate"), ("StartDate", "EndDate")),
    ],
)
def test_arguments_have_the_names_that_the_base_declares(
    declared: tuple[str, ...], expected: tuple[str, str]
) -> None:
    source = SOURCES["purchases"]
    references = References(
        profile=load_profile("ut"),
        types=Types(fields={}, functions={source.register: {"Turnovers": declared}}, members={}),
        catalogues={},
        keys={},
        accounts={},
        predefined={},
    )
    bounds = Bounds(url_bytes=1_900, rows=10, buckets=62)
    days = (date(2026, 1, 1), date(2026, 1, 31))
    query = SourceQuery(source, ("amount",), references, bounds).query([], (), days)
    assert [name for name, _ in query.arguments] == [*expected, "Dimensions"]
