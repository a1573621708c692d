"""Work with what stood beside it: whether the person saw a verdict, and whether it is known to be wrong."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from prefstream.domain.agreement.categories import nominal
from prefstream.domain.reliability.signals import Work
from prefstream.schemas.values import Verdict

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A label and what is known of its pair."""

    label_id: str
    occurred_at: datetime
    verdict: Verdict
    sides: Literal["ab", "ba"]
    seconds: float | None
    round: str
    characters: int
    #: The judge's label, if it gave one.
    judge_label: str | None = None
    #: What an adjudicator decided; `None`: none did.
    decided: str | None = None


def judged_work(one: Shown) -> Work:
    """Return a label as the watch over habits takes it.

    Reviewers and adjudicators see the judge's verdict, annotators never do. It is known to be wrong where
    an adjudicator decided otherwise; for adjudicators themselves that says nothing.

    >>> from datetime import UTC, datetime
    >>> label = Shown(label_id="l1", occurred_at=datetime(2026, 3, 1, tzinfo=UTC), verdict=Verdict.A_BETTER,
    ...     sides="ab", seconds=9.0, round="review", characters=400, judge_label="A>", decided="B>")
    >>> judged_work(label).shown_wrong
    True
    """
    judged = None if one.round == "annotate" or one.judge_label is None else Verdict(one.judge_label)
    wrong = (
        judged is not None
        and one.round == "review"
        and one.decided is not None
        and nominal(judged) != nominal(one.decided)
    )
    return Work(
        id=one.label_id,
        at_s=(one.occurred_at - _EPOCH).total_seconds(),
        verdict=one.verdict,
        sides=one.sides,
        seconds=one.seconds,
        characters=one.characters,
        shown=judged,
        shown_wrong=wrong,
    )
