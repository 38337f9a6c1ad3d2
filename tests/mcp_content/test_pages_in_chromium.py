"""The pages in a real browser, in a host that speaks the protocol.

Needs chromium and chromedriver (Debian: `apt-get install chromium chromium-driver`); without them
every test here is skipped, and says so. ONECGW_SCREENSHOTS=docs/images writes the docs' pictures.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, cast

import httpx
import msgspec
import pytest
import trio

from onecgw.catalogue.tools import BY_NAME
from onecgw.demo.books import Books
from onecgw.demo.http_service import build_demo_app
from onecgw.locales import load_texts
from onecgw.mcp_content.pages import PAGE_OF_TOOL, render_page
from onecgw.settings import OnecAuthSettings, OnecSettings, Secret
from tests.builders.browser import IS_THERE, MISSING, Browser, open_browser
from tests.builders.gateway_rig import open_rig

pytestmark = pytest.mark.skipif(not IS_THERE, reason=MISSING)

HOST = (Path(__file__).parent / "host.html").read_text(encoding="utf-8")
PASSWORD = "password-of-tests"
WIDTH, HEIGHT = 800, 1000
TEXT = "return document.getElementById('page').innerText"
SIZED = "ui/notifications/size-changed"  # the last message of the handshake

YEAR = {"from": "2025-11-01", "to": "2026-10-31"}
DAY = "2026-10-31"
QUESTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "cycle": ("cash_conversion_cycle", {"period": {"from": "2026-05-01", "to": DAY}}),
    "cycle-uk": (
        "cash_conversion_cycle",
        {"period": {"from": "2026-05-01", "to": DAY}, "language": "uk"},
    ),
    "sales": (
        "sales_report",
        {"period": YEAR, "group_by": ["month"], "measures": ["amount", "qty", "profit"]},
    ),
    "channels": (
        "sales_report",
        {
            "period": YEAR,
            "group_by": ["sales_channel"],
            "measures": ["amount", "margin"],
            "compare": "previous_year",
            "share": "amount",
            "top": 3,
            "language": "uk",
        },
    ),
    "top-products": ("top_products", {"period": YEAR, "top": 5, "language": "uk"}),
    "customer": ("customer_summary", {"period": YEAR, "customer": "ТОВ «Мрія-Тест»"}),
    "stock": (
        "stock_balance",
        {"date": DAY, "group_by": ["product_group"], "measures": ["amount", "qty"]},
    ),
    "availability": (
        "availability_report",
        {"period": {"from": "2026-10-01", "to": DAY}, "group_by": ["warehouse"]},
    ),
    "transit": ("goods_in_transit", {"date": DAY, "language": "ru"}),
    "cash": ("cash_balance", {"date": DAY, "measures": ["balance", "balance_base"]}),
    "cash-flow": ("cash_flow", {"period": YEAR, "group_by": ["month"]}),
    "receivables": (
        "receivables_balance",
        {"date": DAY, "top": 20, "sort": [{"field": "receivable", "dir": "desc"}]},
    ),
    "payables": ("payables_balance", {"date": DAY, "language": "ru"}),
    "purchases": ("purchases_report", {"period": YEAR, "group_by": ["supplier"]}),
    "aging": (
        "debt_aging",
        {"side": "receivable", "date": DAY, "top": 8, "language": "uk"},
    ),
    "cover": ("stock_cover", {"date": DAY, "top": 6}),
    "margin": (
        "margin_bridge",
        {
            "period": {"from": "2026-07-01", "to": "2026-09-30"},
            "by": "product_group",
            "top": 6,
            "language": "uk",
        },
    ),
}
# The docs' pictures: the answer, the theme, and whether the screen is a phone's.
PICTURES = {
    "cycle-light": ("cycle", "light", False),
    "cycle-dark": ("cycle-uk", "dark", False),
    "page-sales-uk": ("channels", "light", False),
    "page-cash-dark": ("cash", "dark", False),
    "page-cover": ("cover", "light", False),
    "page-margin-uk-dark": ("margin", "dark", False),
    "page-ageing-uk-phone": ("aging", "light", True),
    "page-customer-phone-dark": ("customer", "dark", True),
}


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with open_browser(tmp_path_factory.mktemp("chromium")) as opened:
        opened.resize(WIDTH, HEIGHT)
        yield opened


@pytest.fixture(scope="module")
def answers(small_books: Books) -> dict[str, Any]:
    """What the gateway answers on the demo books."""
    return trio.run(partial(ask_all, small_books))


async def ask_all(books: Books) -> dict[str, Any]:
    app: Any = build_demo_app(books, login="Шлюз", password=PASSWORD)
    onec = OnecSettings(
        base_url="http://1c.test",
        report_timeout_ms=60_000,
        auth=OnecAuthSettings(username="Шлюз", password=Secret(PASSWORD)),
    )
    with trio.fail_after(60):
        async with open_rig(httpx.ASGITransport(app).handle_async_request, onec=onec) as rig:
            return {
                name: json.loads(
                    await rig.call(tool, json.dumps(arguments).encode()), parse_float=Decimal
                )
                for name, (tool, arguments) in QUESTIONS.items()
            }


class Shown:
    """A page in its host."""

    def __init__(self, browser: Browser, folder: Path, tool: str, **given: Any) -> None:
        self.browser = browser
        context = {
            "theme": "light",
            "locale": "en-US",
            "toolInfo": {"tool": {"name": tool, "title": BY_NAME[tool].title}},
        }
        facts = {
            "page": render_page(PAGE_OF_TOOL[tool]),
            **given,
            "context": context | given.get("context", {}),
        }
        path = folder / "host.html"
        # A closing tag inside a text would end the element that holds it.
        facts_json = json.dumps(facts).replace("<", "\\u003c")
        path.write_text(HOST.replace("__GIVEN__", facts_json), encoding="utf-8")
        browser.open(path)
        last = "ui/initialize" if "refusal" in given else SIZED
        browser.wait(f"return heard.some(({{ method }}) => method === {last!r})")

    def inside(self, script: str) -> Any:
        """What a script in the page returns."""
        self.browser.enter_frame()
        try:
            return self.browser.run(script)
        finally:
            self.browser.leave_frame()

    def wait_for(self, selector: str) -> None:
        self.browser.enter_frame()
        try:
            self.browser.wait(f"return document.querySelector({selector!r}) !== null")
        finally:
            self.browser.leave_frame()

    def keep(self, name: str, width: int) -> None:
        """Write a picture for the docs, if that is wanted."""
        folder = os.environ.get("ONECGW_SCREENSHOTS")
        if folder:
            height = self.browser.wait("return document.querySelector('iframe').offsetHeight")
            self.browser.look(width=width, height=height)
            (Path(folder) / f"{name}.png").write_bytes(self.browser.screenshot())


def result_of(answer: Any) -> dict[str, Any]:
    text = msgspec.json.Encoder(decimal_format="number").encode(answer).decode()
    return {"content": [{"type": "text", "text": text}], "structuredContent": json.loads(text)}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_cycle_is_drawn_by_month_and_bridged(
    theme: str, browser: Browser, answers: dict[str, Any], tmp_path: Path
) -> None:
    answer = answers["cycle"]
    shown = Shown(
        browser,
        tmp_path,
        "cash_conversion_cycle",
        result=result_of(answer),
        context={"theme": theme},
    )
    shown.wait_for("table")

    text = shown.inside(TEXT)
    assert answer["headline"] in text
    titles = shown.inside(
        "return [...document.querySelectorAll('svg title')].map(t => t.textContent)"
    )
    for month in answer["months"]:
        for name in ("dio", "dso", "dpo", "ccc"):
            value = str(month[name]).replace("-", "−")
            shown_month = date.fromisoformat(month["from"]).strftime("%b %Y")
            assert f"{shown_month} {name.upper()}: {value}\u00a0days" in titles
    steps = [title for title in titles if title.startswith(("before", "DIO", "DSO", "−DPO", "now"))]
    assert [step.split(":")[0] for step in steps] == ["before", "DIO", "DSO", "−DPO", "now"]
    background = shown.inside("return getComputedStyle(document.body).backgroundColor")
    assert background == {"light": "rgb(255, 255, 255)", "dark": "rgb(23, 25, 29)"}[theme]


# The texts of the page, also of what is folded, a line each.
TEXTS = (
    "const found = []; const walk = document.createTreeWalker(document.getElementById('page'), 4);"
    " while (walk.nextNode()) found.push(walk.currentNode.data); return found.join('\\n')"
)


def figures_of(answer: Any) -> Iterator[Decimal]:
    """All numbers of an answer."""
    match answer:
        case bool() | str() | None:
            return
        case Mapping():
            for value in answer.values():
                yield from figures_of(value)
        case list():
            for value in answer:
                yield from figures_of(value)
        case _:
            yield Decimal(str(answer))


def figures_in(text: str, language: str) -> set[Decimal]:
    """All numbers in a text of a page."""
    joined = text.replace("−", "-")
    if language == "en":
        joined = joined.replace(",", "")
    else:
        joined = joined.replace("\u00a0", "").replace("\u202f", "").replace(",", ".")
    return {Decimal(found) for found in re.findall(r"-?\d+(?:\.\d+)?", joined)}


def show_answer(
    browser: Browser, folder: Path, name: str, answer: Any, **context: Any
) -> tuple[Shown, str]:
    """The page of an answer in its language; and which language that is."""
    tool, arguments = QUESTIONS[name]
    shown = Shown(
        browser,
        folder,
        tool,
        result=result_of(answer),
        arguments=arguments,
        context={"locale": "de", **context},
    )
    shown.wait_for("table")
    return shown, arguments.get("language", "en")


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_figure_of_an_answer_is_on_its_page_digit_for_digit(
    name: str, browser: Browser, answers: dict[str, Any], tmp_path: Path
) -> None:
    shown, language = show_answer(browser, tmp_path, name, answers[name])
    text = shown.inside(TEXTS)

    assert set(figures_of(answers[name])) - figures_in(text, language) == set()
    words = load_texts(cast(Any, language))
    title = words[f"titles.{QUESTIONS[name][0]}"]
    assert shown.inside("return document.querySelector('h1').textContent").startswith(title)
    assert shown.inside("return document.documentElement.lang") == language
    wanted = {
        words[f"pages.text.{member}"] for member in ("currency", "as_of") if member in answers[name]
    }
    if "applied_filters" in answers[name]:
        wanted.add(words["pages.text.filters"])
    terms = set(shown.inside("return [...document.querySelectorAll('dt')].map(e => e.textContent)"))
    assert wanted - terms == set()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (({"language": "ru"}, "uk-UA"), ["ru", "Продажи"]),
        (({}, "uk_UA"), ["uk", "Продажі"]),
        (({}, "de-DE"), ["en", "Sales report"]),
        (({}, "uk_!"), ["uk", "Продажі"]),
    ],
)
def test_the_language_is_that_of_the_call_else_of_the_host_else_of_the_page(
    given: tuple[dict[str, Any], str],
    expected: list[str],
    browser: Browser,
    answers: dict[str, Any],
    tmp_path: Path,
) -> None:
    shown = Shown(
        browser,
        tmp_path,
        "sales_report",
        result=result_of(answers["sales"]),
        arguments=given[0],
        context={"locale": given[1]},
    )
    shown.wait_for("table")

    found = shown.inside(
        "return [document.documentElement.lang, document.querySelector('h1').textContent]"
    )
    assert found == expected


def test_filters_have_the_names_that_the_answer_knows(browser: Browser, tmp_path: Path) -> None:
    answer = {
        "columns": [{"name": "firm", "type": "ref"}, {"name": "amount", "type": "number"}],
        "rows": [[{"id": "f1", "label": "ТОВ «Велмарен»"}, 5]],
        "totals": {"amount": 5},
        "applied_filters": {"firm_ids": ["f1"], "seller_ids": ["s7"], "product_status": "archived"},
    }
    shown = Shown(browser, tmp_path, "sales_report", result=result_of(answer))
    shown.wait_for("table")

    pairs = shown.inside(
        "return [...document.querySelectorAll('.facts div')].map(e => e.innerText)"
    )
    assert [pair.replace("\n", " ") for pair in pairs] == [
        "Firms ТОВ «Велмарен»",
        "Sellers s7",
        "Product status archived",
    ]


def test_every_tool_with_a_page_is_among_the_questions() -> None:
    assert {tool for tool, _ in QUESTIONS.values()} == set(PAGE_OF_TOOL)


@pytest.mark.parametrize("picture", PICTURES)
def test_a_page_fits_its_screen_and_tables_scroll_by_the_keyboard(
    picture: str, browser: Browser, answers: dict[str, Any], tmp_path: Path
) -> None:
    name, theme, is_phone = PICTURES[picture]
    width = 360 if is_phone else WIDTH
    browser.look(width=width, height=HEIGHT, dark=theme == "dark")
    shown, _ = show_answer(browser, tmp_path, name, answers[name], theme=theme)

    measured = shown.inside(
        "return [document.documentElement.scrollWidth, innerWidth,"
        " [...document.querySelectorAll('.scroll')].every(e => e.tabIndex === 0),"
        " [...document.querySelectorAll('table')].every(t => t.caption && t.querySelector('th'))]"
    )
    assert measured == [width, width, True, True]
    shown.keep(picture, width)
    browser.look(width=WIDTH, height=HEIGHT)


def test_the_handshake_is_that_of_the_specification(
    browser: Browser, answers: dict[str, Any], tmp_path: Path
) -> None:
    shown = Shown(browser, tmp_path, "cash_conversion_cycle", result=result_of(answers["cycle"]))
    shown.wait_for("table")

    browser.wait("return heard.at(-1).params.height > 600")
    first, second, *others = browser.run("return heard")
    assert first == {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "ui/initialize",
        "params": {
            "protocolVersion": "2026-01-26",
            "appInfo": {"name": "onecgw cycle", "version": "1"},
            "appCapabilities": {"availableDisplayModes": ["inline", "fullscreen"]},
        },
    }
    assert second == {"jsonrpc": "2.0", "method": "ui/notifications/initialized", "params": {}}
    assert {one["method"] for one in others} == {"ui/notifications/size-changed"}

    for number, method in enumerate(("ping", "ui/resource-teardown", "tools/list"), start=7):
        browser.run(f"send({{ id: {number}, method: {method!r}, params: {{}} }})")
    browser.wait("return answers.length === 3")
    assert browser.run("return answers") == [
        {"jsonrpc": "2.0", "id": 7, "result": {}},
        {"jsonrpc": "2.0", "id": 8, "result": {}},
        {"jsonrpc": "2.0", "id": 9, "error": {"code": -32601, "message": "unknown method"}},
    ]


def test_a_page_asks_the_network_for_nothing_and_could_not(
    browser: Browser, answers: dict[str, Any], tmp_path: Path
) -> None:
    shown = Shown(browser, tmp_path, "cash_conversion_cycle", result=result_of(answers["cycle"]))
    shown.wait_for("table")

    assert shown.inside("return performance.getEntriesByType('resource').length") == 0
    shown.inside(
        "window.blocked = []; document.addEventListener('securitypolicyviolation',"
        " (event) => blocked.push(event.effectiveDirective));"
        " fetch('http://127.0.0.1:9/').catch(() => {}); new Image().src = 'http://127.0.0.1:9/';"
    )
    shown.browser.enter_frame()
    browser.wait("return blocked.length === 2")
    assert sorted(browser.run("return blocked")) == ["connect-src", "img-src"]
    shown.browser.leave_frame()


def test_a_theme_that_changes_changes_the_page(
    browser: Browser, answers: dict[str, Any], tmp_path: Path
) -> None:
    shown = Shown(browser, tmp_path, "cash_conversion_cycle", result=result_of(answers["cycle"]))
    shown.wait_for("table")
    browser.run(
        "send({ method: 'ui/notifications/host-context-changed', params: { theme: 'dark',"
        " locale: 'uk', styles: { variables: { '--color-text-primary': 'rgb(1, 2, 3)' } } } })"
    )
    shown.wait_for("[data-theme=dark]")

    assert shown.inside("return getComputedStyle(document.body).color") == "rgb(1, 2, 3)"
    dio = str(answers["cycle"]["summary"]["dio"]).replace(".", ",")
    assert dio in shown.inside(TEXT)


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        (
            {"isError": True, "content": [{"type": "text", "text": "onec_timeout: <b>late</b>"}]},
            "onec_timeout: <b>late</b>",
        ),
        (None, "The call was cancelled."),
    ],
)
def test_a_call_that_failed_is_shown_as_text(
    params: dict[str, Any] | None, expected: str, browser: Browser, tmp_path: Path
) -> None:
    shown = Shown(browser, tmp_path, "cash_conversion_cycle", result=params)
    if params is None:
        browser.run("send({ method: 'ui/notifications/tool-cancelled', params: {} })")
    shown.browser.enter_frame()
    browser.wait(f"{TEXT} === {json.dumps(expected)}")
    shown.browser.leave_frame()


def test_an_answer_with_missing_components_is_drawn_without_them(
    browser: Browser, answers: dict[str, Any], tmp_path: Path
) -> None:
    answer = deepcopy(answers["cycle"])
    gone = ("dpo", "ccc", "ccc_net")
    for facts_json in (answer["summary"], answer["summary"]["change"], *answer["months"]):
        facts_json.update(dict.fromkeys(gone))
    answer["summary"]["previous"]["ccc"] = None
    answer["bridge"] = [step for step in answer["bridge"] if step["component"] != "dpo"]
    answer["missing"] = [{"component": "dpo", "period": "current", "reason": "onec_locked: later"}]
    answer["warnings"] = ["2026-05 is here with 3 of its days and weighs in the average by them"]
    shown = Shown(browser, tmp_path, "cash_conversion_cycle", result=result_of(answer))
    shown.wait_for("table")

    text = shown.inside(TEXT)
    assert "DPO (this period) is missing: onec_locked: later" in text
    assert answer["warnings"][0] in text
    assert shown.inside("return document.querySelectorAll('svg').length") == 1


@pytest.mark.parametrize("name", ["sales", "stock", "cash-flow", "receivables"])
def test_a_report_is_a_chart_and_a_table_with_its_totals(
    name: str, browser: Browser, answers: dict[str, Any], tmp_path: Path
) -> None:
    tool, answer = QUESTIONS[name][0], answers[name]
    shown = Shown(browser, tmp_path, tool, result=result_of(answer))
    shown.wait_for("table")

    assert shown.inside("return document.querySelector('h1').textContent") == BY_NAME[tool].title
    rows = shown.inside("return document.querySelectorAll('tbody tr').length")
    assert rows == len(answer["rows"])
    assert shown.inside("return document.querySelectorAll('svg rect').length") >= min(rows, 12)
    total = next(iter(answer["totals"].values()))
    shown_total = shown.inside("return document.querySelector('tfoot td.number').textContent")
    assert Decimal(shown_total.replace(",", "").replace("−", "-")) == total


def test_a_click_on_a_heading_sorts_and_the_next_one_turns_it_around(
    browser: Browser, answers: dict[str, Any], tmp_path: Path
) -> None:
    shown = Shown(browser, tmp_path, "stock_balance", result=result_of(answers["stock"]))
    shown.wait_for("table")
    column = [one["name"] for one in answers["stock"]["columns"]].index("amount")
    click = f"document.querySelectorAll('th button')[{column}].click(); return "
    state = (
        f"[document.querySelectorAll('th')[{column}].getAttribute('aria-sort'),"
        " ...[...document.querySelectorAll('tbody tr')].map(row =>"
        f" Number(row.children[{column}].textContent.replaceAll(',', '').replace('−', '-')))]"
    )

    most_first = shown.inside(click + state)
    least_first = shown.inside(click + state)

    assert most_first[0] == "descending"
    assert most_first[1:] == sorted(most_first[1:], reverse=True)
    assert least_first[0] == "ascending"
    assert least_first[1:] == sorted(most_first[1:])


def test_names_that_look_like_markup_stay_text(browser: Browser, tmp_path: Path) -> None:
    name = "</td><img src=x onerror=alert(1)> «Ромашка»"
    answer = {
        "columns": [{"name": "customer", "type": "ref"}, {"name": "net", "type": "number"}],
        "rows": [[{"id": "1", "label": name}, 12345.678], [None, None]],
        "totals": {"net": 12345.678},
        "date": str(date(2026, 10, 31)),
        "notice": "Only the first 2 rows are here.",
    }
    shown = Shown(browser, tmp_path, "receivables_balance", result=result_of(answer))
    shown.wait_for("table")

    cells = shown.inside(
        "return [...document.querySelectorAll('tbody :is(td, th)')].map(td => td.textContent)"
    )
    assert cells == [name, "12,345.678", "—", "—"]
    assert shown.inside("return document.images.length") == 0
    assert answer["notice"] in shown.inside(TEXT)


CELLS = (
    "return [...document.querySelectorAll(':is(tbody, tfoot) :is(td, th)')]"
    ".map(td => td.textContent)"
)
TOOLTIPS = "return [...document.querySelectorAll('svg title')].map(t => t.textContent)"


def text_of(columns: dict[str, str], rows: str, totals: str = "{}") -> dict[str, Any]:
    """A result whose numbers only the text has digit for digit."""
    named = json.dumps([{"name": name, "type": kind} for name, kind in columns.items()])
    text = f'{{"columns":{named},"rows":{rows},"totals":{totals}}}'
    return {"content": [{"type": "text", "text": text}], "structuredContent": json.loads(text)}


def test_money_is_shown_and_sorted_digit_for_digit(browser: Browser, tmp_path: Path) -> None:
    result = text_of(
        {"customer": "ref", "amount": "number"},
        '[["a",12345678901234567890.12],["b",12345678901234567890.34],["c",-7],["d",null]]',
        '{"amount":24691357802469135773.46}',
    )
    shown = Shown(browser, tmp_path, "receivables_balance", result=result)
    shown.wait_for("table")

    assert shown.inside(CELLS) == [
        *("a", "12,345,678,901,234,567,890.12"),
        *("b", "12,345,678,901,234,567,890.34"),
        *("c", "−7.00"),
        *("d", "—"),
        *("Total of the 4 rows shown", "24,691,357,802,469,135,773.46"),
    ]
    shown.inside("document.querySelectorAll('th button')[1].click()")
    assert shown.inside(CELLS)[:8:2] == ["b", "a", "c", "d"]
    assert "c Amount: −7.00" in shown.inside(TOOLTIPS)
    labels = shown.inside(
        "return [...document.querySelectorAll('svg text.value')].map(t => t.textContent)"
    )
    assert labels[2:] == ["−7.00", "—"]


def test_a_total_over_unlike_currencies_is_explained_without_its_parts_too(
    browser: Browser, tmp_path: Path
) -> None:
    result = text_of(
        {"cash": "ref", "currency": "string", "balance": "number"},
        '[["a","UAH",5],["b","EUR",7]]',
        '{"balance":null}',
    )
    shown = Shown(browser, tmp_path, "cash_balance", result=result)
    shown.wait_for("table")

    assert shown.inside(CELLS)[-2:] == ["Total of the 2 rows shown", "—"]
    assert "several currencies or units are not added up" in shown.inside(TEXT)
    assert shown.inside(TOOLTIPS) == []


def test_sums_of_a_chart_are_exact(browser: Browser, tmp_path: Path) -> None:
    result = text_of(
        {"month": "date", "warehouse": "ref", "amount": "number"},
        '[["2026-09","x",12345678901234567890.12],["2026-09","y",0.21],["2026-10","x",-0.5]]',
    )
    shown = Shown(browser, tmp_path, "sales_report", result=result)
    shown.wait_for("table")

    assert shown.inside(TOOLTIPS) == [
        "Sep 2026 Amount: 12,345,678,901,234,567,890.33",
        "Oct 2026 Amount: −0.50",
    ]


@pytest.mark.parametrize(
    ("measure", "head", "unit"),
    [
        ("avg_check", "Average check", ""),
        ("margin", "Margin", "%"),
        ("customers", "Customers", ""),
        ("receipts", "Receipts", ""),
    ],
)
def test_what_cannot_be_added_is_drawn_only_where_each_date_occurs_once(
    measure: str, head: str, unit: str, browser: Browser, tmp_path: Path
) -> None:
    columns = {"month": "date", "warehouse": "ref", measure: "number"}
    twice = text_of(columns, '[["2026-09","x",100],["2026-09","y",100],["2026-10","x",100]]')
    shown = Shown(browser, tmp_path, "sales_report", result=twice)
    shown.wait_for("table")
    assert shown.inside(TOOLTIPS) == []

    once = text_of(columns, '[["2026-09","x",100],["2026-10","x",90]]')
    shown = Shown(browser, tmp_path, "sales_report", result=once)
    shown.wait_for("table")
    assert shown.inside(TOOLTIPS) == [
        f"Sep 2026 {head}: 100{unit}",
        f"Oct 2026 {head}: 90{unit}",
    ]


def test_a_chart_of_some_rows_says_so(browser: Browser, tmp_path: Path) -> None:
    rows = json.dumps([[f"c{number}", number] for number in range(1, 15)])
    shown = Shown(
        browser,
        tmp_path,
        "receivables_balance",
        result=text_of({"customer": "ref", "amount": "number"}, rows),
    )
    shown.wait_for("table")

    assert "The chart shows the largest 12 of 14 rows." in shown.inside(TEXT)


@pytest.mark.parametrize(
    "result",
    [
        {"content": [{"type": "text", "text": "no JSON"}]},
        {"content": []},
        {"structuredContent": {"rows": 7}},
    ],
)
@pytest.mark.parametrize("tool", ["cash_conversion_cycle", "sales_report"])
def test_an_answer_that_cannot_be_drawn_is_said_to_be_one(
    tool: str, result: dict[str, Any], browser: Browser, tmp_path: Path
) -> None:
    shown = Shown(browser, tmp_path, tool, result=result)
    shown.wait_for(".danger")

    assert shown.inside(TEXT).startswith("This answer cannot be drawn: ")


def test_a_host_that_refuses_the_page_is_reported(browser: Browser, tmp_path: Path) -> None:
    shown = Shown(browser, tmp_path, "sales_report", refusal={"code": -32602, "message": "too old"})
    shown.wait_for(".danger")

    assert shown.inside(TEXT) == "The host refused this page: too old"
