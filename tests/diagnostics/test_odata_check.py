"""`onecgw check` of a stock 1C: each step against the demo's OData interface on a socket."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import attrs
import trio

from onecgw.backends.odata.plan import objects_to_publish
from onecgw.backends.odata.profile_reader import load_profile
from onecgw.catalogue.tools import ALL
from onecgw.demo.odata.app import ODataApp
from onecgw.demo.server import serve_demo_onec
from onecgw.diagnostics.odata_check import check_odata
from onecgw.diagnostics.step import CheckStep
from onecgw.settings import OnecAuthSettings, Secret
from tests.backends.odata.conftest import MAX_RESPONSE_BYTES, MakeFace, face, settings_of
from tests.builders.odata_queries import LOGIN
from tests.demo.conftest import small_books

__all__ = ["face", "small_books"]
STOCK = "AccumulationRegister_ЗапасыНаСкладах"


@asynccontextmanager
async def on_socket(app: ODataApp) -> AsyncIterator[str]:
    async with trio.open_nursery() as nursery:
        url = await nursery.start(partial(serve_demo_onec, app, host="127.0.0.1", port=0))
        yield f"{url}/trade"
        nursery.cancel_scope.cancel()


async def steps_of(app: ODataApp, password: str | None = None, **odata: object) -> list[CheckStep]:
    found: list[CheckStep] = []
    async with on_socket(app) as url:
        onec = attrs.evolve(settings_of(**odata), base_url=url)
        if password is not None:
            auth = OnecAuthSettings(username=LOGIN, password=Secret(password))
            onec = attrs.evolve(onec, auth=auth)
        passed = await check_odata(onec, found.append, max_response_bytes=MAX_RESPONSE_BYTES)
    assert passed == all(step.ok for step in found)
    return found


def failed(steps: list[CheckStep]) -> dict[str, CheckStep]:
    return {step.name: step for step in steps if not step.ok}


async def test_whole_base_passes_every_step_and_every_tool_has_a_verdict(face: MakeFace) -> None:
    app = face("unf")
    steps = await steps_of(app)
    objects = [f"object {one.name}" for one in objects_to_publish(load_profile("unf"))]
    assert [step.name for step in steps] == [
        "dns", "tcp", "publication", "authentication", "composition", *objects, "balance",
        "arguments", "url length", *(f"tool {tool.name}" for tool in ALL),
    ]  # fmt: skip
    assert not failed(steps)
    app.log.check(max_url_bytes=1900)


async def test_object_that_is_not_published_is_named_with_what_it_costs(face: MakeFace) -> None:
    found = failed(await steps_of(face("unf", without=[STOCK])))
    assert set(found) == {f"object {STOCK}"}
    assert "«Настройка стандартного интерфейса OData»" in found[f"object {STOCK}"].advice
    found = failed(await steps_of(face("unf", without=[STOCK, "AccumulationRegister_Запасы"])))
    assert found["tool stock_balance"].detail.startswith("not answered: «Регистр накопления: Запас")
    assert "tool cash_conversion_cycle" in found


async def test_missing_right_is_distinguished_from_a_wrong_password(face: MakeFace) -> None:
    steps = failed(await steps_of(face("unf", f"rls={STOCK}")))
    assert set(steps) == {f"object {STOCK}"}
    assert steps[f"object {STOCK}"].detail.startswith("onec_forbidden: 1C's user may not read")
    (step,) = failed(await steps_of(face("unf"), password="wrong")).values()
    assert (step.name, step.detail.partition(":")[0]) == ("authentication", "onec_auth")


async def test_limits_of_the_web_server_say_which_setting_to_change(face: MakeFace) -> None:
    steps = failed(await steps_of(face("unf", "long_segment=260")))
    assert steps["arguments"].advice == "set onec.odata.arguments: query"
    steps = failed(await steps_of(face("unf", "long_url=1200")))
    assert steps["url length"].advice == "set onec.odata.max_url_bytes: 1000"


async def test_base_that_fits_no_profile_ends_the_check(face: MakeFace) -> None:
    whole = face("unf")
    steps = await steps_of(whole.varied(unpublished=whole.objects() - {"Catalog_Валюты"}))
    assert steps[-1].name == "composition"
    assert "no profile fits it" in steps[-1].detail
