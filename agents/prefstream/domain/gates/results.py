"""Results of gates: figures rounded alike on every machine, and what is wrong in words."""

from prefstream.schemas.releases import GateResult

#: Digits of a figure. Logarithms may differ between machines in the last of sixteen; a release may not.
_DIGITS = 9


def reaches(value: float, limit: float) -> bool:
    """Return whether a figure is at least a limit, as far as figures are told.

    >>> reaches(0.1 + 0.2, 0.3), reaches(0.29, 0.3)
    (True, False)
    """
    return round(value, _DIGITS) >= round(limit, _DIGITS)


def result(
    gate: str,
    name: str | None,
    *,
    passed: bool,
    limit: float,
    n: int,
    figure: tuple[float | None, float | None, float | None] = (None, None, None),
    reason: str = "",
    fault: tuple[str, str] = ("", ""),
) -> GateResult:
    """Return what a gate found.

    Args:
        gate: Its id.
        name: The slice; `None`: the whole release.
        passed: Whether it lets the release pass.
        limit: The limit.
        n: Pairs, labels or answers that the figure is of.
        figure: Value, lower and upper limit.
        reason: Why there is no figure, or what to know about it.
        fault: By how much it fails and what would fix it; left out where it passes.
    """
    value, low, high = (None if one is None else round(one, _DIGITS) for one in figure)
    shortfall, remedy = ("", "") if passed else fault
    return GateResult(
        gate=gate,
        slice=name,
        passed=passed,
        value=value,
        low=low,
        high=high,
        limit=round(limit, _DIGITS),
        n=n,
        reason=reason,
        shortfall=shortfall,
        remedy=remedy,
    )


def undefined(
    gate: str, name: str | None, why: str, *, limit: float, remedy: str = "", expected: bool, n: int = 0
) -> GateResult:
    """Return the result of a gate without a figure: it fails where there should have been one."""
    fault = (f"{title_of(gate)} of {of(name)} is not known: {why}", remedy)
    return result(gate, name, passed=not expected, limit=limit, n=n, reason=why, fault=fault)


def of(name: str | None) -> str:
    """Return what a figure is of, in words.

    >>> of("law"), of(None)
    ('slice law', 'the release')
    """
    return "the release" if name is None else f"slice {name}"


def title_of(gate: str) -> str:
    """Return how a gate is called inside a sentence.

    >>> title_of("judge_agreement"), title_of("origin_share:judge")
    ('judge agreement', 'origin share of judge')
    """
    kind, _, subject = gate.partition(":")
    return kind.replace("_", " ") + (f" of {subject}" if subject else "")


def number(value: float, *, fine: bool = False) -> str:
    """Return a figure in words: two digits, four where two would hide a difference.

    >>> number(0.754), number(0.7540, fine=True), number(-0.2), number(1.0)
    ('.75', '.7540', '-.20', '1.00')
    """
    said = f"{value:.{4 if fine else 2}f}"
    return said.replace("0.", ".", 1) if said.lstrip("-").startswith("0.") else said


def short(gate: str, name: str | None, figure: tuple[float, float | None, float | None], limit: float) -> str:
    """Return by how much a figure is below its limit; with an interval, how far its lower end is.

    >>> short("alpha", "law", (0.75, 0.71, 0.79), 0.75)
    'alpha of slice law is .71 to .79, .04 below .75'
    """
    return _apart(gate, name, figure, limit, "below")


def over(gate: str, name: str | None, figure: tuple[float, float | None, float | None], limit: float) -> str:
    """Return by how much a figure is above its limit.

    >>> over("origin_share:judge", None, (0.97, None, None), 0.95)
    'origin share of judge of the release is .97, .02 above .95'
    """
    return _apart(gate, name, figure, limit, "above")


def _apart(
    gate: str, name: str | None, figure: tuple[float, float | None, float | None], limit: float, which: str
) -> str:
    value, low, high = figure
    apart = abs(limit - (value if low is None else low))
    fine = apart < 0.005
    told = number(value, fine=fine)
    if low is not None and high is not None:
        told = f"{number(low, fine=fine)} to {number(high, fine=fine)}"
    much, bar = number(apart, fine=fine), number(limit, fine=fine)
    return f"{title_of(gate)} of {of(name)} is {told}, {much} {which} {bar}"
