"""Every private name of Faust, mode and aiokafka that the stage shell leans on is what it was written for.

A failure here means: do not move the pin before the shell, its chaos tests and these contracts agree again.
"""

import inspect
from collections.abc import Callable
from typing import Any

import faust.app.base
import faust.streams
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.conn import create_conn
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.producer.message_accumulator import BatchBuilder
from faust.events import Event
from faust.transport import conductor, consumer
from faust.transport.drivers import aiokafka as driver
from faust.types.tuples import TP, ConsumerMessage

from prefstream.adapters.kafka import pins
from prefstream.adapters.kafka.pins import check_pins
from prefstream.adapters.kafka.run_consumer import RunConsumer, RunConsumerThread
from prefstream.schemas.errors import Unavailable


def parameters(function: Callable[..., Any]) -> list[str]:
    """Name the parameters of a function."""
    return list(inspect.signature(function).parameters)


def source(function: Any) -> str:
    """Give the text of a function."""
    return inspect.getsource(function)


def test_the_installed_versions_are_the_pinned_ones() -> None:
    check_pins()


def test_another_version_is_refused_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pins, "VERSIONS", {"faust-streaming": "0.0.1"})
    with pytest.raises(Unavailable, match=r"not 0\.0\.1.*pip install faust-streaming==0\.0\.1"):
        check_pins()


def test_a_missing_name_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pins, "PRIVATE_NAMES", (("faust.app.base", "App", ("_gone",)),))
    with pytest.raises(Unavailable, match=r"faust\.app\.base\.App\._gone is gone"):
        check_pins()


def test_a_wheel_without_its_compiled_part_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faust.streams, "_CStreamIterator", None)
    with pytest.raises(Unavailable, match=r"faust\.streams runs without its compiled part"):
        check_pins()


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (consumer.ThreadDelegateConsumer._getmany, ["self", "active_partitions", "timeout"]),
        (driver.Consumer._to_message, ["self", "tp", "record"]),
        (consumer.Consumer._new_offset, ["self", "tp"]),
        (consumer.Consumer._add_gap, ["self", "tp", "offset_from", "offset_to"]),
        (consumer.Consumer._filter_tps_with_pending_acks, ["self", "topics"]),
        (consumer.Consumer.on_buffer_full, ["self", "tp"]),
        (consumer.Consumer.on_partitions_assigned, ["self", "assigned", "generation_id"]),
        (driver.AIOKafkaConsumerThread._create_worker_consumer, ["self", "transport"]),
        (driver.Consumer._new_consumer_thread, ["self"]),
        (faust.app.base.App._new_transport, ["self"]),
        (AIOKafkaProducer.create_batch, ["self"]),
        (AIOKafkaProducer.send_batch, ["self", "batch", "topic", "partition"]),
        (BatchBuilder.append, ["self", "timestamp", "key", "value", "headers"]),
        (AIOKafkaProducer.partitions_for, ["self", "topic"]),
    ],
    ids=lambda value: getattr(value, "__qualname__", ""),
)
def test_overridden_and_called_functions_take_what_we_expect(
    function: Callable[..., Any], expected: list[str]
) -> None:
    assert parameters(function) == expected


def test_faust_itself_does_not_use_the_names_we_added() -> None:
    for module in (consumer, driver):
        assert "self._runs" not in source(module)
    assert "producer_of_runs" not in source(faust.app.base)


def test_message_takes_its_fields_by_position_and_a_generation() -> None:
    run: Any = ["a run"]
    message = ConsumerMessage(
        "topic", 1, 7, 1.5, 0, None, None, run, None, 0, 0, TP("topic", 1), generation_id=3
    )
    found = (message.topic, message.partition, message.offset, message.timestamp, message.value)
    assert found == ("topic", 1, 7, 1.5, run)
    assert (message.acked, message.tracked, message.generation_id, message.tp) == (
        False,
        False,
        3,
        TP("topic", 1),
    )


def test_acking_marks_the_message_before_anything_else() -> None:
    text = source(consumer.Consumer.ack)
    assert text.index("message.acked = True") < text.index("self._committed_offset")


def test_the_drain_loop_drops_what_is_below_the_read_offset_and_waits_for_the_queue() -> None:
    text = source(consumer.Consumer._drain_messages)
    assert "offset >= r_offset" in text
    assert "callback(message), self.suspend_flow.wait()" in text


def test_messages_become_deliverable_only_through_to_message_in_getmany() -> None:
    text = source(consumer.Consumer.getmany)
    assert "to_message = self._to_message" in text
    assert "new_generation_id != generation_id" in text


def test_a_rebalance_drains_commits_and_only_then_assigns() -> None:
    revoked = source(faust.app.base.App._on_partitions_revoked)
    steps = ["T(consumer.stop_flow)", "T(self.flow_control.suspend)", "T(self.flow_control.clear)"]
    steps.append("T(self._consumer_wait_empty)")
    assert [revoked.index(step) for step in steps] == sorted(revoked.index(step) for step in steps)
    emptied = source(consumer.Consumer.wait_empty)
    assert emptied.index("self._unacked_messages") < emptied.index("commit_and_end_transactions")
    assert "tp in assignment" in source(consumer.Consumer._commit_offsets)


def test_stopping_drains_before_it_stops_the_agents() -> None:
    stopping = source(faust.app.base.App._stop_consumer)
    steps = ["stop_flow", "flow_control.suspend", "flow_control.clear", "_stop_fetcher", "wait_empty"]
    assert [stopping.index(step) for step in steps] == sorted(stopping.index(step) for step in steps)
    assert "self._stop_consumer()" in source(faust.app.base.App.on_stop)


def test_a_commit_that_fails_crashes_the_consumer_and_thereby_the_app() -> None:
    assert source(driver.AIOKafkaConsumerThread._commit).count("await self.crash(exc)") == 3


def test_transport_and_threads_are_found_through_the_names_we_override() -> None:
    assert "self.transport.create_consumer" in source(faust.app.base.App._new_consumer)
    assert "self._create_worker_consumer(transport)" in source(driver.AIOKafkaConsumerThread._create_consumer)
    assert issubclass(RunConsumer, driver.Consumer)
    assert issubclass(RunConsumerThread, driver.AIOKafkaConsumerThread)


def test_the_compiled_parts_are_in_use() -> None:
    assert vars(faust.streams)["_CStreamIterator"] is not None
    assert vars(conductor)["ConductorHandler"] is not None


def test_an_agent_may_ack_by_hand() -> None:
    assert "enable_acks=False" in source(faust.streams.Stream.noack)
    assert parameters(Event.ack) == ["self"]


def test_boot_can_leave_out_the_producer() -> None:
    assert "self.enable_kafka_producer" in source(faust.app.base.BootStrategy._should_enable_kafka_producer)


def test_client_names_we_use_exist() -> None:
    assert {"ssl_context", "security_protocol", "sasl_mechanism"} <= set(parameters(create_conn))
    assert RangePartitionAssignor.name == "range"
