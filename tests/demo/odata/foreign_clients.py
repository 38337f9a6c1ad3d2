# ruff: noqa: PLC0415 - a client is imported where it is used, because it may not be installed
# mypy: disable-error-code="import-not-found,import-untyped,misc"
"""Reads the OData face with clients of 1C's OData that others wrote, as they are.

A program without imports of the project, run by the interpreter of an environment that has the
clients; whatever is not installed there is left out:

    python foreign_clients.py http://127.0.0.1:PORT trade LOGIN PASSWORD YYYY-MM-DD

It prints a JSON line for each client: how many warehouses it read, and the sums of a Balance and of
the Turnovers of a month. The login is ASCII: two of them encode it in latin-1.

Versions that read the face on 2026-11-27 (tests/demo/odata/test_foreign_clients.py):
Python 3.11: python-1c-odata 0.6.0, python-1c-mcp 0.1.0, enterprise-1c-odata 0.1.0, pyodata1c 0.0.9,
odata1cw 0.0.4; Python 3.12: odata1c-client 0.1.5; Python 3.13: onec-odata 0.1.0,
odata1c-gate 0.3.0, mcp-1c 0.1.0.1, python-to-1c 0.0.5.
"""

import asyncio
import importlib.metadata
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import quote

CATALOGUE = "Catalog_Склады"
STOCK, SALES = "ТоварыНаСкладах", "ВыручкаИСебестоимостьПродаж"
QTY, AMOUNT = "ВНаличииBalance", "СуммаВыручкиTurnover"
Found = tuple[int, Decimal | None, Decimal | None]
Rows = Iterable[Mapping[str, Any]]


class Server:
    """Where the face is, and the calls that every client makes."""

    def __init__(self, url: str, publication: str, login: str, password: str, day: str) -> None:
        self.url, self.publication, self.login, self.password = url, publication, login, password
        self.root = f"{url}/{publication}/odata/standard.odata"
        self.balance_at = f"{day}T00:00:00"
        self.start, self.end = f"{day[:8]}01T00:00:00", f"{day}T23:59:59"
        self.balance = f"AccumulationRegister_{STOCK}/Balance(Period=datetime'{self.balance_at}')"
        self.turnovers = (
            f"AccumulationRegister_{SALES}/Turnovers(StartPeriod=datetime'{self.start}',"
            f"EndPeriod=datetime'{self.end}')"
        )


def total(rows: Rows, field: str) -> Decimal:
    """The sum of a resource; clients give floats, which name the digits of the server."""
    return sum((Decimal(str(row[field])) for row in rows), Decimal(0))


async def python_1c_odata(server: Server) -> Found:
    from python_1c_odata import AccumulationRegister, Catalog, Infobase

    async with Infobase(server.url, server.publication, server.login, server.password) as base:
        page = await Catalog(base, "Склады").query(top=100, inlinecount=True)
        assert page.count == len(page.value)
        stock = await AccumulationRegister(base, STOCK).balance(server.balance_at)
        sales = await AccumulationRegister(base, SALES).turnovers(server.start, server.end)
        names = await base.entity_sets()
        assert f"AccumulationRegister_{STOCK}_RecordType" in names
    async with Infobase(
        server.url, server.publication, server.login, server.password, format="atom"
    ) as atom:
        assert len((await Catalog(atom, "Склады").query()).value) == len(page.value)
    return len(page.value), total(stock["value"], QTY), total(sales["value"], AMOUNT)


async def python_1c_mcp(server: Server) -> Found:
    os.environ.update(
        ONEC_SERVER=server.url,
        ONEC_INFOBASE=server.publication,
        ONEC_USER=server.login,
        ONEC_PASSWORD=server.password,
    )
    from python_1c_mcp.connection import close_infobase
    from python_1c_mcp.tools import handlers

    described = await handlers.describe_entity_set(CATALOGUE)
    assert described["keys"] == ["Ref_Key"]
    found = await handlers.odata_query(CATALOGUE, orderby="Description desc", inlinecount=True)
    one = found["value"][0]
    assert (await handlers.get_entity(CATALOGUE, one["Ref_Key"]))["record"]["Code"] == one["Code"]
    await close_infobase()
    return found["count"], None, None  # it has no tool for virtual tables


