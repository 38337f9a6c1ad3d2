"""All rendered files."""

from pathlib import Path

from onecgw.demo.books import Books
from tests.conftest import TODAY
from tests.rendering import (
    architecture,
    config_file,
    demo_page,
    integration_page,
    profile_pages,
    questions_page,
    readme,
    settings_page,
    snapshots,
    tools_page,
)


def render_declared() -> dict[Path, str]:
    """Return the files that are rendered from declarations alone: their texts by their paths."""
    partly = {
        integration_page.PAGE: integration_page.render_integration_page,
        demo_page.PAGE: demo_page.render_demo_page,
        readme.PAGE: readme.render_readme,
    }
    return {
        **snapshots.render_snapshots(),
        **profile_pages.render_profile_pages(),
        architecture.PICTURE: architecture.render_architecture(),
        config_file.FILE: config_file.render_config(),
        settings_page.PAGE: settings_page.render_settings_page(),
        **{path: render(path.read_text(encoding="utf-8")) for path, render in partly.items()},
    }


async def render_everything(books: Books) -> dict[Path, str]:
    """Return all rendered files: their texts by their paths.

    Args:
        books: the demo's small books; examples and answers come from them.
    """
    tools = await tools_page.render_tools_page(books)
    questions = await questions_page.render_questions_page(books, TODAY.isoformat())
    return {**render_declared(), tools_page.PAGE: tools, questions_page.PAGE: questions}
