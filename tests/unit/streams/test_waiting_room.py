"""Who waits for a retry, in which order they are tried, and how far the log counts as dealt with."""

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st
from tests.factories import a_pair_proposed, a_record

from prefstream.schemas.dead_letters import Detour, detoured
from prefstream.schemas.records import LogRecord
from prefstream.schemas.topics import JUDGING_RETRY
from prefstream.streams.retries import WaitingRoom, due_ms

Position = tuple[str, int]


def a_retry(offset: int, not_before_ms: int, *, partition: int = 0, attempt: int = 1) -> LogRecord:
    """Return a record of the retry topic that is due at a time."""
    told = Detour(
        stage="judging",
        topic="pairs.proposed.v1",
        partition=partition,
        offset=offset,
        reason="overloaded",
        detail="529",
        attempt=attempt,
        not_before_ms=not_before_ms,
    )
    out = detoured(a_record(a_pair_proposed(pair_id=f"pair-{offset}")), told, topic=JUDGING_RETRY.name)
    return LogRecord(
        topic=out.topic,
        partition=partition,
        offset=offset,
        timestamp_ms=0,
        key=out.key,
        value=out.value,
        headers=out.headers,
    )


#: Records of up to three partitions as a reader meets them: in order per partition, with gaps.
WAITING = st.lists(st.tuples(st.integers(0, 2), st.integers(1, 5), st.integers(0, 50)), max_size=40)


def admitted(room: WaitingRoom, arrivals: list[tuple[int, int, int]]) -> list[LogRecord]:
    """Admit records of these partitions, steps of the offset and times."""
    reached: dict[int, int] = defaultdict(int)
    records = []
    for partition, step, at_ms in arrivals:
        reached[partition] += step
        records.append(a_retry(reached[partition], at_ms, partition=partition))
        room.admit(records[-1])
    return records


@given(WAITING, st.lists(st.tuples(st.integers(0, 60), st.integers(1, 7)), max_size=20))
def test_a_place_is_dealt_with_only_when_everything_before_it_is(
    arrivals: list[tuple[int, int, int]], looks: list[tuple[int, int]]
) -> None:
    room = WaitingRoom()
    open_now = {(r.topic, r.partition, r.offset) for r in admitted(room, arrivals)}
    last: dict[Position, int] = {}
    for now_ms, limit in looks:
        taken = room.due(now_ms, limit=limit)
        open_now -= {(r.topic, r.partition, r.offset) for r in taken}
        settled = room.settled(taken)
        for (topic, partition), offset in settled.items():
            waiting = [one for t, p, one in open_now if (t, p) == (topic, partition)]
            assert all(offset <= one for one in waiting), "a crash would lose a record that still waits"
            assert not waiting or offset in waiting, "a crash would repeat more than it must"
            assert offset >= last.get((topic, partition), 0), "a place never moves back"
        last = settled


@given(WAITING, st.integers(1, 7))
def test_nobody_is_lost_and_nobody_comes_out_twice(arrivals: list[tuple[int, int, int]], limit: int) -> None:
    room = WaitingRoom()
    records = admitted(room, arrivals)
    out = []
    for now_ms in range(51):
        while taken := room.due(now_ms, limit=limit):
            assert [one for one in taken if due_ms(one) > now_ms] == []
            out += taken
            room.settled(taken)
    assert sorted((r.partition, r.offset) for r in out) == sorted((r.partition, r.offset) for r in records)
    assert len(room) == 0


@given(WAITING)
def test_the_longest_due_comes_first_and_equals_keep_their_order(
    arrivals: list[tuple[int, int, int]],
) -> None:
    room = WaitingRoom()
    records = admitted(room, arrivals)

    assert room.due(100, limit=1000) == sorted(records, key=due_ms)


def test_an_empty_room_tells_of_no_place() -> None:
    room = WaitingRoom()

    assert room.settled(room.due(10, limit=5)) == {}


def test_a_record_read_again_after_a_rebalance_is_still_not_lost() -> None:
    """The reader begins again at the committed place while the first copy is still waiting."""
    room = WaitingRoom()
    for _ in range(2):
        for offset in (3, 4):
            room.admit(a_retry(offset, not_before_ms=offset))

    first = room.due(3, limit=10)
    assert [record.offset for record in first] == [3, 3]
    assert room.settled(first) == {(JUDGING_RETRY.name, 0): 4}
    assert room.settled(room.due(4, limit=10)) == {(JUDGING_RETRY.name, 0): 5}


def test_a_record_is_due_when_its_headers_say() -> None:
    assert due_ms(a_retry(0, 1234)) == 1234


def test_a_record_that_does_not_say_when_is_due_at_once() -> None:
    record = a_record()

    assert due_ms(record) == 0
    assert due_ms(a_record(headers=(("ps_stage", b"judging"),))) == 0
