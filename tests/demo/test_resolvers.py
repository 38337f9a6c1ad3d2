from typing import Any

import pytest

from onecgw.auth.caller import MONEY
from onecgw.demo.books import Books
from onecgw.demo.report_requests import RequestError
from tests.builders.demo_queries import call


def labels(books: Books, kind: str, query: str, **options: Any) -> list[str]:
    found = call(books, f"resolve/{kind}", query=query, **options)
    return [candidate["label"] for candidate in found["candidates"]]


@pytest.mark.parametrize(
    "query", ["тёплый дом", "ТЕПЛЫЙ ДОМ", "дом тёплый", "дом  «теплый»", "тепл до"]
)
def test_words_are_found_in_any_case_order_and_with_yo_or_ye(
    small_books: Books, query: str
) -> None:
    assert set(labels(small_books, "customer", query)) == {
        "ООО «Тёплый дом»",
        "ООО «Теплый дом»",
    }


def test_ukrainian_and_russian_i_are_the_same_letter_in_search(small_books: Books) -> None:
    both = {"ТОВ «Мрія-Тест»", "ООО «Мрия-Тест»"}
    assert set(labels(small_books, "customer", "мрія")) == both
    assert set(labels(small_books, "customer", "МРИЯ")) == both


def test_no_break_space_in_a_name_is_found_by_a_plain_one(small_books: Books) -> None:
    (found,) = labels(small_books, "customer", "тов лише аванси")
    assert "\N{NO-BREAK SPACE}" in found


def test_customer_is_found_by_phone_code_and_reference(small_books: Books) -> None:
    customer = next(
        item for item in small_books.catalogues["partners"].items if item.facts["phone"]
    )
    phone = str(customer.facts["phone"])
    for query in (phone, phone.replace(" ", "").replace("-", ""), phone[-9:], customer.code):
        found = call(small_books, "resolve/customer", query=query)["candidates"]
        assert customer.uuid in [candidate["id"] for candidate in found]
    for query in (customer.uuid, customer.uuid.upper()):
        (only,) = call(small_books, "resolve/customer", query=query)["candidates"]
        assert only == {
            "id": customer.uuid,
            "label": customer.label,
            "archived": False,
            "code": customer.code,
            "phone": phone,
            "city": customer.facts["city"],
            "group": only["group"],
        }


def test_folders_are_shown_only_on_request(small_books: Books) -> None:
    assert labels(small_books, "product", "обігрівачі") == []
    (folder,) = call(small_books, "resolve/product", query="обігрівачі", include_groups=True)[
        "candidates"
    ]
    assert (folder["label"], folder["is_group"]) == ("Обігрівачі", True)


def test_sales_channels_always_show_their_folders(small_books: Books) -> None:
    assert labels(small_books, "sales_channel", "b2") == ["B2B", "B2C"]
    assert labels(small_books, "sales_channel", "online") == ["Online", "Online"]


def test_archived_product_is_found_last_and_says_so(small_books: Books) -> None:
    found = call(small_books, "resolve/product", query="шуруповерт", limit=100)["candidates"]
    assert [candidate["archived"] for candidate in found[:-1]] == [False] * (len(found) - 1)
    assert found[-1]["archived"]


def test_the_very_name_comes_before_names_that_contain_it(small_books: Books) -> None:
    assert labels(small_books, "operation", "оплата")[0].startswith("Оплата")
    assert labels(small_books, "warehouse", "центральний склад")[0] == "Центральний склад"


def test_code_comes_before_telephones_that_contain_its_digits(small_books: Books) -> None:
    for item in small_books.catalogues["partners"].items:
        for query in (item.code, item.code.partition("-")[2]):
            (best,) = call(
                small_books, "resolve/customer", query=query, limit=1, include_groups=True
            )["candidates"]
            assert best["code"].endswith(query)


def test_archived_one_comes_first_by_its_very_name(small_books: Books) -> None:
    assert labels(small_books, "customer", "закрытый", limit=1) == ["ЧП «Закрытый»"]
    assert labels(small_books, "customer", "чп закрытый", limit=1) == ["ЧП «Закрытый»"]


def test_limit_cuts_and_ten_is_the_default(small_books: Books) -> None:
    assert len(labels(small_books, "customer", "тов")) == 10
    assert len(labels(small_books, "customer", "тов", limit=3)) == 3


def test_cash_says_its_currency(small_books: Books) -> None:
    found = call(small_books, "resolve/cash", (MONEY,), query="eur")["candidates"]
    assert {candidate["currency"] for candidate in found} == {"EUR"}


@pytest.mark.parametrize(
    ("kind", "body", "named"),
    [
        ("customer", {}, "query"),
        ("customer", {"query": "x" * 201}, "query"),
        ("customer", {"query": 5}, "query"),
        ("customer", {"query": "x", "limit": 0}, "limit"),
        ("customer", {"query": "x", "include_groups": "yes"}, "include_groups"),
        ("warehouse", {"query": "x", "include_groups": True}, "include_groups"),
        ("cash", {"query": "x", "currency": "UAH"}, "currency"),
    ],
)
def test_wrong_argument_of_a_resolver_is_refused_by_name(
    small_books: Books, kind: str, body: dict[str, Any], named: str
) -> None:
    with pytest.raises(RequestError, match=named):
        call(small_books, f"resolve/{kind}", **body)
