"""What one event, one label or one pair adds to the counts of its minute."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from prefstream.domain.measures.durations import step_of
from prefstream.domain.offline.refusals import declines
from prefstream.schemas.values import Vote

#: A measure and what is counted of it, such as ("gold", "right"); the key of a row with slice and minute.
Count = tuple[str, str]
#: One response is longer where it is by more than this share.
LONGER_BY: Final = 0.1

#: Who declines says so at once; characters of a response that are looked at.
_OPENING: Final = 300
#: What a verdict prefers; everything else prefers nothing.
_SIDES: Final = {"A>>": "a", "A>": "a", "=": "=", "B>": "b", "B>>": "b"}


class Contrast(NamedTuple):
    """How the two responses of a pair differ, as far as measures care."""

    #: "a" or "b", where one is longer by more than a tenth.
    longer: str | None
    #: "a" or "b", where that one declines and the other does not.
    declined: str | None


class PairState(NamedTuple):
    """What is known of a pair, as far as measures care; none of it depends on the order of events."""

    #: Minute of the resolution that stands; `None`: none does.
    resolved_minute: int | None
    label: str | None
    by_people: bool
    audit: bool
    judge_label: str | None
    longer: str | None
    declined: str | None
    #: From asking people to the resolution; `None`: they were not asked.
    waited_s: int | None
    #: Minute in which it was found fit for a release; `None`: it is not.
    validated_minute: int | None


def contrast(text_a: str, text_b: str) -> Contrast:
    """Return how two responses differ.

    >>> contrast("I'm sorry, but no.", "Sure: take two eggs, some flour and milk.")
    Contrast(longer='b', declined='a')
    """
    length_a, length_b = len(text_a), len(text_b)
    longer = None
    if abs(length_a - length_b) > LONGER_BY * min(length_a, length_b):
        longer = "a" if length_a > length_b else "b"
    declines_a, declines_b = (declines(text[:_OPENING].replace("\u2019", "'")) for text in (text_a, text_b))
    declined = None if declines_a == declines_b else "a" if declines_a else "b"
    return Contrast(longer, declined)


def of_pair(state: PairState) -> tuple[tuple[int, Count], ...]:
    """Return what a pair counts for, each with its minute.

    >>> state = PairState(7, "A>", True, True, "A>>", None, None, 50, None)
    >>> [count for _, count in of_pair(state)]
    [('informative', 'yes'), ('judge_all', 'agree'), ('judge_audited', 'agree'), ('wait', '22')]
    """
    resolved, label, by_people, audit, judge_label, longer, declined, waited_s, validated = state
    counted: list[tuple[int, Count]] = []
    if resolved is not None and label is not None:
        step = None if waited_s is None or not by_people else step_of(waited_s)
        some = _of_resolution(label, judge_label, longer, declined, step, by_people, audit)
        counted += [(resolved, count) for count in some]
    if validated is not None:
        counted.append((validated, ("usable", "validated")))
    return tuple(counted)


@lru_cache(maxsize=1 << 14)
def _of_resolution(
    label: str,
    judge_label: str | None,
    longer: str | None,
    declined: str | None,
    step: int | None,
    by_people: bool,
    audit: bool,
) -> tuple[Count, ...]:
    preferred = _SIDES[label]
    counts: list[Count] = [("informative", "no" if preferred == "=" else "yes")]
    if by_people and judge_label is not None:
        same = "agree" if _SIDES[judge_label] == preferred else "differ"
        counts += [("judge_all", same), *([("judge_audited", same)] if audit else [])]
    if declined is not None:
        counts.append(("refusal", "won" if preferred == declined else "not_won"))
    if longer is not None:
        counts += _of_lengths(longer, preferred, _SIDES.get(judge_label or ""), by_people=by_people)
    if step is not None:
        counts.append(("wait", str(step)))
    return tuple(counts)


def _of_lengths(longer: str, preferred: str, by_judge: str | None, *, by_people: bool) -> list[Count]:
    said = [("final", preferred), *([("people", preferred)] if by_people else []), ("judge", by_judge)]
    return [
        ("length", f"{who}:{'longer' if side == longer else 'shorter'}")
        for who, side in said
        if side in {"a", "b"}
    ]


@lru_cache(maxsize=1 << 10)
def of_label(verdict: str, sides: str, cites: bool) -> tuple[Count, ...]:
    """Return what a person's label counts for.

    Args:
        verdict: As it counts.
        sides: "ab": A stood on the left, where reading begins.
        cites: Whether it names a clause.

    >>> of_label("B>", "ba", False)
    (('trace', 'people:bare'), ('position', 'people:first'))
    """
    counts = [("trace", "people:cited" if cites else "people:bare")]
    side = _SIDES.get(verdict)
    if side in {"a", "b"}:
        counts.append(("position", f"people:{_place(side, sides)}"))
    return tuple(counts)


def of_votes(votes: Sequence[Vote]) -> dict[Count, int]:
    """Return what the votes of one judgement count for, their cost included.

    Preferences for a place are counted where the pair was read in both orders: then whatever makes one
    response better speaks for both places alike.
    """
    counts: dict[Count, int] = {}
    both_orders = {"ab", "ba"} <= {vote.order for vote in votes}
    for vote in votes:
        for count in _of_vote(vote, both_orders=both_orders):
            counts[count] = counts.get(count, 0) + 1
    for key, n in (
        ("nanousd", sum([vote.cost_nanousd for vote in votes])),
        ("unpriced_calls", sum([vote.unpriced_calls for vote in votes])),
    ):
        if n:
            counts["judging", key] = n
    return counts


def of_gold(*, right: bool) -> Count:
    """Return what the answer to a gold question counts for."""
    return "gold", "right" if right else "wrong"


def _of_vote(vote: Vote, *, both_orders: bool) -> Iterable[Count]:
    if vote.verdict is None:
        return
    cites = any(one.verdict != "not_applicable" for one in vote.clause_verdicts)
    yield "trace", "judge:cited" if cites else "judge:bare"
    side = _SIDES.get(vote.verdict)
    if both_orders and side in {"a", "b"}:
        yield "position", f"judge:{_place(side, vote.order)}"


def _place(side: str | None, order: str) -> str:
    return "first" if side == order[0] else "second"
