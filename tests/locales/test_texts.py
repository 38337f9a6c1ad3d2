"""Every language has every text, with the same placeholders, in its own words."""

import ast
import re
from decimal import Decimal
from pathlib import Path

import pytest

import onecgw
from onecgw.catalogue.tools import ALL
from onecgw.locales import LANGUAGES, Language, accepted_language, load_texts
from onecgw.locales.text import PLACEHOLDER, join_texts, localized, plural, say
from onecgw.mcp_content.prompt_templates import PROMPT_TEMPLATES

OTHERS: tuple[Language, ...] = ("uk", "ru")
PROMPT_KEYS = {
    "prompts.rules",
    *(f"prompts.{template.name}.opening" for template in PROMPT_TEMPLATES),
    *(f"prompts.{template.name}.closing" for template in PROMPT_TEMPLATES),
    *(f"prompts.{step.text}" for template in PROMPT_TEMPLATES for step in template.steps),
}
# Texts that pages and prompts take by a prefix; other tests hold those to what is used.
TAKEN_BY_PREFIX = ("prompts.", "landing.", "oauth_pages.", "docs.", "pages.")
# Words of other alphabets that a text in Cyrillic may hold: names of arguments, members and
# settings, codes, units and names of products.
LATIN = frozenset(
    re.findall(
        r"\w+",
        """
        A B CCC DIO DPO DSO FIFO HTTP HTTPS JSON OData POST JavaScript Content Type Encoding n
        _pct amount applied_filters base_url bridge balance_effect change check client cogs compare
        contribution days_effect ccc_net dpo_base filters firm_ids flow_effect from group_by https
        customer_id max_rows max_url_bytes net null odata onec onecgw partial_data allow auth rest
        oldest_day payable period receivable session_mode stock structuredContent to top total
        top_products totals trade true false volume_effect working_capital ccc dio dso dpo
        application json c example org max_memory_bytes Authorization Bearer token
        """,
    )
)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_texts_of_prompts_are_those_that_the_templates_name(language: Language) -> None:
    assert {key for key in load_texts(language) if key.startswith("prompts.")} == PROMPT_KEYS


def test_every_language_has_the_same_keys() -> None:
    keys = {language: set(load_texts(language)) for language in LANGUAGES}

    assert keys == dict.fromkeys(LANGUAGES, keys["en"])


