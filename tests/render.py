"""Write every file that is rendered from code: `python -m tests.render`."""

import trio

from onecgw.demo.books import open_books
from tests.conftest import TODAY
from tests.rendering.everything import render_everything
from tests.rendering.files import ROOT


def main() -> None:
    """Write the files that have changed, and print their names."""
    with open_books(size="small", today=TODAY, cache_folder=None, progress=lambda _: None) as books:
        files = trio.run(render_everything, books)
    for path, text in files.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8", newline="\n")
            print(path.relative_to(ROOT))  # noqa: T201 - a program for the terminal


if __name__ == "__main__":
    main()
