"""A lane: concurrency, rates, rest and breaker as one decision."""

import pytest

from prefstream.domain.pacing.breaker import PAUSE_S, PROBES, Breaker
from prefstream.domain.pacing.bucket import Bucket
from prefstream.domain.pacing.lane import REST_S, Lane, Passage
from prefstream.domain.pacing.outcomes import Outcome, outcome_of, tokens_of
from prefstream.domain.pacing.window import Window
from prefstream.schemas.calls import Answer, Call, Failure, Reply

GOOD = Outcome(kind="answered", tokens=0)


def a_lane(*, places: int = 4, **parts: Bucket | Breaker) -> Lane:
    return Lane(window=Window(ceiling=100, size=places), **parts)  # type: ignore[arg-type]


def begun(lane: Lane, count: int = 1, *, tokens: int = 0, now_s: float = 0.0) -> list[Passage]:
    return [lane.begin(tokens, now_s=now_s) for _ in range(count)]


def test_a_full_window_waits_until_a_call_ends() -> None:
    lane = a_lane(places=2)
    first, _ = begun(lane, 2)
    assert lane.signal(0, now_s=0.0).light == "wait"
    assert lane.signal(0, now_s=0.0).again_in_s is None

    lane.end(first, Outcome(kind="nothing"), now_s=1.0)
    assert lane.signal(0, now_s=1.0).light == "go"


def test_a_retry_after_stops_the_whole_lane_for_as_long() -> None:
    lane = a_lane()
    (passage,) = begun(lane)
    lane.end(passage, Outcome(kind="objected", tokens=0, retry_after_s=7.0), now_s=1.0)

    assert lane.signal(0, now_s=2.0).again_in_s == 6.0
    assert lane.signal(0, now_s=8.0).light == "go"
    assert lane.retry_after_s(2.0) == 6.0


def test_a_provider_that_objects_to_one_at_a_time_is_given_longer_and_longer_rests() -> None:
    lane, now_s, rests = a_lane(places=1), 0.0, list[float]()
    for _ in range(9):
        (passage,) = begun(lane, now_s=now_s)
        lane.end(passage, Outcome(kind="objected", tokens=0), now_s=now_s)
        rest_s = lane.signal(0, now_s=now_s).again_in_s
        assert rest_s is not None
        rests.append(rest_s)
        now_s += rest_s + 0.1

    assert rests[:3] == [pytest.approx(REST_S * factor) for factor in (1, 2, 4)]
    assert rests[-1] == pytest.approx(60.0)


def test_half_open_lets_few_probes_go() -> None:
    lane = a_lane(places=50, breaker=Breaker(failures=1))
    (passage,) = begun(lane)
    lane.end(passage, Outcome(kind="failed"), now_s=0.0)
    assert lane.signal(0, now_s=1.0).light == "shut"
    assert lane.signal(0, now_s=1.0).again_in_s == PAUSE_S - 1.0

    begun(lane, PROBES, now_s=PAUSE_S)
    assert lane.signal(0, now_s=PAUSE_S).light == "wait"


def test_tokens_are_reserved_by_estimate_and_settled_by_use() -> None:
    lane = a_lane(tokens=Bucket(per_minute=1200))
    (passage,) = begun(lane, tokens=100)
    assert lane.signal(100, now_s=0.0).again_in_s == 5.0

    lane.end(passage, Outcome(kind="answered", tokens=10), now_s=0.0)
    assert lane.signal(90, now_s=0.0).light == "go"


def test_what_a_call_without_a_word_about_tokens_used_stays_reserved() -> None:
    lane = a_lane(tokens=Bucket(per_minute=1200))
    (passage,) = begun(lane, tokens=100)
    lane.end(passage, Outcome(kind="failed", tokens=None), now_s=0.0)

    assert lane.signal(100, now_s=0.0).again_in_s == 5.0


def test_requests_are_limited_by_the_minute() -> None:
    lane = a_lane(places=100, requests=Bucket(per_minute=60))
    begun(lane, 5)

    assert lane.signal(0, now_s=0.0).again_in_s == 1.0


def test_an_overloaded_provider_is_busy_and_not_down() -> None:
    lane = a_lane(places=100, breaker=Breaker(failures=2))
    for passage in begun(lane, 20):
        lane.end(passage, Outcome(kind="objected", tokens=0), now_s=0.0)

    assert lane.breaker.state(0.0) == "closed"


@pytest.mark.parametrize(
    ("answer", "kind", "tokens"),
    [
        (
            Reply(
                content={"usage": {"input_tokens": 5, "output_tokens": 7, "cache_read_tokens": 9}}, at_ms=0
            ),
            "answered",
            12,
        ),
        (Reply(content={}, at_ms=0), "answered", None),
        (Reply(content={"usage": {"input_tokens": "many"}}, at_ms=0), "answered", 0),
        (Failure(reason="rate_limited", detail="", transient=True), "objected", 0),
        (Failure(reason="overloaded", detail="", transient=True), "objected", 0),
        (Failure(reason="server_error", detail="", transient=True), "failed", None),
        (Failure(reason="timeout", detail="", transient=True), "failed", None),
        (Failure(reason="bad_request", detail="", transient=False), "answered", 0),
        (Failure(reason="in_batch", detail="", transient=True, waiting=True), "nothing", 0),
        (Failure(reason="wrong_key", detail="", transient=True, waiting=True), "nothing", 0),
    ],
)
def test_an_answer_says_whether_the_provider_works(answer: Answer, kind: str, tokens: int | None) -> None:
    assert (outcome_of(answer).kind, outcome_of(answer).tokens) == (kind, tokens)


def test_the_estimate_has_all_that_the_model_may_say() -> None:
    short = Call(provider="p", request={"messages": [{"role": "user", "content": "hi"}], "max_tokens": 1500})

    assert 1500 < tokens_of(short) < 1530
    assert tokens_of(Call(provider="p", request={"text": "x" * 4000})) > 1000


def test_a_lane_counts_what_is_under_way() -> None:
    lane = a_lane()
    for passage in begun(lane, 3):
        lane.end(passage, GOOD, now_s=0.5)

    assert lane.under_way == 0
    assert lane.pace.latency_s == 0.5


def test_a_call_that_was_only_queued_counts_as_no_request() -> None:
    lane = a_lane(places=100, requests=Bucket(per_minute=60))
    for passage in begun(lane, 5):
        lane.end(passage, Outcome(kind="nothing", tokens=0), now_s=0.0)

    assert lane.signal(0, now_s=0.0).light == "go"
