from datetime import date, datetime
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onecgw.backends.odata import url
from onecgw.backends.odata.url import ODataQuery, Spelling

TEXTS = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=40)
KEY = "6a1f0000-0000-4000-8000-000000000001"


def read_text(literal: str) -> str:
    """What 1C reads in a literal of a text: quotes inside are doubled."""
    assert literal[0] == literal[-1] == "'"
    inside = literal[1:-1]
    assert "'" not in inside.replace("''", "")
    return inside.replace("''", "'")


def read_arguments(inside: str) -> dict[str, str]:
    """The arguments between the parentheses of a virtual table; commas may stand in quotes."""
    found: dict[str, str] = {}
    while inside:
        name, _, inside = inside.partition("=")
        place = inside.index("'") + 1
        while True:
            place = inside.index("'", place) + 1
            if inside[place : place + 1] != "'":
                break
            place += 1
        found[name] = inside[:place]
        assert inside[place : place + 1] in ("", ",")
        inside = inside[place + 1 :]
    return found


def read(address: str) -> tuple[str, str, dict[str, str], dict[str, str]]:
    """The resource, the function, its arguments and the options of an address."""
    assert address.isascii()
    path, _, query = address.partition("?")
    resource, _, call = path.partition("/")
    function, _, inside = unquote(call).partition("(")
    pairs = [part.partition("=") for part in query.split("&")]
    options = {unquote(name): unquote(value) for name, _, value in pairs}
    return unquote(resource), function, read_arguments(inside.removesuffix(")")), options


@given(TEXTS)
def test_text_literal_is_read_back(value: str) -> None:
    assert read_text(url.text(value)) == value


@given(
    spelling=st.sampled_from(Spelling),
    condition=TEXTS,
    dimensions=TEXTS,
    selected=TEXTS,
    day=st.dates(),
)
def test_query_is_read_back_from_either_spelling(
    spelling: Spelling, condition: str, dimensions: str, selected: str, day: date
) -> None:
    query = ODataQuery(
        resource="AccumulationRegister_Продажи",
        function="Turnovers",
        arguments=(
            ("StartPeriod", url.start_of(day)),
            ("Dimensions", url.text(dimensions)),
            ("Condition", url.text(condition)),
        ),
        options=(("$select", selected),),
    )
    resource, function, arguments, options = read(query.encoded(spelling))
    assert (resource, function) == ("AccumulationRegister_Продажи", "Turnovers")
    given_arguments = arguments if spelling is Spelling.PATH else options
    assert read_text(given_arguments["Condition"]) == condition
    assert read_text(given_arguments["Dimensions"]) == dimensions
    assert given_arguments["StartPeriod"] == f"datetime'{day.isoformat()}T00:00:00'"
    assert options["$select"] == selected
    assert options["$format"] == "application/json;odata=nometadata"
    assert (arguments == {}) == (spelling is Spelling.QUERY)


def test_address_is_what_1c_documents_byte_for_byte() -> None:
    query = ODataQuery(
        resource="AccumulationRegister_X",
        function="Balance",
        arguments=(
            ("Period", url.after(date(2026, 10, 31))),
            ("Condition", url.text(f"Y_Key eq {url.guid(KEY)}")),
        ),
        options=(("$top", "2"),),
    )
    assert query.encoded() == (
        "AccumulationRegister_X/Balance(Period=datetime'2026-11-01T00:00:00',"
        f"Condition='Y_Key%20eq%20guid''{KEY}''')"
        "?$top=2&$format=application/json;odata=nometadata"
    )
    assert query.encoded(Spelling.QUERY) == (
        "AccumulationRegister_X/Balance()?Period=datetime'2026-11-01T00:00:00'"
        f"&Condition='Y_Key%20eq%20guid''{KEY}'''&$top=2&$format=application/json;odata=nometadata"
    )


@pytest.mark.parametrize("sign", [*"&+#?% /\u00a0«ї"])
def test_sign_with_a_meaning_of_its_own_is_encoded(sign: str) -> None:
    query = ODataQuery(resource="X", options=(("$filter", url.text(sign)),))
    address = query.encoded()
    assert read(address)[3]["$filter"] == url.text(sign)
    assert "+" not in address


def test_balance_of_a_day_is_taken_at_the_start_of_the_next() -> None:
    assert url.after(date(2026, 12, 31)) == "datetime'2027-01-01T00:00:00'"
    assert url.end_of(date(2026, 12, 31)) == "datetime'2026-12-31T23:59:59'"
    assert url.moment(datetime(1, 1, 1)) == "datetime'0001-01-01T00:00:00'"  # noqa: DTZ001 - 1C knows no zone
