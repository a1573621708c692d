"""A Kafka address whose port is no number is refused as such."""

import pytest

from prefstream.adapters.kafka.connection import KafkaConnection
from prefstream.schemas.errors import BadInput


@pytest.mark.parametrize("address", ["kafka:x", "kafka:", ":9092", "kafka:0", "kafka:65536", "a:1,b:y"])
def test_an_address_whose_port_is_no_port_is_bad_input(address: str) -> None:
    with pytest.raises(BadInput, match="host:port"):
        KafkaConnection(bootstrap=address)


@pytest.mark.parametrize("address", ["kafka:9092", "[::1]:9092", "a:1,b:2"])
def test_an_address_with_a_port_is_taken(address: str) -> None:
    assert KafkaConnection(bootstrap=address).servers == address.split(",")
