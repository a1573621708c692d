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


def fires(
    trigger: EscalationTrigger,
    *,
    slice_name: str,
    stakes: Stakes,
    tags: Sequence[str],
    flags: Sequence[str] = (),
    violated: Sequence[str] = (),
) -> bool:
    """Return whether any condition of a trigger holds for a judged pair."""
    held = conditions_met(
        trigger, slice_name=slice_name, stakes=stakes, tags=tags, flags=flags, violated=violated
    )
    return bool(held)


def conditions_met(
    trigger: EscalationTrigger,
    *,
    slice_name: str,
    stakes: Stakes,
    tags: Sequence[str],
    flags: Sequence[str] = (),
    violated: Sequence[str] = (),
) -> tuple[str, ...]:
    """Return which conditions of a trigger hold for a judged pair, in words.

    Args:
        trigger: The trigger.
        slice_name: The pair's slice.
        stakes: Its stakes.
        tags: Its tags; one of them says where the trigger's pattern was found.
        flags: What judging noticed.
        violated: Clauses that a critic finds a response to violate.
    """
    return (
        *(f"tag {tag}" for tag in trigger.any_tag if tag in tags),
        *(("its pattern is in the prompt",) if trigger_tag(trigger) in tags else ()),
        *((f"slice {slice_name}",) if slice_name in trigger.slices else ()),
        *((f"stakes {stakes.value}",) if stakes in trigger.stakes else ()),
        *(f"flag {flag}" for flag in trigger.flags if flag in flags),
        *(f"clause {clause} violated" for clause in trigger.violated if clause in violated),
    )
