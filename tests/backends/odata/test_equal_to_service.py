"""Over OData every tool answers what the HTTP service answers about the same books."""

import os
import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
import trio
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from onecgw.backends.odata.reports import NOT_ANSWERED
from onecgw.demo.books import Books
from onecgw.demo.odata.app import ODataApp
from onecgw.demo.odata.configurations import ConfigurationName
from onecgw.demo.report_definition import Report
from onecgw.demo.reports import TABULAR
from onecgw.errors import OnecRejected
from onecgw.settings import OnecODataSettings
from tests.backends.odata.conftest import MakeFace, backend_of, fetch
from tests.builders.demo_queries import call
from tests.builders.report_requests import periods, requests

EXAMPLES = int(os.environ.get("ONECGW_ODATA_EXAMPLES", "10"))
BOTH = pytest.mark.parametrize("configuration", ["ut", "unf"])
ALL_THREE = pytest.mark.parametrize("configuration", ["ut", "unf", "bp"])
_ENCODER = msgspec.json.Encoder(decimal_format="number")
COMPARED = ("columns", "rows", "totals", "totals_by_currency", "period", "date", "applied_filters")
# What the figures of a configuration mean differs by its nature, and the profile's notes say so.
OTHERWISE = {
    # Operations are an enumeration with other ids and labels; a transfer keeps no other desk.
    "ut": {"operation", "operation_ids", "analytics"},
    "unf": set(),
    # Account 50 keeps neither desks nor cost articles.
    "bp": {
        "cash",
        "account",
        "cash_ids",
        "analytics",
        "cost_article_ids",
        "cost_article_parent",
    },
}
REPORTS = [one for one in TABULAR if one.name not in NOT_ANSWERED]
# БП keeps balances in its accounting currency, the service in that of the desk.
INCOMPARABLE = {("bp", "cash_balance")}
LONGEST = {"day": 20, "week": 120, "month": 400}


class Base:
    """A configuration behind the backend, in front of the demo's OData interface."""

    def __init__(self, app: ODataApp, **odata: Any) -> None:
        self.app = app
        self.backend = backend_of(app, **odata)

    def answer(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        """The answer, its members as they were encoded."""
        found = trio.run(fetch, self.backend, operation, body)
        return msgspec.json.decode(found, type=dict[str, msgspec.Raw])

    def lacking(self, tool: str) -> set[str]:
        """The dimensions, measures and filters that a tool lacks, as the base says itself."""
        capabilities = trio.run(self.backend.capabilities)
        return set().union(*capabilities.unsupported.get(tool, {}).values())


@pytest.fixture(scope="session")
def backends(face: MakeFace) -> Iterator[dict[str, Base]]:
    names: tuple[ConfigurationName, ...] = ("ut", "unf", "bp", "bas")
    found: dict[str, Base] = {name: Base(face(name), max_buckets=2_000) for name in names}
    yield found
    for one in found.values():
        one.app.log.check(max_url_bytes=OnecODataSettings().max_url_bytes)
        assert one.app.log.allowed_only == 0


# Over OData a reference of a product has no unit.
_UNIT = re.compile(r',"unit":"[^"]*"')


def same(found: dict[str, Any], expected: dict[str, Any], *names: str) -> None:
    for name in names:
        is_there = name in expected
        assert (name in found) == is_there, name
        if is_there:
            wanted = _UNIT.sub("", _ENCODER.encode(expected[name]).decode())
            assert bytes(found[name]).decode() == wanted, name


def without_lacking(body: dict[str, Any], lacking: set[str], default: str) -> dict[str, Any]:
    body = {**body, "group_by": [x for x in body["group_by"] if x not in lacking] or [default]}
    body["measures"] = [x for x in body["measures"] if x not in lacking]
    fields = {*body["group_by"], *body["measures"]}
    if "sort" in body:
        body["sort"] = [one for one in body["sort"] if one["field"] in fields]
    if "filters" in body:
        body["filters"] = {k: v for k, v in body["filters"].items() if k not in lacking}
    return body


def shortened(body: dict[str, Any]) -> dict[str, Any]:
    """A period of which the days, weeks or months are not too many calls for a test."""
    if "period" not in body:
        return body
    longest = min((LONGEST[x] for x in body["group_by"] if x in LONGEST), default=10_000)
    first, last = (date.fromisoformat(body["period"][end]) for end in ("from", "to"))
    last = min(last, first + timedelta(days=longest))
    return {**body, "period": {"from": first.isoformat(), "to": last.isoformat()}}


@ALL_THREE
@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.path)
@given(data=st.data())
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_report_equals_the_http_service_digit_for_digit(
    report: Report,
    configuration: str,
    small_books: Books,
    backends: dict[str, Base],
    data: st.DataObject,
) -> None:
    if (configuration, report.name) in INCOMPARABLE:
        pytest.skip("figures in another currency")
    lacking = backends[configuration].lacking(report.name) | OTHERWISE[configuration]
    drawn = data.draw(requests(report, small_books))
    default = next(x.name for x in report.dimensions if x.name not in lacking)
    body = shortened(without_lacking(drawn, lacking, default))
    assume(body["measures"])
    expected = call(small_books, f"reports/{report.path}", **body)
    try:
        found = backends[configuration].answer(f"reports/{report.path}", body)
    except OnecRejected as refused:
        # Records are read one by one for at most three months.
        assert configuration == "ut"
        assert "single records" in refused.message
        return
    same(found, expected, *COMPARED)


