"""Escalation triggers: which of them a prompt or a pair pulls.

Routing reads judged pairs, which carry no messages. A trigger's pattern is therefore matched where the
messages are, in curation and in judging, and says what it found as the tag `trigger:<id>`, which
routing takes as that trigger firing.
"""

from collections.abc import Sequence

from prefstream.domain.constitution.patterns import found
from prefstream.schemas.constitutions import Constitution, EscalationTrigger
from prefstream.schemas.values import Stakes

#: What the tag of a trigger starts with. A source that sets such a tag itself only escalates its prompt.
PREFIX = "trigger:"


def trigger_tags(constitution: Constitution, text: str) -> tuple[str, ...]:
    """Return the tags of the triggers whose pattern occurs in the last user message, sorted.

    Args:
        constitution: The constitution in force.
        text: The last user message, see `prefstream.domain.curation.last_user_text`.
    """
    hits = {
        trigger_tag(trigger)
        for trigger in constitution.escalation
        if trigger.pattern is not None and found(trigger.pattern, text)
    }
    return tuple(sorted(hits))


def trigger_tag(trigger: EscalationTrigger) -> str:
    """Return the tag that says that the trigger's pattern was found."""
    return PREFIX + trigger.id


def fires(trigger: EscalationTrigger, *, slice_name: str, stakes: Stakes, tags: Sequence[str]) -> bool:
    """Return whether any condition of a trigger holds for a judged pair."""
    return (
        not {*trigger.any_tag, trigger_tag(trigger)}.isdisjoint(tags)
        or slice_name in trigger.slices
        or stakes in trigger.stakes
    )
