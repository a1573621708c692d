from tests.factories import a_constitution, a_pair_proposed

from prefstream.agents.judges.offline import OfflineJudge
from prefstream.agents.judging import Judging
from prefstream.agents.stage import Configuration, Given
from prefstream.schemas.judgements import PairJudged
from prefstream.schemas.values import Provenance

CONFIGURATION = Configuration(constitution=a_constitution())


def test_the_offline_judge_needs_no_call_and_says_that_it_is_offline() -> None:
    stage, pair = Judging(panel=(OfflineJudge(),)), a_pair_proposed()

    assert stage.needs(pair, Given(configuration=CONFIGURATION)).calls == ()
    (event,) = stage.handle(pair, Given(configuration=CONFIGURATION)).events
    assert isinstance(event, PairJudged)
    assert event.judge_id.startswith("offline:")
    assert event.provenance is Provenance.OFFLINE
    assert event.label == "A>>"
    assert len(event.votes) == 6
