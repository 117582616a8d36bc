"""What every browser test needs: Chromium. Without it they are skipped, except in CI."""

import os
from pathlib import Path

import pytest

CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture(autouse=True, scope="session")
def chromium():
    """Skip where there is no browser; in CI that is a failure."""
    if CHROMIUM.exists():
        return
    if os.environ.get("CI") == "true":
        pytest.fail("Chromium is missing; .ci/run installs it")
    pytest.skip("no Chromium at /usr/bin/chromium")