@pytest.mark.parametrize("language", OTHERS)
def test_every_language_has_the_same_placeholders(language: Language) -> None:
    assert values_in(language) == values_in("en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_for_a_number_have_a_form_for_every_number(language: Language) -> None:
    forms = {
        (key, found[0]): len(found[2].split("|"))
        for key, text in load_texts(language).items()
        for found in PLACEHOLDER.finditer(text)
        if found[2] is not None
    }
    accepted = {2} if language == "en" else {3, 4}

    assert {place for place, count in forms.items() if count not in accepted} == set()


@pytest.mark.parametrize("language", OTHERS)
def test_no_english_word_stands_in_a_text_of_another_language(language: Language) -> None:
    answers = {
        key: text
        for key, text in load_texts(language).items()
        if not key.startswith(TAKEN_BY_PREFIX)
    }
    foreign = {
        key: words
        for key, text in answers.items()
        if (words := set(re.findall(r"[A-Za-z_]+", PLACEHOLDER.sub("", text))) - LATIN)
    }

    assert foreign == {}


@pytest.mark.parametrize(
    ("language", "letters"), [("uk", "ыэъё"), ("ru", "іїєґ")], ids=["uk", "ru"]
)
def test_no_letter_of_the_neighbour_stands_in_a_text(language: Language, letters: str) -> None:
    # The name of a check box in 1C's configurator is quoted as it stands there.
    quoted = re.compile("«[^»]*»")
    texts = {
        key: quoted.sub("", text)
        for key, text in load_texts(language).items()
        if not key.startswith(TAKEN_BY_PREFIX)
    }

    assert {key for key, text in texts.items() if set(letters) & set(text.lower())} == set()


def test_every_text_is_used_and_every_used_text_is_there() -> None:
    keys = {key for key in load_texts("en") if not key.startswith(TAKEN_BY_PREFIX)}
    mentioned, spoken = mentions()
    unused = {key for key in keys if not any(re.fullmatch(one, key) for one in mentioned)}
    lacking = {one for one in spoken if not any(re.fullmatch(one, key) for key in keys)}

    assert (unused, lacking) == (set(), set())


def test_the_english_titles_are_those_of_the_declarations() -> None:
    assert {tool.name: load_texts("en").get(f"titles.{tool.name}") for tool in ALL} == {
        tool.name: tool.title for tool in ALL
    }


def test_a_word_for_a_number_has_the_form_of_its_language() -> None:
    numbers = ["0", "1", "2", "4", "5", "11", "12", "14", "21", "22", "25", "111", "1.5", "-1"]
    days = {
        "en": ["day", "days"],
        "uk": ["день", "дні", "днів", "дня"],
        "ru": ["день", "дня", "дней", "дня"],
    }

    found = {
        language: " ".join(plural(Decimal(number), days[language], language) for number in numbers)
        for language in LANGUAGES
    }

    assert found == {
        "en": "days day days days days days days days days days days days days day",
        "uk": "днів день дні дні днів днів днів днів день дні днів днів дня день",
        "ru": "дней день дня дня дней дней дней дней день дня дней дней дня день",
    }


def test_a_text_is_english_until_its_language_is_chosen() -> None:
    late = join_texts("; ", (say("onec.timeout", ms=5), "", say("onec.narrow_search")))
    tree = {"notice": late, "figures": [1, Decimal("2.50"), "as 1C says"]}

    assert (late, localized(tree, "uk")) == (
        "1C did not answer within 5 ms; try again, or give more of the name",
        {
            "notice": "1С не відповіла за 5 мс; спробуйте ще раз або вкажіть назву повніше",
            "figures": [1, Decimal("2.50"), "as 1C says"],
        },
    )


@pytest.mark.parametrize(
    ("tags", "language"),
    [
        ("uk", "uk"),
        ("uk-UA,ru;q=0.8,en;q=0.5", "uk"),
        ("en;q=0.5, ru;q=0.8", "ru"),
        ("ru_RU", "ru"),
        ("pl, de;q=0.9", None),
        ("uk;q=0", None),
        ("uk;q=nonsense", None),
        ("*", None),
        ("", None),
    ],
)
def test_the_language_is_the_one_that_the_client_prefers(
    tags: str, language: Language | None
) -> None:
    assert accepted_language(tags) == language


def values_in(language: Language) -> dict[str, set[str]]:
    """The values that each text shows; words for a number need no number of their own."""
    return {
        key: {found[1] for found in PLACEHOLDER.finditer(text) if found[2] is None}
        for key, text in load_texts(language).items()
    }


def mentions() -> tuple[set[str], set[str]]:
    """The texts of the source, and those that `say` gets, as patterns of keys."""
    mentioned, spoken = set(), set()
    for path in Path(onecgw.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            mentioned.add(pattern_of(node))
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "say":
                spoken.add(pattern_of(node.args[0]))
    return mentioned - {""}, spoken - {""}


def pattern_of(node: ast.AST) -> str:
    """A pattern of the keys that a text may be: what an f-string fills in may be any name."""
    match node:
        case ast.Constant(value=str() as text) if re.fullmatch(r"[a-z0-9_.]+", text):
            return re.escape(text)
        case ast.JoinedStr(values=[ast.Constant(value=str() as start), *_]) if "." in start:
            return "".join(
                re.escape(str(part.value)) if isinstance(part, ast.Constant) else r"[\w.]+"
                for part in node.values
            )
    return ""
