"""Keeps the log lines of defects out of the tests' output: drawing their tracebacks takes seconds."""

from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs


@pytest.fixture(autouse=True, scope="module")
def _lines_kept_aside() -> Iterator[None]:
    with capture_logs():
        yield
