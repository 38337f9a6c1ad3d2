"""customer_summary by name: the requests to 1C, and what happens when several customers fit."""

import json
from typing import Any

import httpx
import pytest

from onecgw.auth.caller import RESOLVE, SALES
from onecgw.errors import (
    Ambiguous,
    Candidate,
    OnecBadResponse,
    OnecgwError,
    ScopeMissing,
    ValidationFailed,
)
from tests.builders.gateway_rig import Answering, Rig, answering, open_rig

PERIOD = {"from": "2026-05-01", "to": "2026-05-31"}
CARD = b'{"customer":{"label":"x"},"totals":{"amount":1.10}}'
ROSE = {"id": "c1", "label": "Ромашка", "city": "Київ", "phone": "+380", "archived": False}
TULIP = {"id": "c2", "label": "Ромашка плюс", "city": ""}
LILY = {"id": "c3", "label": "ТОВ Ромашка"}


def knowing(*candidates: dict[str, Any]) -> Answering:
    """A 1C with these customers."""
    found = answering(json.dumps({"candidates": candidates}).encode())
    card = answering(CARD)

    def answer(request: httpx.Request) -> httpx.Response:
        is_search = request.url.path.endswith("/resolve/customer")
        response = (found if is_search else card)(request)
        assert isinstance(response, httpx.Response)
        return response

    return answer


async def summary(rig: Rig, **arguments: Any) -> bytes:
    body = json.dumps({"period": PERIOD, **arguments}).encode()
    return await rig.call("customer_summary", body)


async def refusal(answer: Answering, **arguments: Any) -> OnecgwError:
    async with open_rig(answer) as rig:
        with pytest.raises(OnecgwError) as caught:
            await summary(rig, **arguments)
    return caught.value


@pytest.mark.parametrize(
    ("candidates", "name"),
    [
        ((TULIP,), "плюс"),
        ((TULIP, ROSE, LILY), "  ромашка "),
        ((ROSE, ROSE), "ромашка"),  # found twice by a join in the query of 1C
        ((ROSE,), "c1"),
    ],
)
async def test_the_one_customer_that_fits_is_meant(candidates: Any, name: str) -> None:
    async with open_rig(knowing(*candidates)) as rig:
        assert json.loads(await summary(rig, customer=name, top_products=3))["totals"]
    [search, card] = rig.onec.requests
    assert json.loads(search.content) == {"query": name, "limit": 11}
    meant = candidates[0] if len(candidates) == 1 else ROSE
    assert json.loads(card.content) == {
        "customer_id": meant["id"],
        "period": PERIOD,
        "top_products": 4,
    }
    [record] = rig.audit
    assert (record.tool, record.ok, record.onec_calls) == ("customer_summary", True, 2)


async def test_several_are_listed_with_what_distinguishes_them() -> None:
    error = await refusal(knowing(ROSE, TULIP, LILY), customer="ром")
    assert isinstance(error, Ambiguous)
    assert (error.argument, error.id_argument) == ("customer", "customer_id")
    assert error.candidates == (
        Candidate(id="c1", label="Ромашка", mark="Київ, +380"),
        Candidate(id="c2", label="Ромашка плюс"),
        Candidate(id="c3", label="ТОВ Ромашка"),
    )
    assert error.message == (
        "customer: several fit. Ask which one is meant and call again with customer_id instead of "
        "customer. Candidates: Ромашка (Київ, +380), id c1; Ромашка плюс, id c2; ТОВ Ромашка, id c3"
    )


def crowd(count: int, *places: int) -> tuple[dict[str, Any], ...]:
    """So many customers, those at the places of exactly the same name."""
    return tuple(
        {"id": f"c{place}", "label": "ТОВ" if place in places else f"ТОВ {place}"}
        for place in range(1, count + 1)
    )


async def test_a_list_that_was_cut_holds_no_one_exact() -> None:
    error = await refusal(knowing(*crowd(11, 2, 11)), customer="ТОВ")
    assert isinstance(error, Ambiguous)
    assert error.message.startswith(
        "customer: 11 or more fit; give more of the name. Ask which one is meant and call again "
        "with customer_id instead of customer. Candidates (the first 10): ТОВ 1, id c1; ТОВ, id c2;"
    )

    async with open_rig(knowing(*crowd(10, 2))) as rig:
        assert json.loads(await summary(rig, customer="тов"))["totals"]
    assert json.loads(rig.onec.requests[1].content)["customer_id"] == "c2"


async def test_apostrophes_quotes_and_forms_of_letters_make_no_other_name() -> None:
    label = "ТОВ «М’ята і Й\u043e»"
    async with open_rig(knowing({"id": "c1", "label": label}, TULIP)) as rig:
        for name in ('тов "мʼята і йо"', "ТОВ «М'ята і И\u0306о»\u200b"):
            await summary(rig, customer=name)
    assert {json.loads(one.content).get("customer_id", "c1") for one in rig.onec.requests} == {"c1"}


async def test_two_of_exactly_that_name_are_not_guessed_between() -> None:
    error = await refusal(knowing(ROSE, {**LILY, "label": "РОМАШКА"}), customer="ромашка")
    assert isinstance(error, Ambiguous)


@pytest.mark.parametrize(("count", "is_cut"), [(2, False), (10, False), (11, True)])
async def test_namesakes_are_listed_and_never_chosen_between(count: int, is_cut: bool) -> None:
    error = await refusal(knowing(*crowd(count, *range(1, count + 1))), customer="ТОВ")
    assert isinstance(error, Ambiguous)
    assert len(error.candidates) == min(count, 10)
    assert (f"{count} or more fit" in error.message) is is_cut


async def test_one_exact_name_among_namesakes_of_a_part_is_chosen_up_to_the_limit() -> None:
    for count in (1, 2, 10):
        async with open_rig(knowing(*crowd(count, 1))) as rig:
            await summary(rig, customer="ТОВ")
        assert json.loads(rig.onec.requests[1].content)["customer_id"] == "c1"
    assert isinstance(await refusal(knowing(*crowd(11, 1)), customer="ТОВ"), Ambiguous)


async def test_a_name_that_no_customer_has_is_a_problem_of_the_argument() -> None:
    error = await refusal(knowing(), customer="nobody")
    assert isinstance(error, ValidationFailed)
    assert error.message == ("customer: nothing fits 'nobody'; try fewer words or resolve_customer")


@pytest.mark.parametrize("arguments", [{}, {"customer": "a", "customer_id": "c1"}])
async def test_exactly_one_of_name_and_id_is_given(arguments: Any) -> None:
    async with open_rig(knowing(ROSE)) as rig:
        with pytest.raises(ValidationFailed, match="customer_id: is required, or customer"):
            await summary(rig, **arguments)
    assert rig.onec.requests == []


async def test_a_name_needs_the_right_to_look_it_up() -> None:
    body = json.dumps({"period": PERIOD, "customer": "a"}).encode()
    async with open_rig(knowing(ROSE)) as rig:
        with pytest.raises(ScopeMissing) as caught:
            await rig.call("customer_summary", body, scopes=frozenset({SALES}))
    assert caught.value.required == {RESOLVE}
    assert rig.onec.requests == []


async def test_a_search_that_answers_nonsense_is_a_bad_response() -> None:
    assert isinstance(await refusal(answering(b'{"candidates":7}'), customer="a"), OnecBadResponse)
