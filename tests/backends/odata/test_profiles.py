from pathlib import Path

import pytest

from onecgw.backends.odata.plan import as_bsl, as_text, objects_to_publish
from onecgw.backends.odata.profile_reader import SHIPPED, load_profile
from onecgw.backends.odata.yaml_tree import ProfileInvalid

MINE = """\
extends: ut
profile: mine
sources:
  stock_qty:
    table: AccumulationRegister_МоиОстатки/Balance
"""


def problems_of(path: Path) -> list[str]:
    with pytest.raises(ProfileInvalid) as caught:
        load_profile(str(path))
    return [str(problem) for problem in caught.value.problems]


def written(folder: Path, text: str, name: str = "mine.yml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_profile_loads_and_says_what_it_was_checked_against(name: str) -> None:
    profile = load_profile(name)
    assert profile.dumps
    assert profile.live == ()
    assert set(profile.fits) <= set(profile.entity_sets())


def test_profile_that_extends_another_changes_only_its_own_lines(tmp_path: Path) -> None:
    mine, ut = load_profile(str(written(tmp_path, MINE))), load_profile("ut")
    assert mine.name == "mine"
    assert mine.sources["stock_qty"].register == "AccumulationRegister_МоиОстатки"
    assert mine.sources["stock_qty"].dims == ut.sources["stock_qty"].dims
    assert mine.catalogues == ut.catalogues


def test_empty_value_takes_an_inherited_part_away(tmp_path: Path) -> None:
    text = "extends: ut\nprofile: mine\ntools:\n  cash_flow: ~\n"
    assert "cash_flow" not in load_profile(str(written(tmp_path, text))).tools


def test_currency_chooses_the_resources() -> None:
    facts = load_profile("ut", currency="upr").sources["receivables"].facts
    assert [term.resource for term in facts["debt"]] == ["ДолгУпр"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            MINE + "  sales:\n    dimz: {}\n",
            "mine.yml:7: sources.sales.dimz: unknown key dimz; did you mean dims?",
        ),
        (
            "extends: ut\nprofile: mine\nsources:\n  sales:\n    table: Register_X/Turnovers\n",
            ("mine.yml:5: sources.sales.table: is Register_X/Turnovers; accepted: "
            "AccumulationRegister_<name>/ or AccountingRegister_<name>/ with one of Balance, "
            "Turnovers, Records"),
        ),
        (
            "extends: ut\ncatalogues:\n  product: {set: Номенклатура}\n",
            ("mine.yml:3: catalogues.product.set: is 'Номенклатура'; accepted: an object of 1C as "
            "OData names it, Catalog_…"),
        ),
        (
            "extends: ut\ntools:\n  stock_balance: {sources: [stock_kty]}\n",
            ("mine.yml:3: tools.stock_balance.sources[0]: refers to stock_kty; did you mean "
            "stock_qty?"),
        ),
        (
            "extends: ut\nsources:\n  purchases:\n    dims: {product: Ключ>nokey}\n",
            ("mine.yml:4: sources.purchases.dims.product: refers to the key nokey; accepted: "
            "partner_key, product_key"),
        ),
        (
            "extends: ut\ntools:\n  sales_raport: {}\n",
            "mine.yml:3: tools.sales_raport: unknown key sales_raport; did you mean sales_report?",
        ),
        (
            "extends: ut\ncatalogues:\n  customer: {folders: yes}\n",
            "mine.yml:3: catalogues.customer.folders: is yes; accepted: IsFolder, items, none",
        ),
        ("extends: utt\n", ("mine.yml:1: extends: no profile utt; accepted: ut, unf, bp, "
         "bas_accounting, or the path of a YAML file")),
        ("a: [\n", ("mine.yml:2: (the whole file): is not YAML: "
         "expected the node content, but found '<stream end>'")),
        ("profile: a\nprofile: b\n", "mine.yml:2: (the whole file): names profile twice"),
        ("- a\n", "mine.yml:1: (the whole file): must be a mapping"),
        ("extends: ut\nsources:\n  sales:\n    max_days: soon\n",
         "mine.yml:4: sources.sales.max_days: is soon; accepted: a whole number of days"),
    ],
)  # fmt: skip
def test_problem_is_reported_with_file_line_and_path(
    tmp_path: Path, text: str, message: str
) -> None:
    assert message in problems_of(written(tmp_path, text))


def test_cycle_of_extends_is_reported_with_the_whole_chain(tmp_path: Path) -> None:
    written(tmp_path, "extends: b.yml\n", "a.yml")
    written(tmp_path, "extends: c.yml\n", "b.yml")
    written(tmp_path, "extends: a.yml\n", "c.yml")
    assert problems_of(tmp_path / "a.yml") == [
        "c.yml:1: extends: extends itself: a.yml → b.yml → c.yml → a.yml"
    ]


def test_all_problems_are_reported_at_once(tmp_path: Path) -> None:
    text = "extends: ut\nsources:\n  sales: {x: 1, y: 2}\n"
    assert len(problems_of(written(tmp_path, text))) == 2


def test_plan_lists_the_owner_of_a_tabular_part_once() -> None:
    names = [one.name for one in objects_to_publish(load_profile("ut"))]
    assert names.count("Catalog_Партнеры") == 1
    assert not [name for name in names if name.endswith("КонтактнаяИнформация")]


@pytest.mark.parametrize("name", SHIPPED)
def test_plan_in_bsl_names_every_object_of_the_list(name: str) -> None:
    profile = load_profile(name)
    code = as_bsl(profile)
    assert code.rstrip().endswith("УстановитьСоставСтандартногоИнтерфейсаOData(Состав);")
    for one in objects_to_publish(profile):
        assert f".{one.name.partition('_')[2]}" in code
        assert one.words in as_text(profile)
