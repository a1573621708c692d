"""Curation: give each prompt its place, and set aside what must not, need not or shall not be used.

In this order: what a rule of the constitution sets aside, what is protected, what says the same as an
earlier prompt, and what the sampling plan does not draw. A prompt that the plan leaves out is still the
first to say what it says: its repetitions are duplicates, so every text is drawn at most once.
"""

from dataclasses import dataclass, replace
from typing import Any

from prefstream.agents.classification import UNREADABLE, Classifier
from prefstream.agents.derivation import derived
from prefstream.agents.generation import again
from prefstream.agents.stage import NOTHING, Failure, Given, Needs, Outcome, Refusal, Reply
from prefstream.domain.constitution.triggers import trigger_tags
from prefstream.domain.curation import Placement, curate, last_user_text, with_reading
from prefstream.domain.curation.language import TAG, UNDETERMINED, declared_language, language_of
from prefstream.domain.curation.normalisation import prompt_hash
from prefstream.domain.curation.sampling import Draw, draw
from prefstream.schemas import topics
from prefstream.schemas.envelope import Event
from prefstream.schemas.prompts import PromptCurated, PromptSetAside, PromptSubmitted
from prefstream.schemas.topics import TopicSpec

PROTECTED = "protected"
DUPLICATE = "duplicate"
NOT_SAMPLED = "not_sampled"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """What is known of a prompt."""

    placement: Placement
    language: str
    classifier_id: str | None = None
    answered_ms: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Aside:
    """Why a prompt is set aside."""

    reason: str
    clause: str | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curation:
    """The stage from submitted to curated prompts."""

    #: Says slice and stakes where neither rules nor the submitter do.
    classifier: Classifier | None = None
    name: str = "curation"
    #: Another version of py3langid's language model decides otherwise and asks for another one here.
    version: str = "2"
    inputs: tuple[TopicSpec, ...] = (topics.PROMPTS_SUBMITTED,)
    stateful: bool = True

    def needs(self, event: Event, given: Given) -> Needs:
        """Return who said the same first and, where the place is open, the classifier's calls."""
        if not isinstance(event, PromptSubmitted):
            return NOTHING
        key = state_key(event)
        if self.classifier is None or not self.classifier.remote:
            return Needs(keys=frozenset((key,)), final=True)
        if key not in given.states:
            return Needs(keys=frozenset((key,)))
        placement = _placed(event, given).placement
        if not _open(placement) or _aside(event, placement, given, key):
            return Needs(keys=frozenset((key,)))
        calls = self.classifier.calls(event, given.configuration.constitution, given.answers)
        return Needs(keys=frozenset((key,)), calls=tuple(calls))

    def handle(self, event: Event, given: Given) -> Outcome:
        """Return the prompt curated or set aside with the reason, or when to try again."""
        if not isinstance(event, PromptSubmitted):
            return Outcome()
        key = state_key(event)
        place = _placed(event, given)
        if aside := _aside(event, place.placement, given, key):
            return Outcome(events=(self._set_aside(event, given, place, aside),))
        if self.classifier is not None and _open(place.placement):
            read = _read(self.classifier, event, place, given)
            if isinstance(read, Failure):
                return _failed(read)
            place = read
        claimed = {} if given.states[key] else {key: event.prompt_id.encode()}
        return Outcome(events=(self._drawn(event, given, place),), states=claimed)

    def _drawn(self, event: PromptSubmitted, given: Given, place: _Place) -> PromptCurated | PromptSetAside:
        plan, plan_id = given.configuration.sampling, given.configuration.sampling_id
        if plan is None:
            return self._curated(event, given, place, None)
        drawn = draw(plan, prompt_id=event.prompt_id, slice_name=place.placement.slice)
        if drawn.kept:
            return self._curated(event, given, place, drawn)
        aside = _Aside(reason=NOT_SAMPLED, detail=f"the plan keeps {drawn.probability:.6g} of its slice")
        said = self._set_aside(event, given, place, aside)
        return said.model_copy(update={"sampling_plan_id": plan_id, "keep_probability": drawn.probability})

    def _curated(
        self, event: PromptSubmitted, given: Given, place: _Place, drawn: Draw | None
    ) -> PromptCurated:
        return PromptCurated(
            **self._base(event, given, place),
            messages=event.messages,
            stakes=place.placement.stakes,
            tags=place.placement.tags,
            stratum_weight=drawn.weight if drawn else 1.0,
            provenance=event.provenance,
            language=place.language,
            sampling_plan_id=given.configuration.sampling_id,
            classifier_id=place.classifier_id,
        )

    def _set_aside(
        self, event: PromptSubmitted, given: Given, place: _Place, aside: _Aside
    ) -> PromptSetAside:
        return PromptSetAside(
            **self._base(event, given, place), reason=aside.reason, clause=aside.clause, detail=aside.detail
        )

    def _base(self, event: PromptSubmitted, given: Given, place: _Place) -> dict[str, Any]:
        return derived(self, event, subject=event.prompt_id, answered_ms=place.answered_ms) | {
            "prompt_id": event.prompt_id,
            "slice": place.placement.slice,
            "constitution_id": given.configuration.constitution_id,
        }


