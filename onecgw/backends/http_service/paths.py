"""The paths of the HTTP service, below onec.base_url."""

from typing import Final

ROOT: Final = "/mcp"
HEALTH_PATH: Final = f"{ROOT}/health"
VERIFY_PATH: Final = f"{ROOT}/auth/verify"
