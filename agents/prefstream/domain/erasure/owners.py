"""Whose content an event holds: a prompt's, a pair's, a task's, a person's.

What belongs to two (a label: to its pair and to who gave it) can be read only while both keys are there.
Events without words of anybody (routes, resolutions, policies, figures) belong to nobody and stay readable.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, Final, TypeVar

from prefstream.schemas import topics
from prefstream.schemas.checks import QuarantineDecided
from prefstream.schemas.demonstrations import (
    DemonstrationSubmitted,
    RankingSubmitted,
    RatingSubmitted,
    SafetyLabelSubmitted,
    TaskProposed,
)
from prefstream.schemas.envelope import Event
from prefstream.schemas.judgements import JudgementFailed, PairJudged
from prefstream.schemas.labels import LabelSubmitted, LabelWithdrawn
from prefstream.schemas.pairs import PairProposed, PairRejected, PairValidated
from prefstream.schemas.people import (
    AnnotatorActionTaken,
    CalibrationAnswered,
    GoldAnswered,
    GoldChosen,
    GoldRetired,
)
from prefstream.schemas.prompts import PromptCurated, PromptSetAside, PromptSubmitted
from prefstream.schemas.records import LogRecord

E = TypeVar("E", bound=Event)

#: What an owner is called: "prompt:ID", "pair:ID", "task:ID" or "person:ID".
Owner = str
_Rule = Callable[[Any], tuple[Owner, ...]]


def _prompt(event: Any) -> tuple[Owner, ...]:
    return (f"prompt:{event.prompt_id}",)


def _pair(event: Any) -> tuple[Owner, ...]:
    return (f"pair:{event.pair_id}",)


def _task(event: Any) -> tuple[Owner, ...]:
    return (f"task:{event.task_id}",)


def _person(event: Any) -> tuple[Owner, ...]:
    return (f"person:{event.annotator}",)


def _pair_and_person(event: Any) -> tuple[Owner, ...]:
    return (f"pair:{event.pair_id}", f"person:{event.annotator}")


def _task_and_person(event: Any) -> tuple[Owner, ...]:
    return (f"task:{event.task_id}", f"person:{event.annotator}")


#: Whose content events of a type hold; of types that are not named, nobody's.
OWNER_RULES: Final[Mapping[type[Event], _Rule]] = {
    PromptSubmitted: _prompt,
    PromptCurated: _prompt,
    PromptSetAside: _prompt,
    PairProposed: _pair,
    PairJudged: _pair,
    JudgementFailed: _pair,
    PairValidated: _pair,
    PairRejected: _pair,
    QuarantineDecided: _pair,
    GoldChosen: _pair,
    GoldRetired: _pair,
    LabelSubmitted: _pair_and_person,
    LabelWithdrawn: _pair_and_person,
    TaskProposed: _task,
    RankingSubmitted: _task_and_person,
    RatingSubmitted: _task_and_person,
    DemonstrationSubmitted: _task_and_person,
    SafetyLabelSubmitted: _task_and_person,
    GoldAnswered: _person,
    CalibrationAnswered: _person,
    AnnotatorActionTaken: _person,
}
_KINDS: Final[Mapping[str, str]] = {
    "prompt_id": "prompt:",
    "pair_id": "pair:",
    "task_id": "task:",
    "annotator": "person:",
}
#: What the owner of a record begins with, by topic; the rest is the record's key.
TOPIC_OWNERS: Final[Mapping[str, str]] = {
    spec.name: _KINDS[spec.key]
    for spec in topics.TOPICS
    if spec.key in _KINDS and any(event in OWNER_RULES for event in spec.events)
} | {
    topics.CURATION_RETRY.name: "prompt:",
    topics.GENERATION_RETRY.name: "prompt:",
    topics.JUDGING_RETRY.name: "pair:",
}
#: The same without topics that seldom carry content, though they may.
_PRIOR: Final = {name: prefix for name, prefix in TOPIC_OWNERS.items() if name != topics.LABELS_RESOLVED.name}
#: Topics with content of somebody.
CONTENT_TOPICS: Final = frozenset({*TOPIC_OWNERS, topics.DEAD_LETTERS.name})
#: Topics whose events belong to a person besides, so that the key does not say all.
PERSON_TOPICS: Final = frozenset((topics.LABELS_SUBMITTED.name, topics.DEMONSTRATIONS_SUBMITTED.name))
_NO_TEXTS: Final = {"rationale": "", "quotes": (), "refinement": None}


def owners_of(event: Event) -> tuple[Owner, ...]:
    """Return whose content an event holds; nobody's: it stays readable whatever is erased."""
    rule = OWNER_RULES.get(type(event))
    return () if rule is None else rule(event)


def key_owner(topic: str, key: bytes | None) -> Owner | None:
    """Return whose content a record holds by its topic and key alone.

    >>> key_owner("pairs.judged.v1", b"pair-7")
    'pair:pair-7'
    >>> key_owner("metrics.updated.v1", b"code") is None
    True
    """
    prefix = TOPIC_OWNERS.get(topic)
    if prefix is None or not key:
        return None
    try:
        return prefix + key.decode()
    except UnicodeDecodeError:
        return None


def prior_owners(records: Iterable[LogRecord]) -> set[Owner]:
    """Return whose content records hold as far as that is seen without reading them."""
    owners = set()
    for record in records:
        prefix, key = _PRIOR.get(record.topic), record.key
        if prefix is not None and key:
            with suppress(UnicodeDecodeError):
                owners.add(prefix + key.decode())
    return owners


def source_topic(record: LogRecord) -> str:
    """Return the topic that a record was first written to; that of a dead letter is told in its headers."""
    told = dict(record.headers).get("ps_topic")
    return record.topic if told is None else told.decode(errors="replace")


def erased_with(event: Event) -> Owner | None:
    """Return the prompt with which a pair or a task is erased, where the event names it."""
    if isinstance(event, PairProposed | PairJudged | JudgementFailed | TaskProposed):
        return None if event.prompt_id is None else f"prompt:{event.prompt_id}"
    return None


def redacted(event: E) -> E:
    """Return the event without what people wrote, for what was erased before it came."""
    if isinstance(event, LabelSubmitted):
        return event.model_copy(update=_NO_TEXTS)
    if isinstance(event, LabelWithdrawn):
        return event.model_copy(update={"reason": ""})
    return event
