"""The supervisor: what ends is started again, at growing intervals, and never silently."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from prefstream.schemas.errors import Unavailable
from prefstream.streams import supervisor as supervision
from prefstream.streams.supervisor import Supervisor

DEADLINE_S = 60.0
#: No process of this name exists, so what is started for it ends at once with a message.
NOBODY = "nobody"


@pytest.fixture(name="supervisor")
def fixture_supervisor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Supervisor]:
    monkeypatch.setattr(supervision, "BACKOFF_S", (0.05, 0.1, 0.2))
    made = Supervisor(tmp_path, names=(NOBODY,))
    try:
        yield made
    finally:
        made.stop()


def wait_for(condition: Callable[[], bool], supervisor: Supervisor) -> None:
    until = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < until, "the condition did not come true"
        supervisor.look()
        time.sleep(0.005)


def test_a_process_that_ends_at_once_is_started_again_at_growing_intervals(supervisor: Supervisor) -> None:
    with capture_logs() as lines:
        supervisor.start()
        one = supervisor.processes[NOBODY]
        for failures in (1, 2, 3, 4):
            wait_for(lambda failures=failures: one.failures == failures, supervisor)  # type: ignore[misc]
            assert one.child is None, "it waits before it starts again"
            starts, again_s = one.starts, one.again_s
            wait_for(lambda starts=starts: one.starts == starts + 1, supervisor)  # type: ignore[misc]
            assert one.started_s >= again_s

    ends = [line for line in lines if line["event"] == "process.ended"]
    assert [line["again_in_s"] for line in ends] == [0.05, 0.1, 0.2, 0.2]
    assert {(line["name"], line["exit_code"]) for line in ends} == {(NOBODY, 2)}


def test_what_has_run_long_has_its_failures_forgiven(supervisor: Supervisor) -> None:
    supervisor.start()
    one = supervisor.processes[NOBODY]
    wait_for(lambda: one.failures == 2 and one.child is not None, supervisor)

    one.started_s -= supervision.FORGIVEN_S + 1
    wait_for(lambda: one.child is None, supervisor)

    assert one.failures == 1


def test_a_process_that_does_not_come_up_is_named_with_its_last_words(supervisor: Supervisor) -> None:
    supervisor.start()

    with pytest.raises(Unavailable, match=f"{NOBODY} does not come up") as raised:
        supervisor.wait_ready(DEADLINE_S)

    assert f"{NOBODY}.log" in str(raised.value)


def test_after_the_stop_nothing_runs_and_nothing_is_started(supervisor: Supervisor) -> None:
    supervisor.start()
    one = supervisor.processes[NOBODY]
    child = one.child
    assert child is not None

    supervisor.stop()

    assert child.exit_code is not None
    assert one.child is None
    assert one.starts == 1


def test_processes_write_to_a_log_of_their_own_and_their_ids_are_noted(supervisor: Supervisor) -> None:
    supervisor.start()
    one = supervisor.processes[NOBODY]
    child = one.child
    assert child is not None
    noted = (supervisor.folder / "pids.json").read_text()
    until = time.monotonic() + DEADLINE_S
    while child.exit_code is None:
        assert time.monotonic() < until
        time.sleep(0.01)

    assert noted == f'{{"{NOBODY}": {child.pid}}}'
    assert child.exit_code == 2
    assert "there is no process 'nobody'" in (supervisor.folder / "logs" / "nobody.log").read_text()
