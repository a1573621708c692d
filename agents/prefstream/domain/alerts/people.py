"""Whom a lead should look at first where people agree too little."""

from collections.abc import Sequence

from prefstream.schemas.metrics import Measurement

#: People that an alert names at most.
MOST_PEOPLE = 10
_KAPPA = "cohen_kappa:"


def least_agreeing(figures: Sequence[Measurement], *, below: float) -> tuple[str, ...]:
    """Return the people whose mean kappa with the others is below a bound, the lowest first.

    The mean weighs each other person by the units they share. It names whom to look at and says nothing
    about who is right: of two people who differ, both are named.

    >>> def kappa(pair, value, n=50):
    ...     return Measurement(statistic=f"cohen_kappa:{pair}", value=value, n=n)
    >>> least_agreeing([kappa("ann|bob", 0.9), kappa("ann|cy", 0.5), kappa("bob|cy", 0.6)], below=0.75)
    ('cy', 'ann')
    """
    sums: dict[str, tuple[float, int]] = {}
    for one in figures:
        names = one.statistic.removeprefix(_KAPPA).split("|")
        if not one.statistic.startswith(_KAPPA) or one.value is None or len(names) != 2:
            continue
        for name in names:
            total, count = sums.get(name, (0.0, 0))
            sums[name] = (total + one.value * one.n, count + one.n)
    means = sorted((total / count, name) for name, (total, count) in sums.items() if count)
    return tuple(name for mean, name in means if mean < below)[:MOST_PEOPLE]
