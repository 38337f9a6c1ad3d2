import re

from tests.rendering.architecture import (
    BOX_WIDTH,
    PAGE_WIDTH,
    PICTURE,
    find_imports,
    render_architecture,
    without_implied,
)


def test_the_committed_picture_is_rendered_from_the_imports() -> None:
    assert PICTURE.read_text(encoding="utf-8") == render_architecture(), (
        "docs/images/architecture.svg is stale: run `python -m tests.rendering.architecture`"
    )


def test_every_package_is_in_the_picture() -> None:
    drawn = set(re.findall(r'<text class="name"[^>]*>([^<]*)<', render_architecture()))
    packages = {package.replace(".", "/") for pair in find_imports() for package in pair}

    assert drawn == packages


def test_an_import_that_others_imply_is_not_drawn() -> None:
    imports = {("a", "b"), ("b", "c"), ("a", "c"), ("a", "d")}

    assert without_implied(imports) == {("a", "b"), ("b", "c"), ("a", "d")}


def test_every_box_is_on_the_page() -> None:
    left_edges = [int(x) for x in re.findall(r'<rect x="(-?\d+)"', render_architecture())]

    assert left_edges
    assert min(left_edges) >= 0
    assert max(left_edges) + BOX_WIDTH <= PAGE_WIDTH
