"""Other people's JSON at both ends: whatever 1C sends, every surface gives an answer or the error.

Every member of every answer is replaced in turn by what is known to come from the field. The three
surfaces must agree, and nothing may end in an internal error, an empty body or a broken schema.
"""

import json
from collections.abc import Iterator
from typing import Any, Final

import httpx
import pytest
from jsonschema import Draft202012Validator

from onecgw.catalogue.declaration import fields_of
from onecgw.catalogue.kinds.composite import CompositeTool
from onecgw.catalogue.kinds.resolver import DetailsTool, ResolverTool
from onecgw.catalogue.kinds.single_call import CardTool
from onecgw.catalogue.kinds.tool import Tool
from onecgw.catalogue.tools import ALL, BY_NAME
from onecgw.settings import OnecSettings
from onecgw.text import well_formed
from tests.builders.constant_books import APRIL, answer_of, body_of, ok, report_of
from tests.builders.surfaces import SURFACES, open_surfaces
from tests.catalogue_truth import TRUTH

Path = tuple[str | int, ...]

HALF: Final = "@half@"  # replaced in the text by half a character
TWICE: Final = "@twice@"  # a member whose name is replaced by that of its neighbour
UNCACHED: Final = OnecSettings(
    base_url="http://1c.test/hs", resolve_cache_ttl_sec=0, balance_cache_ttl_sec=0
)
VALUES: Final[tuple[Any, ...]] = (None, [], "", 0, HALF, {}, "2001-01-01")
# Where a repeated member is left to 1C: cells, columns, best products.
TAKEN_AS_THEY_COME: Final = frozenset(
    {"rows", "columns", "top_products", "period", "candidates", "applied_filters"}
)
OURS: Final = {"rows_returned", "candidates_returned", "top_products_returned"} | {
    "truncated",
    "notice",
}


def good_answer(tool: Tool, body: dict[str, Any]) -> dict[str, Any]:
    """What a 1C that keeps the contract answers."""
    said: dict[str, Any] = {name: body[name] for name in ("period", "date") if name in body}
    if isinstance(tool, DetailsTool):
        labels = ("Анкер", "«Їжак»")
        ids = body["product_ids"]
        found = zip(ids, labels, strict=False)
        return {"candidates": [{"id": one, "label": label, "code": "7"} for one, label in found]}
    if isinstance(tool, ResolverTool):
        return {
            "candidates": [
                {"id": "c1", "label": "Ромашка", "archived": False, "phone": "+380"},
                {"id": "c2", "label": "«Їжак»", "archived": True},
            ]
        }
    if isinstance(tool, CardTool):
        best = [{"id": "p1", "label": "Анкер", "amount": 5}]
        customer = {"id": body["customer_id"], "label": "Ромашка"}
        return {
            "customer": customer,
            **said,
            "totals": {"amount": 7, "qty": 2},
            "top_products": best,
        }
    fields = {field.name: field for field in fields_of(tool.request)}
    groups = body.get("group_by", ["product"])
    measures = body.get("measures", ["amount"])
    dated = {"day", "week", "month"}
    kinds = ["date" if name in dated else "ref" for name in groups] + ["number"] * len(measures)
    names = [*groups, *measures]
    cells = {"date": "2026-05-01", "ref": {"id": "x1", "label": "Їжак ё"}, "number": 12}
    return {
        "columns": [{"name": name, "type": kind} for name, kind in zip(names, kinds, strict=True)],
        "rows": [[cells[kind] for kind in kinds]] * 2,
        "totals": dict.fromkeys(measures, 24),
        **said,
        **({"applied_filters": body.get("filters", {})} if "filters" in fields else {}),
        "notes": ["incl. returns"],
        "notice": "of approved documents",
        "truncated": False,
    }


def paths_of(value: Any, here: Path = ()) -> Iterator[Path]:
    items: Iterator[tuple[str | int, Any]] = iter(())
    if isinstance(value, dict):
        items = iter(value.items())
    elif isinstance(value, list):
        items = iter(list(enumerate(value))[:1])  # elements are alike
    for key, inner in items:
        yield (*here, key)
        yield from paths_of(inner, (*here, key))


def replaced(value: Any, path: Path, new: Any) -> Any:
    if not path:
        return new
    key, *rest = path
    if isinstance(value, dict):
        changed = dict(value.items())
        if new == TWICE and not rest:
            return {**changed, f"{TWICE}{key}": 1}
        return changed | {key: replaced(value[str(key)], tuple(rest), new)}
    copy = list(value)
    copy[int(key)] = replaced(copy[int(key)], tuple(rest), new)
    return copy


def mutations_of(answer: dict[str, Any]) -> Iterator[tuple[Path, Any, bytes, Any]]:
    """Each member with each value: the place, the value, 1C's bytes, and what they mean."""
    for path in paths_of(answer):
        for new in (*VALUES, TWICE):
            if new == TWICE and not isinstance(path[-1], str):
                continue
            sent = replaced(answer, path, new)
            text = json.dumps(sent, ensure_ascii=False).replace(TWICE, "")
            meant = json.loads(text.replace(HALF, "\ufffd"))
            yield path, new, text.replace(HALF, r"\ud83d").encode(), meant


