"""Pairs whose judge's key is refused wait, however long it takes, and none is lost or given up."""

from collections import Counter
from dataclasses import dataclass, field

from tests.factories import a_pair_proposed
from tests.topology.chains import Script, a_chain, assert_counters_add_up

from prefstream.agents.stage import Answer, Call, Failure
from prefstream.agents.tasks import MAX_ATTEMPTS
from prefstream.schemas import topics
from prefstream.schemas.judgements import PairJudged

REFUSED = Failure(reason="wrong_key", detail="401", transient=True, waiting=True, retry_after_s=60)


@dataclass
class RevokedFor:
    """Refuses the key for the first tries of every pair."""

    tries: int
    asked: Counter[str] = field(default_factory=Counter)
    script: Script = field(default_factory=Script)

    def __call__(self, call: Call) -> Answer:
        pair_id = str(call.request["pair_id"])
        self.asked[pair_id] += 1
        return REFUSED if self.asked[pair_id] <= self.tries else self.script(call)


def test_pairs_wait_for_a_key_longer_than_any_failure_is_retried() -> None:
    answers = RevokedFor(3 * MAX_ATTEMPTS)
    chain = a_chain(script=answers)  # type: ignore[arg-type]
    chain.say(*[a_pair_proposed(pair_id=f"p{number}") for number in range(5)])
    chain.settle()

    judged = chain.read(topics.PAIRS_JUDGED.name)
    assert {event.subject for event in judged} == {f"p{number}" for number in range(5)}
    assert all(isinstance(event, PairJudged) for event in judged)
    assert chain.records(topics.DEAD_LETTERS.name) == []
    assert_counters_add_up(chain)
