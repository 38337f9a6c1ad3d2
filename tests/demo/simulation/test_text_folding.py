import pytest

from onecgw.demo.simulation.text_folding import digits, fold


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Тёплый", "ТЕПЛЫЙ"),
        ("Мрія", "Мрия"),
        ("ТОВ\N{NO-BREAK SPACE}«Лише  аванси»", "тов лише аванси"),
        ("Łódź", "lodz"),
        ("Ґанок, їжак", "ганок ижак"),
        ("зв’язок", "зв язок"),
    ],
)
def test_names_that_sound_alike_fold_alike(one: str, other: str) -> None:
    assert fold(one) == fold(other)


def test_digits_of_a_phone() -> None:
    assert digits("+380 (00) 071-70-66") == "380000717066"