def enterprise_1c_odata(server: Server) -> Found:
    from enterprise_1c_odata import ODataClient, ODataQuery

    client = ODataClient(server.root, server.login, server.password)

    def rows(path: str) -> Rows:
        items: Rows = client.execute(ODataQuery(quote(path, safe="/(),='"))).items
        return items

    return (
        len(list(rows(CATALOGUE))),
        total(rows(server.balance), QTY),
        total(rows(server.turnovers), AMOUNT),
    )


def pyodata1c(server: Server) -> Found:
    from pydantic import Field
    from PyOData1C.http import Connection, auth
    from PyOData1C.models import ODataModel
    from PyOData1C.odata import OData

    def rows(path: str, column: str) -> list[Any]:
        model = type(
            "Model",
            (ODataModel,),
            {"__annotations__": {"value": Any}, "value": Field(alias=column)},
        )
        entity: Any = type(
            "Entity",
            (OData,),
            {"database": server.publication, "entity_model": model, "entity_name": path},
        )
        with Connection(
            server.url.partition("//")[2], "http", auth.HTTPBasicAuth(server.login, server.password)
        ) as connection:
            return [one.value for one in entity.manager(connection).all()]

    def summed(path: str, column: str) -> Decimal:
        return sum((Decimal(str(value)) for value in rows(path, column)), Decimal(0))

    return (
        len(rows(CATALOGUE, "Ref_Key")),
        summed(server.balance, QTY),
        summed(server.turnovers, AMOUNT),
    )


def odata1cw(server: Server) -> Found:
    from odata1cw.catalog import Catalog
    from odata1cw.core import Infobase
    from odata1cw.informationregister import InformationRegister

    base = Infobase(f"{server.url}/", server.publication, server.login, server.password)
    found = Catalog(base, "Склады").query(select="Ref_Key,Code")
    assert Catalog(base, "Склады").get(found[0]["Ref_Key"])["Code"] == found[0]["Code"]
    assert InformationRegister(base, "КурсыВалют").slice_last()
    return len(found), None, None  # it has no accumulation registers


def odata1c_client(server: Server) -> Found:
    from OData1C.connection import Connection
    from OData1C.models import ODataModel
    from OData1C.odata.entity_manager import EntityManager
    from pydantic import Field
    from requests.auth import HTTPBasicAuth

    def rows(path: str, column: str) -> list[Any]:
        model = type(
            "Model",
            (ODataModel,),
            {"__annotations__": {"value": Any}, "value": Field(alias=column)},
        )
        with Connection(
            server.url.partition("//")[2], "http", HTTPBasicAuth(server.login, server.password)
        ) as connection:
            manager = EntityManager(connection, server.publication, path, model)
            return [one.value for one in manager.all()]

    def summed(path: str, column: str) -> Decimal:
        return sum((Decimal(str(value)) for value in rows(path, column)), Decimal(0))

    return (
        len(rows(CATALOGUE, "Ref_Key")),
        summed(server.balance, QTY),
        summed(server.turnovers, AMOUNT),
    )


def onec_odata(server: Server) -> Found:
    from datetime import datetime

    from onec_odata import F, ODataClient, Query

    with ODataClient(
        f"{server.url}/{server.publication}", auth=(server.login, server.password)
    ) as client:
        warehouses = client.catalog("Склады").list(Query().filter(F("IsFolder") == False))  # noqa: E712
        stock = client.accumulation_register(STOCK).call(
            "Balance", {"Period": datetime.fromisoformat(server.balance_at)}
        )
        sales = client.accumulation_register(SALES).call(
            "Turnovers",
            {
                "StartPeriod": datetime.fromisoformat(server.start),
                "EndPeriod": datetime.fromisoformat(server.end),
            },
        )
        assert CATALOGUE in client.service_document()
        assert client.metadata()
    return len(warehouses), total(stock, QTY), total(sales, AMOUNT)


