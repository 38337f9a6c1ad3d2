"""Draws the packages of onecgw and their imports: `python -m tests.rendering.architecture`.

The layers are those of tests/test_layers.py, top to bottom. The text of a box is the first line of
the package's docstring. An import that other arrows already imply is not drawn, because all of them
would be too many to read.
"""

import ast
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import accumulate, combinations, pairwise
from pathlib import Path
from statistics import fmean
from typing import Final

import attrs

from tests.test_layers import LAYERS, PACKAGE, modules, package_of, read_source

PICTURE: Final = Path(__file__).parents[2] / "docs" / "images" / "architecture.svg"

# Pixels. 960 is about the width of a page on GitHub, so that text keeps its size.
PAGE_WIDTH: Final = 960
MARGIN: Final = 20
BOX_WIDTH: Final = 204
LINE_WIDTH: Final = 16  # the space that an arrow needs on its way past boxes
SPACE: Final = 14  # between two of one row
TITLE_HEIGHT: Final = 26
TEXT_HEIGHT: Final = 14
ROW_GAP: Final = 34
TEXT_LETTERS: Final = 32  # of one line of a box
ORDER_SWEEPS: Final = 30
PLACE_SWEEPS: Final = 200

Import = tuple[str, str]


@attrs.frozen
class Node:
    """What stands in a row: a package, or the way of the arrows to a package further down.

    row: 0 = the top one.
    """

    package: str
    row: int
    is_box: bool

    @property
    def width(self) -> int:
        """Pixels."""
        return BOX_WIDTH if self.is_box else LINE_WIDTH


Segment = tuple[Node, Node]
Rows = list[list[Node]]


def is_drawn(package: str) -> bool:
    """Whether it is a package, or the module that every package imports."""
    return package == "errors" or PACKAGE.joinpath(*package.split(".")).is_dir()


def find_imports() -> set[Import]:
    """Which drawn package imports which."""
    return {
        (package, package_of(module))
        for package, path in modules()
        for module in read_source(path).imports
        if module.split(".")[0] == "onecgw" and package_of(module) != package
        if is_drawn(package) and is_drawn(package_of(module))
    }


def without_implied(imports: Iterable[Import]) -> set[Import]:
    """The imports that no chain of other imports implies (the transitive reduction)."""
    below: dict[str, set[str]] = {}
    for importer, imported in imports:
        below.setdefault(importer, set()).add(imported)

    def reachable(package: str) -> set[str]:
        direct = below.get(package, set())
        return direct.union(*(reachable(other) for other in direct))

    return {
        (importer, imported)
        for importer, imported in imports
        if not any(imported in reachable(other) for other in below[importer] - {imported})
    }


def lines_of(package: str) -> list[str]:
    """The text of a box: the first line of the package's docstring, without its full stop."""
    path = PACKAGE.joinpath(*package.split("."))
    source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    docstring = ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or ""
    return textwrap.wrap(docstring.split("\n", 1)[0].rstrip("."), TEXT_LETTERS)


def place_in_rows(layers: Sequence[Iterable[str]], imports: Iterable[Import]) -> list[Segment]:
    """The arrows in pieces of one row each; arrows to the same package share their way."""
    row_of = {package: row for row, layer in enumerate(layers) for package in layer}
    segments: set[Segment] = set()
    for importer, imported in imports:
        first, last = row_of[importer], row_of[imported]
        way = [
            Node(importer, first, is_box=True),
            *(Node(imported, row, is_box=False) for row in range(first + 1, last)),
            Node(imported, last, is_box=True),
        ]
        segments |= set(pairwise(way))
    return sorted(segments, key=lambda pair: (pair[0].row, pair[0].package, pair[1].package))


def order_rows(layers: Sequence[Iterable[str]], segments: Sequence[Segment]) -> Rows:
    """The rows from left to right, with few crossings (barycentre heuristic)."""
    rows: Rows = [
        [Node(package, row, is_box=True) for package in sorted(layer)]
        for row, layer in enumerate(layers)
    ]
    for node in dict.fromkeys(node for segment in segments for node in segment):
        if not node.is_box:
            rows[node.row].append(node)
    best, fewest = rows, count_crossings(rows, segments)
    for sweep in range(ORDER_SWEEPS):
        look = 1 if sweep % 2 else 0  # at the row below, at the row above
        for row in reversed(rows) if look else rows:
            places = {node: place for other in rows for place, node in enumerate(other)}
            row.sort(key=lambda node: _centre(node, segments, places, look))
        crossings = count_crossings(rows, segments)
        if crossings < fewest:
            best, fewest = [list(row) for row in rows], crossings
    return best


def _centre(
    node: Node, segments: Sequence[Segment], places: Mapping[Node, float], look: int
) -> float:
    """Where the neighbours in one direction are on average."""
    near = [places[segment[look]] for segment in segments if segment[1 - look] == node]
    return fmean(near) if near else places[node]


