"""Fixtures of the Kafka tests."""

import pytest
from tests.integration.kafka.harness import Log


@pytest.fixture
def log(kafka_bootstrap: str) -> Log:
    """Give the test names of its own on the broker."""
    return Log(kafka_bootstrap)
