"""Curation rules: the first matching rule of each kind decides."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from prefstream.domain.constitution.patterns import found
from prefstream.schemas.constitutions import Constitution, CurationRule
from prefstream.schemas.values import Message, Stakes


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where a prompt belongs, or why it is set aside."""

    slice: str
    stakes: Stakes
    tags: tuple[str, ...]
    set_aside: str | None = None
    #: The rule that set it aside.
    clause: str | None = None
    #: Neither a rule nor the submitter says the slice; it is the default.
    slice_open: bool = False
    #: No rule says the stakes.
    stakes_open: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a classifier says of a prompt."""

    slice: str
    stakes: Stakes


def curate(
    messages: Sequence[Message],
    *,
    declared: str | None,
    tags: Sequence[str],
    constitution: Constitution,
    language: str | None = None,
) -> Placement:
    """Return the placement of a prompt under the constitution's curation rules.

    A rule's slice overrules the declared one; without either the default slice holds. Stakes are
    those of the first matching rule that states them, else low. Tags add up, sorted.
    """
    text = last_user_text(messages)
    hits = [rule for rule in constitution.curation if matches(rule, text, tags, language)]
    aside = next((rule for rule in hits if rule.set_aside), None)
    ruled = next((rule.slice for rule in hits if rule.slice), None) or declared
    stakes = next((rule.stakes for rule in hits if rule.stakes), None)
    return Placement(
        slice=ruled or constitution.default_slice,
        stakes=stakes or Stakes.LOW,
        tags=tuple(sorted({*tags, *(tag for rule in hits for tag in rule.tags)})),
        set_aside=aside.set_aside if aside else None,
        clause=aside.id if aside else None,
        slice_open=ruled is None,
        stakes_open=stakes is None,
    )


def with_reading(placement: Placement, reading: Reading) -> Placement:
    """Return the placement with a classifier's word where neither rules nor the submitter have theirs."""
    return replace(
        placement,
        slice=reading.slice if placement.slice_open else placement.slice,
        stakes=reading.stakes if placement.stakes_open else placement.stakes,
        slice_open=False,
        stakes_open=False,
    )


def matches(rule: CurationRule, text: str, tags: Sequence[str], language: str | None = None) -> bool:
    """Return whether every condition that the rule states holds."""
    if rule.any_tag and not set(rule.any_tag) & set(tags):
        return False
    if rule.languages and language not in rule.languages:
        return False
    return rule.pattern is None or found(rule.pattern, text)


def last_user_text(messages: Sequence[Message]) -> str:
    """Return the content of the last user message, or of the last message if no user spoke."""
    spoken = [message.content for message in messages if message.role == "user"]
    return spoken[-1] if spoken else messages[-1].content


def slices_of(constitution: Constitution) -> tuple[str, ...]:
    """Return every slice that a constitution names, sorted."""
    ruled = (rule.slice for rule in constitution.curation if rule.slice)
    watched = (name for trigger in constitution.escalation for name in trigger.slices)
    return tuple(sorted({constitution.default_slice, *ruled, *watched}))