def count_crossings(rows: Rows, segments: Sequence[Segment]) -> int:
    """How many pairs of segments cross."""
    places = {node: place for row in rows for place, node in enumerate(row)}
    return sum(
        first[0].row == second[0].row
        and (places[first[0]] - places[second[0]]) * (places[first[1]] - places[second[1]]) < 0
        for first, second in combinations(segments, 2)
    )


def place_across(rows: Rows, segments: Sequence[Segment]) -> dict[Node, float]:
    """The x of each node's middle: near its neighbours, without overlaps."""
    middles = {
        node: MARGIN + BOX_WIDTH / 2 + place * (BOX_WIDTH + SPACE)
        for row in rows
        for place, node in enumerate(row)
    }
    for _ in range(PLACE_SWEEPS):
        for row in rows:
            wanted = [
                fmean([_centre(node, segments, middles, look) for look in (0, 1)]) for node in row
            ]
            middles |= zip(row, _spread(row, wanted), strict=True)
    return middles


def _spread(row: Sequence[Node], wanted: Sequence[float]) -> list[float]:
    """The x nearest to those that are wanted at which nothing overlaps (isotonic regression)."""
    gaps = [(left.width + right.width) / 2 + SPACE for left, right in pairwise(row)]
    offsets = list(accumulate(gaps, initial=0.0))
    groups: list[list[float]] = []
    for want, offset in zip(wanted, offsets, strict=True):
        groups.append([want - offset])
        while len(groups) > 1 and fmean(groups[-2]) > fmean(groups[-1]):
            groups[-2:] = [groups[-2] + groups[-1]]
    lowest = MARGIN + row[0].width / 2
    highest = PAGE_WIDTH - MARGIN - row[-1].width / 2 - offsets[-1]
    starts = [
        max(lowest, min(fmean(group), max(lowest, highest))) for group in groups for _ in group
    ]
    return [start + offset for start, offset in zip(starts, offsets, strict=True)]


def draw(layers: Sequence[Iterable[str]], imports: Iterable[Import]) -> str:
    """The picture as SVG."""
    segments = place_in_rows(layers, imports)
    rows = order_rows(layers, segments)
    middles = place_across(rows, segments)
    heights = [
        TITLE_HEIGHT + TEXT_HEIGHT * max(len(lines_of(package)) for package in layer)
        for layer in layers
    ]
    tops = list(accumulate((height + ROW_GAP for height in heights), initial=MARGIN))
    parts = [
        *(_line(segment, middles, tops, heights) for segment in segments),
        *(
            (_box if node.is_box else _way)(
                node, round(middles[node]), top=tops[node.row], height=heights[node.row]
            )
            for row in rows
            for node in row
        ),
    ]
    return _HEAD.format(width=PAGE_WIDTH, height=tops[-1] - ROW_GAP + MARGIN) + "".join(
        f"{part}\n" for part in [*parts, "</svg>"]
    )


def _line(
    segment: Segment, middles: Mapping[Node, float], tops: Sequence[int], heights: Sequence[int]
) -> str:
    upper, lower = segment
    x, y = round(middles[upper]), tops[upper.row] + heights[upper.row]
    to_x, to_y = round(middles[lower]), tops[lower.row]
    half = (y + to_y) // 2
    head = ' marker-end="url(#head)"' if lower.is_box else ""
    return f'<path d="M{x} {y} C{x} {half} {to_x} {half} {to_x} {to_y}"{head}/>'


def _way(_node: Node, x: int, *, top: int, height: int) -> str:
    return f'<path d="M{x} {top} V{top + height}"/>'


def _box(node: Node, x: int, *, top: int, height: int) -> str:
    name = node.package.replace(".", "/")
    lines = "".join(
        f'<tspan x="{x}" dy="{TEXT_HEIGHT}">{escape(line, quote=False)}</tspan>'
        for line in lines_of(node.package)
    )
    return (
        f'<rect x="{x - BOX_WIDTH // 2}" y="{top}" width="{BOX_WIDTH}" height="{height}" rx="5"/>'
        f'<text class="name" x="{x}" y="{top + 17}">{name}</text>'
        f'<text x="{x}" y="{top + 19}">{lines}</text>'
    )


_HEAD: Final = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">
<title>The packages of onecgw and their imports, in layers</title>
<style>
text {{ font: 11px system-ui, sans-serif; text-anchor: middle; fill: #333 }}
.name {{ font: 600 14px ui-monospace, monospace; fill: #111 }}
rect {{ fill: #eef4fb; stroke: #5b7fa6 }}
path {{ fill: none; stroke: #8a94a0; stroke-width: 1.3 }}
.page {{ fill: #fff; stroke: none }}
</style>
<defs><marker id="head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" \
orient="auto"><polygon points="0,0 8,4 0,8" fill="#8a94a0"/></marker></defs>
<rect class="page" width="{width}" height="{height}"/>
"""


def render_architecture() -> str:
    """The picture of the packages as they are now."""
    layers = [drawn for layer in LAYERS if (drawn := set(filter(is_drawn, layer)))]
    return draw(layers, without_implied(find_imports()))


if __name__ == "__main__":
    PICTURE.write_text(render_architecture(), encoding="utf-8")
