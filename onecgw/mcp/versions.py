"""The protocol revisions that are served, and what tells their two eras apart."""

from typing import Final

MODERN: Final = "2026-07-28"
LEGACY: Final = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")
SUPPORTED: Final = (MODERN, *LEGACY)  # newest first

LATEST_LEGACY: Final = LEGACY[0]
# Revisions before 2025-06-18 had no version header: no header means this one.
UNSAID_LEGACY: Final = "2025-03-26"
# The only revision in which one body may hold several messages.
BATCHES: Final = "2025-03-26"
