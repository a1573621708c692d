"""Curation: give each prompt its slice, stakes and tags by the constitution's rules."""

from dataclasses import dataclass

from prefstream.agents.derivation import derived
from prefstream.agents.stage import NOTHING, Given, Needs, Outcome
from prefstream.domain.curation import curate
from prefstream.schemas import topics
from prefstream.schemas.envelope import Event
from prefstream.schemas.prompts import PromptCurated, PromptSetAside, PromptSubmitted
from prefstream.schemas.topics import TopicSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Curation:
    """The stage from submitted to curated prompts."""

    name: str = "curation"
    version: str = "1"
    inputs: tuple[TopicSpec, ...] = (topics.PROMPTS_SUBMITTED,)
    stateful: bool = False

    def needs(self, event: Event, given: Given) -> Needs:  # noqa: ARG002
        """Return nothing: the rules are in the configuration."""
        return NOTHING

    def handle(self, event: Event, given: Given) -> Outcome:
        """Return the prompt curated, or set aside with the rule that says so."""
        if not isinstance(event, PromptSubmitted):
            return Outcome()
        placed = curate(
            event.messages,
            declared=event.slice,
            tags=event.tags,
            constitution=given.configuration.constitution,
        )
        base = derived(self, event, subject=event.prompt_id) | {
            "prompt_id": event.prompt_id,
            "slice": placed.slice,
            "constitution_id": given.configuration.constitution_id,
        }
        if placed.set_aside is not None:
            return Outcome(events=(PromptSetAside(**base, reason=placed.set_aside, clause=placed.clause),))
        curated = PromptCurated(
            **base,
            messages=event.messages,
            stakes=placed.stakes,
            tags=placed.tags,
            provenance=event.provenance,
        )
        return Outcome(events=(curated,))