async def odata1c_gate(server: Server) -> Found:
    from odata1c.client1c.client import Client1C
    from odata1c.config.models import BaseConfig
    from odata1c.index.edmx import parse_edmx

    client = Client1C(
        BaseConfig(
            name="demo", label="demo", url=f"{server.root}/", user=server.login,
            password=server.password,
        )
    )  # fmt: skip
    parsed = parse_edmx(
        await client.get_raw("$metadata", accept="application/xml", add_format=False)
    )
    tables = {entity.name for entity in parsed.entities if entity.is_virtual}
    assert {
        f"AccumulationRegister_{STOCK}_Balance",
        f"AccumulationRegister_{SALES}_Turnovers",
    } <= tables
    assert not parsed.warnings
    warehouses = await client.get(CATALOGUE, {"$filter": "not IsFolder eq true"})
    # The recipes of its template for УТ, which was checked against a live base.
    stock = await client.get(
        server.balance,
        {"$select": f"Склад_Key,Номенклатура_Key,Характеристика_Key,Серия_Key,{QTY},"
         "КОтгрузкеBalance", "$filter": f"{QTY} ne 0"},
    )  # fmt: skip
    sales = await client.get(
        server.turnovers,
        {"$select": "АналитикаУчетаНоменклатуры_Key,АналитикаУчетаПоПартнерам_Key,Менеджер_Key,"
         f"Подразделение_Key,КоличествоTurnover,{AMOUNT},СуммаВыручкиБезНДСTurnover,"
         "СтоимостьTurnover"},
    )  # fmt: skip
    await client.close()
    return len(warehouses["value"]), total(stock["value"], QTY), total(sales["value"], AMOUNT)


async def mcp_1c(server: Server) -> Found:
    os.environ["METADATA_CACHE_DIR"] = tempfile.mkdtemp()
    from mcp_1c.client import ODataClient, ODataConfig

    client = ODataClient(
        ODataConfig(base_url=f"{server.root}/", username=server.login, password=server.password)
    )
    assert await client.get_metadata(use_cache=False)
    found = [
        (await client.query_data(path))["value"]
        for path in (CATALOGUE, server.balance, server.turnovers)
    ]
    await client.close()
    return len(found[0]), total(found[1], QTY), total(found[2], AMOUNT)


def python_to_1c(server: Server) -> Found:
    from python1c.apiodata import APIOdata
    from python1c.core import ServerConnection

    def rows(kind: str, name: str) -> Rows:
        connection = ServerConnection(
            f"{server.url}/", server.publication, kind, name, server.login, server.password
        )
        found: Rows = APIOdata(connection).list()
        return found

    def of(path: str) -> Rows:
        return rows(*path.split("_", 1))

    return (
        len(list(of(CATALOGUE))),
        total(of(server.balance), QTY),
        total(of(server.turnovers), AMOUNT),
    )


# The name of a distribution → how it reads.
CLIENTS: Mapping[str, Callable[[Server], Any]] = {
    "python-1c-odata": python_1c_odata,
    "python-1c-mcp": python_1c_mcp,
    "enterprise-1c-odata": enterprise_1c_odata,
    "pyodata1c": pyodata1c,
    "odata1cw": odata1cw,
    "odata1c-client": odata1c_client,
    "onec-odata": onec_odata,
    "odata1c-gate": odata1c_gate,
    "mcp-1c": mcp_1c,
    "python-to-1c": python_to_1c,
}


def main() -> None:
    server = Server(*sys.argv[1:])
    for name, read in CLIENTS.items():
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        line: dict[str, Any] = {"client": name, "version": version}
        try:
            found = read(server)
            count, balance, turnovers = asyncio.run(found) if asyncio.iscoroutine(found) else found
            line |= {
                "catalogue": count,
                "balance": None if balance is None else str(balance),
                "turnovers": None if turnovers is None else str(turnovers),
            }
        except Exception as error:  # noqa: BLE001 - every client is to be tried
            line["error"] = f"{type(error).__name__}: {error}"[:400]
        sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
