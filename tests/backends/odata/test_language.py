"""No sentence of English reaches a person who reads another language, whatever the backend."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from onecgw.catalogue.tools import BY_NAME
from onecgw.demo.books import Books
from onecgw.demo.odata.configurations import ConfigurationName
from onecgw.errors import OnecgwError
from onecgw.locales import Language
from tests.backends.odata.conftest import MakeFace, backend_of, settings_of
from tests.backends.odata.test_through_the_gateway import CALLS, Call, gateway_over, service_of
from tests.builders.gateway_rig import answering, open_rig
from tests.catalogue_truth import TRUTH

OTHER_LANGUAGES = pytest.mark.parametrize("language", ["uk", "ru"])
# Three words of small Latin letters in a row: names of arguments and members stand apart.
SENTENCE = re.compile(r"(?<![\w.])[a-z]+(?:['-][a-z]+)?(?: [a-z]+(?:['-][a-z]+)?){2,}(?![\w.])")
FORMULAS = {"formula"}  # of names of members
MAY = {"from": "2026-05-01", "to": "2026-05-31"}
YEARS = {"from": "1000-01-01", "to": "9998-12-31"}
MORE: list[tuple[str, dict[str, Any]]] = [
    ("sales_report", {"period": MAY, "group_by": ["cohort"]}),
    ("sales_report", {"period": MAY, "measures": ["cost"]}),
    ("sales_report", {"period": MAY, "group_by": ["sales_channel"]}),
    ("sales_report", {"period": YEARS, "group_by": ["day"]}),
    ("sales_report", {"period": MAY, "filters": {"firm_ids": ["x"]}}),
    ("sales_report", {"period": MAY, "compare_with": "1990-01-01"}),
    ("stock_balance", {"compare_with": "1990-01-01"}),
    ("cash_balance", {"measures": ["balance_base"]}),
    ("availability_report", {"period": MAY}),
    ("goods_in_transit", {}),
    ("resolve_sales_channel", {"query": "а"}),
    ("resolve_operation", {"query": ""}),
    ("product_details", {"product_ids": ["x"]}),
    ("purchases_report", {"period": MAY, "group_by": ["product"]}),
    ("cash_conversion_cycle", {"period": {"from": "1990-01-01", "to": "1990-02-28"}}),
    ("sales_report", {"period": "x", "top": 0, "tpo": 1, "language": 7}),
]
WRONG_ANSWERS = [
    b"",
    b"{",
    b"[]",
    b"{}",
    b"<html>",
    b'{"error":{}}',
    b'{"candidates":7}',
    b'{"candidates":[{"id":1}]}',
    b'{"columns":7,"rows":[],"totals":{}}',
    b'{"columns":[],"rows":7,"totals":{}}',
    b'{"columns":[],"rows":[],"totals":7}',
    b'{"columns":[],"rows":[[1]],"totals":{}}',
    b'{"columns":[{"name":"secret","type":"number"}],"rows":[],"totals":{}}',
]
WRONG_STATUSES = [301, 400, 401, 403, 404, 406, 418, 500, 502, 503]


def sentences(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """The texts of an answer that hold a sentence of English."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from sentences(inner, (*path, name))
    elif isinstance(value, list):
        for inner in value:
            yield from sentences(inner, path)
    elif isinstance(value, str) and SENTENCE.search(value) and path[-1] not in FORMULAS:
        yield path, value


async def english_in(call: Call, language: str) -> list[object]:
    """What is said in English over every tool, and over refusals."""
    found: list[object] = []
    for tool, arguments in [*((name, one.least) for name, one in TRUTH.items()),
                            *CALLS.items(), *MORE]:  # fmt: skip
        try:
            answer = await call(tool, **{"language": language, **arguments})
        except OnecgwError as error:
            if "language" not in arguments:
                answer = {"error": error.in_language(language_of(language)).message}
            else:
                continue
        found += [(tool, *one) for one in sentences(answer)]
    return found


def language_of(name: str) -> Language:
    return "uk" if name == "uk" else "ru"


@OTHER_LANGUAGES
@pytest.mark.parametrize("configuration", ["ut", "unf", "bp", "bas"])
async def test_answers_over_odata_have_no_sentence_of_english(
    configuration: ConfigurationName, language: str, face: MakeFace
) -> None:
    async with gateway_over(backend_of(face(configuration)), settings_of()) as call:
        assert await english_in(call, language) == []


@OTHER_LANGUAGES
async def test_answers_over_the_http_service_have_none_of_the_gateways(
    language: str, small_books: Books
) -> None:
    async with gateway_over(*service_of(small_books)) as call:
        found = await english_in(call, language)

    # The notes of the demo are 1C's own words.
    assert [one for one in found if "notes" not in one[1]] == []  # type: ignore[index]


@OTHER_LANGUAGES
async def test_refusals_of_what_a_base_lacks_have_none(language: str, face: MakeFace) -> None:
    app = face("ut", without={"Catalog_Партнеры", "AccumulationRegister_ДенежныеСредстваНаличные"})
    async with gateway_over(backend_of(app), settings_of()) as call:
        assert await english_in(call, language) == []
    nothing = face("ut").varied(unpublished=face("ut").objects() - {"Catalog_Валюты"})
    async with gateway_over(backend_of(nothing), settings_of()) as call:
        assert await english_in(call, language) == []


@OTHER_LANGUAGES
async def test_refusals_of_wrong_answers_have_none(language: str) -> None:
    found = []
    answers = [(body, 200) for body in WRONG_ANSWERS] + [(b"", one) for one in WRONG_STATUSES]
    for body, status in answers:
        async with open_rig(answering(body, status)) as rig:
            for tool in BY_NAME:
                arguments = json.dumps({"language": language, **TRUTH[tool].least})
                try:
                    answer = json.loads(await rig.call(tool, arguments.encode()))
                except OnecgwError as error:
                    answer = {"error": error.message}
                found += [(tool, body, status, *one) for one in sentences(answer)]

    assert found == []
