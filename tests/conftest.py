"""Fixtures that several packages share, and the marks of the tests: fast, slow, wire."""

import logging
import os
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from onecgw.cli.language import choose_language
from onecgw.demo.books import Books
from tests.builders.shared_books import open_shared_books

# Commands speak the language of the locale; what tests expect of them is English.
os.environ["LANGUAGE"] = "en"

TODAY = date(2026, 11, 22)
TESTS = Path(__file__).parent

# Folders and modules by the beginning of their path.
SLOW: tuple[str, ...] = (
    "analysis/cycle/test_demo.py",
    "analysis/cycle/test_figures.py",
    "analysis/cycle/test_formulas.py",
    "analysis/test_answer_size.py",
    "analysis/test_company.py",
    "analysis/test_product_details.py",
    "analysis/test_refused_answers.py",
    "analysis/test_table_analysis.py",
    "app/test_reload.py",
    "app/test_serve.py",
    "app/test_serve_demo.py",
    "app/test_tracing.py",
    "app/test_workers.py",
    "backends/odata/test_backend.py",
    "backends/odata/test_equal_to_service.py",
    "backends/odata/test_language.py",
    "backends/odata/test_through_the_gateway.py",
    "backends/test_client.py",
    "backends/test_error_bodies.py",
    "backends/test_failures.py",
    "backends/test_hostile_answers.py",
    "backends/test_soak.py",
    "backends/test_surfaces.py",
    "builders/",
    "cli/",
    "clients/",
    "demo/",
    "diagnostics/test_odata_check.py",
    "gateway/test_language.py",
    "gateway/test_stock_value.py",
    "gateway/test_units.py",
    "hostile/",
    "locales/test_texts.py",
    "mcp_content/test_pages_in_chromium.py",
    "oauth/test_administrator.py",
    "oauth/test_check_oauth.py",
    "oauth/test_client_metadata.py",
    "oauth/test_crash.py",
    "oauth/test_families.py",
    "oauth/test_processes.py",
    "oauth/test_troubleshooting.py",
    "observability/test_log_file.py",
    "observability/test_log_page.py",
    "observability/test_log_writer.py",
    "observability/test_secrecy.py",
    "questions/test_questions.py",
    "rendering/",
    "serving/",
    "settings/test_secrets.py",
    "test_asgi_app.py",
    "test_boundary.py",
    "test_dependencies.py",
    "test_docs_commands.py",
    "test_release.py",
    "test_rendered.py",
    "test_sdk_client.py",
    "test_windows.py",
    "web/test_landing_browser.py",
    "web/test_mcp_hostile.py",
    "web/test_mcp_sdk.py",
    "web/test_metrics.py",
    "web/test_oauth_accessibility.py",
    "web/test_oauth_accounts.py",
    "web/test_oauth_anything.py",
    "web/test_oauth_authorize.py",
    "web/test_oauth_browser.py",
    "web/test_oauth_codes_and_tokens.py",
    "web/test_oauth_limits.py",
    "web/test_oauth_sdk.py",
    "web/test_reverse_proxies.py",
)
WIRE: tuple[str, ...] = ("test_wire.py", "test_refusals.py", "test_every_tool.py")

# No test asserts an absolute time: a busy machine, or a first run that builds its tables, is no
# defect.
settings.register_profile("onecgw", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("fast", settings.get_profile("onecgw"), max_examples=20)
settings.load_profile("onecgw")


def pytest_configure(config: pytest.Config) -> None:
    """With `-m fast`, property tests try fewer examples, and jsonschema checks no IRIs."""
    if config.option.markexpr == "fast":
        settings.load_profile("fast")
        # When it is there, importing jsonschema compiles its 39 grammars: 1.4 s in each process.
        sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment] # "not installed"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """With `-m fast`, do not even import the modules that are not fast."""
    path = collection_path.relative_to(TESTS).as_posix() if collection_path != TESTS else ""
    is_left_out = config.option.markexpr == "fast" and path.startswith((*SLOW, *WIRE))
    return True if is_left_out else None


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Mark what `-m fast` runs: every test that is neither slow nor wire."""
    for item in items:
        path = item.path.relative_to(TESTS).as_posix()
        if path.startswith(SLOW):
            item.add_marker("slow")
        if path.startswith(WIRE):
            item.add_marker("wire")
        if not any(item.get_closest_marker(name) for name in ("slow", "wire")):
            item.add_marker("fast")


@pytest.fixture(autouse=True)
def log_is_given_back() -> Iterator[None]:
    """Leave the log as it was, whatever a test has set up: the order of tests is random."""
    root, own = logging.getLogger(), logging.getLogger("onecgw")
    handlers, level, own_level = root.handlers[:], root.level, own.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    own.setLevel(own_level)


@pytest.fixture(autouse=True)
def language_of_commands_is_given_back() -> Iterator[None]:
    """Forget the language that a command of a test chose for its process."""
    yield
    choose_language(None)


@pytest.fixture(scope="session")
def small_books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Books]:
    """The demo company, small, on a fixed day."""
    with open_shared_books(tmp_path_factory, "small", today=TODAY) as books:
        yield books
