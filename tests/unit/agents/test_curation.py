"""The curation stage."""

from tests.factories import a_constitution, a_message, a_pair_proposed, a_prompt_submitted

from prefstream.agents.curation import Curation
from prefstream.agents.stage import NOTHING, Configuration, Given, Outcome
from prefstream.schemas.prompts import PromptCurated, PromptSetAside
from prefstream.schemas.values import Provenance, Stakes

GIVEN = Given(configuration=Configuration(constitution=a_constitution()))


def test_a_prompt_is_placed_by_the_rules_and_keeps_what_it_came_with() -> None:
    event = a_prompt_submitted(tags=("medical",), provenance=Provenance.SIMULATED)
    (curated,) = Curation().handle(event, GIVEN).events
    assert isinstance(curated, PromptCurated)
    assert (curated.slice, curated.stakes, curated.tags) == ("arithmetic", Stakes.HIGH, ("medical",))
    assert (curated.messages, curated.provenance) == (event.messages, Provenance.SIMULATED)
    assert curated.constitution_id == a_constitution().id
    assert curated.occurred_at == event.occurred_at


def test_a_prompt_that_a_rule_sets_aside_says_why() -> None:
    event = a_prompt_submitted(messages=(a_message("lorem ipsum"),))
    (aside,) = Curation().handle(event, GIVEN).events
    assert isinstance(aside, PromptSetAside)
    assert (aside.reason, aside.clause, aside.prompt_id) == ("filler", "C3", event.prompt_id)


def test_curation_needs_nothing_and_passes_other_events_by() -> None:
    assert Curation().needs(a_prompt_submitted(), GIVEN) == NOTHING
    assert Curation().handle(a_pair_proposed(), GIVEN) == Outcome()
