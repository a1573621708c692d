"""Blended cost: what a usable pair costs with judges and people together, and with people alone."""

from dataclasses import dataclass

_MS_PER_HOUR = 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """An amount, or why there is none."""

    nanousd: int | None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """The work of people in a stretch of time."""

    labels: int
    #: Labels of which it is known how long they took.
    timed_labels: int
    #: Milliseconds that these took together.
    timed_ms: int
    #: Pairs that got a label at all.
    pairs: int
    #: What an hour costs; `None`: nobody said.
    nanousd_per_hour: int | None
    #: Milliseconds of one label, where somebody says so; else the mean of those that are known.
    ms_per_label: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Blend:
    """What models and people cost, per usable pair, beside what people alone would."""

    models: Amount
    people: Amount
    blended_per_pair: Amount
    all_human_per_pair: Amount


def blend(*, models_nanousd: int, unpriced_calls: int, decided: int, usable: int, people: People) -> Blend:
    """Return the blended cost of a usable pair, and that of people alone.

    blended = (models + labels * time * wage) / usable
    all human = decided * labels per labelled pair * time * wage / usable

    Both pay for the pairs that were decided and then rejected. All people's labels are reckoned at one
    time per label: the mean of those that are known, or what is given.

    Args:
        models_nanousd: Cost of the calls whose cost is known.
        unpriced_calls: Calls whose cost is not.
        decided: Pairs that were validated or rejected.
        usable: Pairs that were validated.
        people: The work of people.
    """
    models = (
        Amount(nanousd=None, reason="calls_without_price")
        if unpriced_calls
        else Amount(nanousd=models_nanousd)
    )
    label = _label_nanousd_by_ms(people)
    human = _times(label, people.labels, 1) if people.labels else Amount(nanousd=0)
    return Blend(
        models=models,
        people=human,
        blended_per_pair=_per_pair(_sum(models, human), usable),
        all_human_per_pair=_all_human(label, decided, usable, people),
    )


def _label_nanousd_by_ms(people: People) -> "_Label":
    """Return what one label costs as a fraction, so that it is rounded only once, at the end."""
    if people.nanousd_per_hour is None:
        return _Label(reason="no_wage")
    if people.ms_per_label is not None:
        return _Label(top=people.nanousd_per_hour * people.ms_per_label, bottom=_MS_PER_HOUR)
    if not people.timed_labels:
        return _Label(reason="no_time_of_labels")
    return _Label(top=people.nanousd_per_hour * people.timed_ms, bottom=_MS_PER_HOUR * people.timed_labels)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Label:
    top: int = 0
    bottom: int = 1
    reason: str | None = None


def _all_human(label: _Label, decided: int, usable: int, people: People) -> Amount:
    if not usable:
        return Amount(nanousd=None, reason="no_usable_pair")
    # Where nobody labelled anything yet, one label a pair is the least there could be.
    labels, pairs = (people.labels, people.pairs) if people.pairs else (1, 1)
    return _times(label, decided * labels, pairs * usable)


def _times(label: _Label, top: int, bottom: int) -> Amount:
    if label.reason:
        return Amount(nanousd=None, reason=label.reason)
    return Amount(nanousd=_rounded(label.top * top, label.bottom * bottom))


def _sum(one: Amount, other: Amount) -> Amount:
    if one.nanousd is None or other.nanousd is None:
        return Amount(nanousd=None, reason=one.reason or other.reason)
    return Amount(nanousd=one.nanousd + other.nanousd)


def _per_pair(amount: Amount, usable: int) -> Amount:
    if amount.nanousd is None:
        return amount
    if not usable:
        return Amount(nanousd=None, reason="no_usable_pair")
    return Amount(nanousd=_rounded(amount.nanousd, usable))


def _rounded(top: int, bottom: int) -> int:
    """Return the quotient of two whole numbers, rounded half up."""
    return (2 * top + bottom) // (2 * bottom)