def outcome_of(surface: str, response: httpx.Response) -> tuple[str, Any]:
    """The code of an error, or "" and the answer; both are checked for what no client can read."""
    text = response.content.decode()
    assert text
    assert "-32603" not in text
    body = json.loads(text)
    assert well_formed(json.dumps(body, ensure_ascii=False)) == json.dumps(body, ensure_ascii=False)
    if surface == "rest":
        if response.status_code == 200:
            return "", body
        assert body["request_id"]
        assert response.status_code in {400, 401, 502, 503}, text
        return body.get("code", body["error"]), body["message"]
    result = body["result"]
    if result.get("isError"):
        code, _, message = result["content"][0]["text"].partition(": ")
        return code, message
    assert json.loads(result["content"][0]["text"]) == result["structuredContent"]
    return "", result["structuredContent"]


def arguments_of(tool: Tool) -> dict[str, Any]:
    """All that a tool declares, but for what stands in the way of a scripted 1C."""
    everything = dict(TRUTH[tool.name].everything)
    everything.pop("customer", None)
    # Two answers, or a whole list, are needed for these: tests/analysis plays them.
    for analysis in ("compare", "compare_with", "share", "ids"):
        everything.pop(analysis, None)
    return everything


@pytest.mark.parametrize(
    "tool",
    [tool for tool in ALL if not isinstance(tool, CompositeTool)],
    ids=lambda tool: tool.name,
)
async def test_whatever_a_member_of_an_answer_is_every_surface_gives_the_same(tool: Tool) -> None:
    current = b""

    def answer(_: httpx.Request) -> httpx.Response:
        return ok(current.decode())

    validator = Draft202012Validator(tool.output_schema())
    arguments = arguments_of(tool)
    seen: set[str] = set()
    async with open_surfaces(answer, onec=UNCACHED) as surfaces:
        current = json.dumps(good_answer(tool, {**arguments})).encode()
        response = await surfaces.post("rest", tool.name, arguments)
        assert outcome_of("rest", response)[0] == ""
        for path, new, sent, meant in mutations_of(good_answer(tool, arguments)):
            current = sent
            outcomes = [
                outcome_of(surface, await surfaces.post(surface, tool.name, arguments))
                for surface in SURFACES
            ]
            place = (path, new)
            assert outcomes[0] == outcomes[1] == outcomes[2], place
            code, body = outcomes[0]
            seen.add(code)
            assert code in {"", "onec_bad_response", "onec_rejected"}, place
            if code:
                assert body, place
                continue
            validator.validate(body)
            assert new != TWICE or path[0] in TAKEN_AS_THEY_COME, place
            assert isinstance(body.get("notice", ""), str), place
            if new == HALF and not isinstance(tool, ResolverTool):
                assert "U+FFFD" in body["notice"] or "\ufffd" in body["notice"], place
            for name, value in meant.items():
                if name not in OURS and name != "candidates":
                    assert body[name] == value, place

    assert seen >= {"", "onec_bad_response"}


REPORTS: Final = ("stock", "receivables", "payables", "sales", "purchases")


@pytest.mark.parametrize("report", REPORTS)
async def test_with_any_member_of_a_report_the_cycle_shows_what_it_knows(report: str) -> None:
    tool = BY_NAME["cash_conversion_cycle"]
    validator = Draft202012Validator(tool.output_schema())
    arguments = {"period": APRIL, "compare": "none", "breakdown": "none"}
    sample: dict[str, Any] = {}
    current: tuple[Path, Any] = ((), None)

    def answer(request: httpx.Request) -> httpx.Response:
        whole = json.loads(answer_of(request).read())
        body = body_of(request)
        whole |= {name: body[name] for name in ("period", "date") if name in body}
        whole["rows"] = whole["rows"] or [[]]  # the total of no rows may be null, and is zero
        if report_of(request) != report:
            return ok(json.dumps(whole))
        sample.update(whole)
        path, new = current
        if not path:
            return ok(json.dumps(whole))
        text = json.dumps(replaced(whole, path, new), ensure_ascii=False)
        return ok(text.replace(TWICE, "").replace(HALF, r"\ud83d"))

    async with open_surfaces(answer, onec=UNCACHED) as surfaces:
        code, whole = outcome_of("rest", await surfaces.post("rest", tool.name, arguments))
        assert (code, whole["missing"]) == ("", [])
        places = [(path, new) for path in paths_of(dict(sample)) for new in (*VALUES, TWICE)]
        for place in places:
            if place[1] == TWICE and not isinstance(place[0][-1], str):
                continue
            current = place
            outcomes = [
                outcome_of(surface, await surfaces.post(surface, tool.name, arguments))
                for surface in ("rest", "modern")
            ]
            assert outcomes[0] == outcomes[1], place
            code, body = outcomes[0]
            assert code in {"", "onec_bad_response"}, place
            if not code:
                validator.validate(body)
                unchanged = body["summary"] == whole["summary"]
                # 0 is a total as good as any other.
                assert unchanged or body["missing"] or place[1] == 0, place
