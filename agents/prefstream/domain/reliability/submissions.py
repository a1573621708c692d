"""What a submitted label is to the model of crowds, and to the watch over habits."""

from datetime import UTC, datetime

from prefstream.domain.agreement.categories import nominal
from prefstream.domain.reliability.sheets import CrowdLabel
from prefstream.domain.reliability.signals import Work
from prefstream.schemas.labels import LabelSubmitted
from prefstream.schemas.values import Verdict

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def crowd_label(submitted: LabelSubmitted, *, slice_name: str, withdrawn: bool = False) -> CrowdLabel | None:
    """Return the label as the model of crowds takes it; `None` where it is not independent.

    Reviewers and adjudicators see what others said; only the annotate round counts. `unsure` replaces an
    earlier label of the person and counts for nothing.

    Args:
        submitted: The label.
        slice_name: The pair's slice.
        withdrawn: Whether it was taken back since.
    """
    if submitted.round != "annotate":
        return None
    since = submitted.occurred_at - _EPOCH
    micros = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    return CrowdLabel(
        item=submitted.pair_id,
        annotator=submitted.annotator,
        label=None if withdrawn else nominal(str(submitted.verdict)),
        slice=slice_name,
        # A label taken back has the order of the label it was, and wins over it.
        order=(micros, f"{submitted.event_id}{'~' if withdrawn else ''}"),
    )


def work_of(
    submitted: LabelSubmitted,
    *,
    characters: int,
    shown: Verdict | None = None,
    shown_wrong: bool = False,
) -> Work:
    """Return the label as the watch over habits takes it.

    Args:
        submitted: The label.
        characters: Characters of prompt and responses.
        shown: The judge's verdict, where the person could see it.
        shown_wrong: Whether that is known to be wrong.
    """
    return Work(
        id=str(submitted.event_id),
        at_s=(submitted.occurred_at - _EPOCH).total_seconds(),
        verdict=submitted.verdict,
        sides=submitted.sides,
        seconds=submitted.seconds,
        characters=characters,
        shown=shown,
        shown_wrong=shown_wrong,
    )