@BOTH
@given(data=st.data())
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_top_products_equal_the_http_service(
    configuration: str, small_books: Books, backends: dict[str, Base], data: st.DataObject
) -> None:
    body: dict[str, Any] = {
        "period": data.draw(periods()),
        "by": data.draw(st.sampled_from(["amount", "qty"])),
        "top": data.draw(st.integers(1, 30)),
    }
    expected = call(small_books, "reports/top_products", **body)
    found = backends[configuration].answer("reports/top_products", body)
    same(found, expected, "columns", "rows", "totals", "period", "by", "applied_filters")


@BOTH
@given(data=st.data())
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_customer_summary_equals_the_http_service(
    configuration: str, small_books: Books, backends: dict[str, Base], data: st.DataObject
) -> None:
    leaves = [x.uuid for x in small_books.catalogues["partners"].items if not x.is_group]
    body: dict[str, Any] = {
        "customer_id": data.draw(st.sampled_from(leaves)),
        "period": data.draw(periods()),
    }
    expected = call(small_books, "reports/customer_summary", **body)
    found = backends[configuration].answer("reports/customer_summary", body)
    same(found, expected, "customer", "totals", "last_purchase", "top_products", "period")


RESOLVED = {
    "customer": ("partners", ("id", "label", "archived", "phone", "city")),
    "product": ("products", ("id", "label", "archived", "code")),
    # Warehouses and bank accounts of УТ have no codes.
    "warehouse": ("warehouses", ("id", "label", "archived")),
    "cash": ("cash", ("id", "label", "archived", "currency")),
    "cost_article": ("cost_articles", ("id", "label", "archived", "code")),
    "operation": ("operations", ("id", "label", "archived")),
}


@BOTH
@pytest.mark.parametrize("kind", [*RESOLVED])
@given(data=st.data())
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_resolver_finds_what_the_http_service_finds_in_the_same_order(
    kind: str,
    configuration: str,
    small_books: Books,
    backends: dict[str, Base],
    data: st.DataObject,
) -> None:
    if (configuration, kind) == ("ut", "operation"):
        return  # an enumeration has other ids and labels
    table, keys = RESOLVED[kind]
    items = small_books.catalogues[table].items  # type: ignore[index] # a name above
    label = data.draw(st.sampled_from([item.label for item in items if not item.is_group]))
    words = data.draw(st.permutations(label.split()))
    query = " ".join(words[: data.draw(st.integers(1, len(words)))])
    body = {"query": query.replace("ё", "е").upper() if data.draw(st.booleans()) else query}
    expected = call(small_books, f"resolve/{kind}", **body)
    found = backends[configuration].answer(f"resolve/{kind}", body)
    got = msgspec.json.decode(bytes(found["candidates"]))
    assert [{key: one.get(key) for key in keys} for one in got] == [
        {key: one.get(key) for key in keys} for one in expected["candidates"]
    ]


@BOTH
@pytest.mark.parametrize("kind", [*RESOLVED])
def test_an_empty_query_lists_the_catalogue_as_the_http_service_does(
    kind: str, configuration: str, small_books: Books, backends: dict[str, Base]
) -> None:
    if (configuration, kind) == ("ut", "operation"):
        return  # an enumeration has other ids and labels
    _, keys = RESOLVED[kind]
    body: dict[str, Any] = {"query": " ", "limit": 500}
    expected = call(small_books, f"resolve/{kind}", **body)
    found = backends[configuration].answer(f"resolve/{kind}", body)
    same(found, expected, "total")
    got = msgspec.json.decode(bytes(found["candidates"]))
    assert len(got) == min(500, expected["total"])
    assert [{key: one.get(key) for key in keys} for one in got] == [
        {key: one.get(key) for key in keys} for one in expected["candidates"]
    ]


@BOTH
def test_product_details_equal_the_http_service_but_for_the_unit(
    configuration: str, small_books: Books, backends: dict[str, Base]
) -> None:
    items = [one for one in small_books.catalogues["products"].items if not one.is_group]
    body: dict[str, Any] = {"product_ids": [one.uuid for one in items[:40]]}
    expected = call(small_books, "resolve/product_details", **body)
    found = backends[configuration].answer("resolve/product_details", body)
    wanted = msgspec.json.decode(bytes(found["candidates"]))
    assert wanted == [
        {name: value for name, value in one.items() if name != "unit"}
        for one in expected["candidates"]
    ]
    assert b"units of products are not read" in bytes(found["notes"])
