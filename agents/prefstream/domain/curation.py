"""Curation rules: the first matching rule of each kind decides."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

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


def curate(
    messages: Sequence[Message], *, declared: str | None, tags: Sequence[str], constitution: Constitution
) -> Placement:
    """Return the placement of a prompt under the constitution's curation rules.

    A rule's slice overrules the declared one; without either the default slice holds. Stakes are
    those of the first matching rule that states them, else low. Tags add up, sorted.
    """
    text = last_user_text(messages)
    hits = [rule for rule in constitution.curation if matches(rule, text, tags)]
    aside = next((rule for rule in hits if rule.set_aside), None)
    return Placement(
        slice=next((rule.slice for rule in hits if rule.slice), None)
        or declared
        or constitution.default_slice,
        stakes=next((rule.stakes for rule in hits if rule.stakes), Stakes.LOW),
        tags=tuple(sorted({*tags, *(tag for rule in hits for tag in rule.tags)})),
        set_aside=aside.set_aside if aside else None,
        clause=aside.id if aside else None,
    )


def matches(rule: CurationRule, text: str, tags: Sequence[str]) -> bool:
    """Return whether every condition that the rule states holds."""
    if rule.any_tag and not set(rule.any_tag) & set(tags):
        return False
    return rule.pattern is None or _compiled(rule.pattern).search(text) is not None


def last_user_text(messages: Sequence[Message]) -> str:
    """Return the content of the last user message, or of the last message if no user spoke."""
    spoken = [message.content for message in messages if message.role == "user"]
    return spoken[-1] if spoken else messages[-1].content


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)
