"""The judging stage and the recorded judge."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from tests.factories import NOON, NOON_MS, a_constitution, a_pair_proposed, a_prompt_curated
from tests.topology.chains import recorded_vote

from prefstream.agents.judges.recorded import RecordedJudge
from prefstream.agents.judging import Judging
from prefstream.agents.stage import Answer, Configuration, Failure, Given, Needs, Outcome, Reply, Retry
from prefstream.schemas.judgements import JudgementFailed, PairJudged
from prefstream.schemas.values import Preference, Provenance, Stakes

PAIR = a_pair_proposed(stakes=Stakes.HIGH, tags=("t",))
CONFIGURATION = Configuration(constitution=a_constitution())
ONE = Judging(panel=(RecordedJudge(judge="a"),))
TWO = Judging(panel=(RecordedJudge(judge="a"), RecordedJudge(judge="b")))


def given_answers(stage: Judging, answers: Sequence[Answer]) -> Given:
    calls = stage.needs(PAIR, Given(configuration=CONFIGURATION)).calls
    by_request = {call.request_id: answer for call, answer in zip(calls, answers, strict=True)}
    return Given(configuration=CONFIGURATION, answers=by_request)


def the_outcome(stage: Judging, *answers: Answer) -> Outcome:
    return stage.handle(PAIR, given_answers(stage, answers))


def votes(*verdicts: str | None, at_ms: int = 0) -> Reply:
    return Reply(content={"votes": [recorded_vote(verdict) for verdict in verdicts]}, at_ms=at_ms)


def test_the_whole_panel_is_asked() -> None:
    calls = TWO.needs(PAIR, Given(configuration=CONFIGURATION)).calls
    assert [call.request for call in calls] == [
        {"judge": "a", "pair_id": PAIR.pair_id},
        {"judge": "b", "pair_id": PAIR.pair_id},
    ]
    assert not any(call.journalled for call in calls)


def test_all_votes_are_kept_and_pooled() -> None:
    (judged,) = the_outcome(TWO, votes("A>", "A>"), votes("B>", None, at_ms=NOON_MS + 3000)).events
    assert isinstance(judged, PairJudged)
    assert [vote.verdict for vote in judged.votes] == ["A>", "A>", "B>", None]
    assert judged.label is Preference.A_BETTER
    assert (judged.p_a, judged.confidence) == (2.5 / 4, 2.5 / 5)
    assert (judged.slice, judged.stakes, judged.tags) == (PAIR.slice, PAIR.stakes, PAIR.tags)
    assert judged.constitution_id == a_constitution().id
    assert judged.provenance is Provenance.RECORDED
    assert judged.occurred_at == NOON + timedelta(seconds=3)


def test_votes_that_cannot_be_read_are_no_verdict() -> None:
    (judged,) = the_outcome(ONE, votes(None, None)).events
    assert isinstance(judged, PairJudged)
    assert (judged.label, judged.p_a, judged.confidence) == (None, None, None)
    assert len(judged.votes) == 2


@pytest.mark.parametrize("content", [{"votes": []}, {}, {"votes": [{"judge": "a"}]}, {"votes": "A"}])
def test_an_answer_without_a_readable_vote_is_a_failed_judgement(content: Mapping[str, Any]) -> None:
    (failed,) = the_outcome(ONE, Reply(content=content, at_ms=0)).events
    assert isinstance(failed, JudgementFailed)
    assert (failed.reason, failed.detail) == ("no_votes", "the panel cast no vote")
    assert failed.stakes is Stakes.HIGH


def test_a_permanent_failure_of_the_whole_panel_is_a_failed_judgement_with_its_reason() -> None:
    (failed,) = the_outcome(ONE, Failure(reason="no_recorded_verdict", detail="none", transient=False)).events
    assert isinstance(failed, JudgementFailed)
    assert (failed.reason, failed.detail) == ("no_recorded_verdict", "none")


def test_a_permanent_failure_of_one_judge_leaves_the_others_to_decide() -> None:
    (judged,) = the_outcome(TWO, Failure(reason="x", detail="", transient=False), votes("B>>")).events
    assert isinstance(judged, PairJudged)
    assert judged.label is Preference.B_MUCH_BETTER


@pytest.mark.parametrize(("said_s", "after_s"), [(None, 0.0), (12.0, 12.0)])
def test_a_transient_failure_of_one_judge_asks_for_another_try_of_all(
    said_s: float | None, after_s: float
) -> None:
    failure = Failure(reason="overloaded", detail="529", transient=True, retry_after_s=said_s)
    permanent = Failure(reason="x", detail="", transient=False)
    assert the_outcome(TWO, permanent, failure).detour == Retry(
        reason="overloaded", detail="529", after_s=after_s
    )


def test_a_panel_is_known_by_its_members_and_one_judge_by_itself() -> None:
    assert ONE.judge_id == "recorded:a"
    assert TWO.judge_id.startswith("panel:")
    assert TWO.judge_id == Judging(panel=TWO.panel).judge_id
    assert TWO.judge_id != Judging(panel=TWO.panel[::-1]).judge_id


def test_judging_passes_other_events_by() -> None:
    given = Given(configuration=CONFIGURATION)
    assert ONE.needs(a_prompt_curated(), given) == Needs()
    assert ONE.handle(a_prompt_curated(), given) == Outcome()