def state_key(event: PromptSubmitted) -> str:
    """Return the key of the state that says who said this first."""
    return f"prompt:{prompt_hash(event.messages)}"


def _placed(event: PromptSubmitted, given: Given) -> _Place:
    """Return where the rules put a prompt, with what is found in its text as tags."""
    constitution = given.configuration.constitution
    text = last_user_text(event.messages)
    language = declared_language(event.tags) or language_of(text)
    placement = curate(
        event.messages,
        declared=event.slice,
        tags=event.tags,
        constitution=constitution,
        language=language,
    )
    told = () if language == UNDETERMINED else (TAG + language,)
    tags = {*placement.tags, *told, *trigger_tags(constitution, text)}
    return _Place(placement=replace(placement, tags=tuple(sorted(tags))), language=language)


def _aside(event: PromptSubmitted, placement: Placement, given: Given, key: str) -> _Aside | None:
    """Return why a prompt is not used whatever its place; `None` where it may be."""
    if placement.set_aside is not None:
        return _Aside(reason=placement.set_aside, clause=placement.clause)
    protected = given.configuration.protection.match([message.content for message in event.messages])
    if protected is not None:
        found = f"{protected.share:.0%} of its 13-grams" if protected.how == "gram" else "the whole prompt"
        if protected.how == "embedded":
            found = "a short prompt that it holds"
        return _Aside(reason=PROTECTED, clause=protected.set_id, detail=f"{found} is in the set")
    first = given.states[key]
    if first is not None and first != event.prompt_id.encode():
        return _Aside(reason=DUPLICATE, detail=f"says the same as {first.decode()}")
    return None


def _open(placement: Placement) -> bool:
    return placement.slice_open or placement.stakes_open


def _read(classifier: Classifier, event: PromptSubmitted, place: _Place, given: Given) -> _Place | Failure:
    """Return the place with the classifier's word on it, or why there is none yet.

    Where its answers cannot be read, rules and default stand alone.
    """
    constitution = given.configuration.constitution
    calls = classifier.calls(event, constitution, given.answers)
    answers = [given.answers[call.request_id] for call in calls]
    last = answers[-1] if answers else None
    if isinstance(last, Failure) and last.reason != UNREADABLE:
        return last
    reading = classifier.reading(event, constitution, given.answers)
    answered = tuple(answer.at_ms for answer in answers if isinstance(answer, Reply))
    if reading is None:
        return replace(place, answered_ms=answered)
    return replace(
        place,
        placement=with_reading(place.placement, reading),
        classifier_id=classifier.id,
        answered_ms=answered,
    )


def _failed(failure: Failure) -> Outcome:
    if failure.transient:
        return Outcome(detour=again(failure))
    return Outcome(detour=Refusal(reason=failure.reason, detail=failure.detail))
