"""Fixtures of whole deployments; both logs must give the same."""

import pytest

from prefstream.adapters.local.kafka_jars import Missing, kafka_available
from tests.chain import pandalm
from tests.running_parts import give_up


@pytest.fixture(params=["postgres", pytest.param("kafka", marks=pytest.mark.kafka)])
def log_kind(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    if kind == "kafka" and isinstance(found := kafka_available(), Missing):
        give_up(f"Apache Kafka: {found.reason}. {found.fix}")
    return kind


@pytest.fixture
def pandalm_data() -> None:
    if not pandalm.folder().is_dir():
        pytest.skip(f"the real labelled data is not at {pandalm.shared_data()}; set PREFSTREAM_SHARED_DATA")
