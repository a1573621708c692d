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
    earlier label of the person and counts for nothing; so does a label that asks for a specialist.

    Args:
        submitted: The label.
        slice_name: The pair's slice.
        withdrawn: Whether it was taken back since.
    """
    if submitted.round != "annotate":
        return None
    return crowd_ballot(
        item=submitted.pair_id,
        annotator=submitted.annotator,
        verdict=str(submitted.verdict),
        slice_name=slice_name,
        event=(submitted.occurred_at, submitted.event_id),
        counts=not submitted.needs_specialist,
        withdrawn=withdrawn,
    )


def crowd_ballot(
    *,
    item: str,
    annotator: str,
    verdict: str,
    slice_name: str,
    event: tuple[datetime, str],
    counts: bool = True,
    withdrawn: bool = False,
) -> CrowdLabel:
    """Return one independent verdict as the model of crowds takes it.

    Args:
        item: The pair.
        annotator: Who said it.
        verdict: What was said, on the pair's sides.
        slice_name: The pair's slice.
        event: When it was said, and the event's id.
        counts: Whether the person did not pass the question on to somebody who knows more.
        withdrawn: Whether it was taken back since.
    """
    occurred_at, event_id = event
    since = occurred_at - _EPOCH
    micros = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    return CrowdLabel(
        item=item,
        annotator=annotator,
        label=nominal(verdict) if counts and not withdrawn else None,
        slice=slice_name,
        # A label taken back has the order of the label it was, and wins over it.
        order=(micros, f"{event_id}{'~' if withdrawn else ''}"),
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
