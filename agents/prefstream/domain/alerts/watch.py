"""The watch over one slice: what its figures ask to be said, under all rules that look at figures.

Everything follows from the figures in event time: the same figures give the same alerts, whoever looks
and whenever. Figures older than those that were looked at already say nothing new and are passed over.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from prefstream.domain.alerts.evidence import Evidence
from prefstream.domain.alerts.people import least_agreeing
from prefstream.domain.alerts.rules import Level, Rule, Rules
from prefstream.domain.alerts.spending import guarded
from prefstream.domain.alerts.standings import DAY_US, Move, Standing, due, looked, moved, stepped
from prefstream.domain.alerts.words import clearing, finding, undefined_for
from prefstream.schemas.metrics import Measurement, Window

#: What is added to a rule's name where its figure has been undefined for too long.
UNDEFINED = "_undefined"
_UNDEFINED_ACTION = (
    "Find out why the figure cannot be computed: mostly pairs get one label each (PREFSTREAM_OVERLAP), or "
    "nobody was asked gold questions."
)
_NOBODY: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """What a rule that weighs evidence knows of a slice."""

    #: By level, the evidence against its bound.
    evidence: Mapping[float, Evidence] = field(default_factory=dict)
    #: Right and wrong outcomes when the present stretch of a possible recovery began.
    right: int = 0
    wrong: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceWatch:
    """What is known of a slice; a value."""

    standings: Mapping[str, Standing] = field(default_factory=dict)
    weighed: Mapping[str, Weighed] = field(default_factory=dict)
    #: End of the latest figures of each window, in microseconds since 1970.
    as_of_us: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """An alert to be raised, escalated or cleared."""

    #: The rule's name, with `UNDEFINED` where the figure is missing.
    name: str
    rule: Rule
    move: Move
    level: Level
    detail: str
    figure: Measurement | None = None
    annotators: tuple[str, ...] = ()


_Found = tuple[SliceWatch, tuple[Signal, ...]]


def watched(
    rules: Rules, watch: SliceWatch, *, window: Window, as_of_us: int, figures: Sequence[Measurement]
) -> _Found:
    """Return the watch after the figures of a window, and what they ask to be said.

    Args:
        rules: The rules.
        watch: What was known before.
        window: The window of the figures.
        as_of_us: Its end, in microseconds since 1970.
        figures: All figures of the slice and window.
    """
    if as_of_us < watch.as_of_us.get(window, -1):
        return watch, ()
    watch = replace(watch, as_of_us={**watch.as_of_us, window: as_of_us})
    said: list[Signal] = []
    for rule in rules.looking("daily", "every", "evidence"):
        if rule.window != window:
            continue
        watch, signals = _looked(rules, rule, watch, as_of_us, figures)
        said += signals
    return watch, tuple(said)


def _looked(
    rules: Rules, rule: Rule, watch: SliceWatch, at_us: int, figures: Sequence[Measurement]
) -> tuple[SliceWatch, list[Signal]]:
    figure = _figure_of(rule, figures)
    watch, missing = _defined(rule, watch, at_us, figure)
    said = [missing] if missing else []
    if figure is None or figure.value is None:
        return watch, said
    standing = watch.standings.get(rule.name, Standing())
    if rule.look == "evidence":
        watch, standing, move, detail = _weighed(rules, rule, watch, standing, at_us, figure)
    else:
        standing, move = _stepped(rules, rule, standing, at_us, figure)
        detail = ""
    watch = _with(watch, rule.name, standing)
    return watch, said + [_signal(rule, one, figure, figures, detail) for one in [move] if one]


def _stepped(
    rules: Rules, rule: Rule, standing: Standing, at_us: int, figure: Measurement
) -> tuple[Standing, Move | None]:
    reading = figure.low if rule.reads == "low" else figure.value
    if reading is None or figure.n < rule.min_n:
        return standing, None
    if rule.look == "daily":
        if not due(standing, at_us=at_us):
            return standing, None
        standing = looked(standing, at_us=at_us)
        if rules.spend is not None and rule.reads == "low" and not standing.level:
            value = reading if figure.value is None else figure.value
            reading = guarded(reading, value, n=figure.n, spend=rules.spend, look=standing.looks)
    return stepped(rule, standing, reading, at_us=at_us)


def _weighed(
    rules: Rules, rule: Rule, watch: SliceWatch, standing: Standing, at_us: int, figure: Measurement
) -> tuple[SliceWatch, Standing, Move | None, str]:
    right = round((figure.value or 0.0) * figure.n)
    wrong = figure.n - right
    known = watch.weighed.get(rule.name, Weighed())
    by_level = {
        level.bound: known.evidence.get(level.bound, _fresh(rules, known)).after(
            right=right, wrong=wrong, bound=level.bound
        )
        for level in rule.levels
    }
    alarms = [one for one in by_level.values() if one.alarm]
    strongest = max((one.strength for one in by_level.values()), default=0.0)
    if not standing.level:
        standing, move = moved(standing, len(alarms), back=False, at_us=at_us)
        known = Weighed(evidence=by_level, right=right, wrong=wrong)
        detail = f"evidence {strongest:.3g}, where {rules.arl:.0f} is enough"
    else:
        standing, move, known = _recovering(rules, rule, standing, known, by_level, (right, wrong, at_us))
        detail = ""
    return replace(watch, weighed={**watch.weighed, rule.name: known}), standing, move, detail


def _recovering(
    rules: Rules,
    rule: Rule,
    standing: Standing,
    known: Weighed,
    by_level: Mapping[float, Evidence],
    now: tuple[int, int, int],
) -> tuple[Standing, Move | None, Weighed]:
    """Ask whether a whole stretch of outcomes was far enough back; then the evidence begins anew."""
    right, wrong, at_us = now
    new_right, new_wrong = max(0, right - known.right), max(0, wrong - known.wrong)
    count = new_right + new_wrong
    alarms = sum(one.alarm for one in by_level.values())
    if count >= rule.min_n and rule.back(new_right / count):
        fresh = {bound: Evidence.begin(right=right, wrong=wrong, arl=rules.arl) for bound in by_level}
        standing, move = moved(standing, 0, back=True, at_us=at_us)
        return standing, move, Weighed(evidence=fresh, right=right, wrong=wrong)
    standing, move = moved(standing, alarms, back=False, at_us=at_us)
    if count >= rule.min_n:
        return standing, move, Weighed(evidence=by_level, right=right, wrong=wrong)
    return standing, move, replace(known, evidence=by_level)


def _fresh(rules: Rules, known: Weighed) -> Evidence:
    """Return evidence for a bound that is new: what came before it does not count where something did."""
    return Evidence.begin(right=known.right, wrong=known.wrong, arl=rules.arl)


def _defined(
    rule: Rule, watch: SliceWatch, at_us: int, figure: Measurement | None
) -> tuple[SliceWatch, Signal | None]:
    """Say it where a figure has been undefined for too long while the slice went on."""
    if rule.undefined_days is None or figure is None:
        return watch, None
    name = rule.name + UNDEFINED
    standing = watch.standings.get(name, Standing())
    if figure.value is not None:
        after, move = moved(replace(standing, undefined_since_us=-1), 0, back=True, at_us=at_us)
    else:
        since = standing.undefined_since_us if standing.undefined_since_us >= 0 else at_us
        long = at_us - since > rule.undefined_days * DAY_US
        kept = replace(standing, undefined_since_us=since)
        after, move = moved(kept, int(long), back=False, at_us=at_us)
    if after == standing:
        return watch, None
    watch = _with(watch, name, after)
    if move is None:
        return watch, None
    level = Level(bound=rule.undefined_days, severity="notice", action=_UNDEFINED_ACTION)
    detail = undefined_for(rule, figure) if move.kind == "raised" else clearing(rule, figure)
    return watch, Signal(name=name, rule=rule, move=move, level=level, detail=detail, figure=figure)


def _signal(
    rule: Rule, move: Move, figure: Measurement, figures: Sequence[Measurement], detail: str
) -> Signal:
    level = rule.levels[move.level - 1]
    if move.kind == "cleared":
        return Signal(
            name=rule.name, rule=rule, move=move, level=level, detail=clearing(rule, figure), figure=figure
        )
    people = least_agreeing(figures, below=level.bound) if rule.banded else _NOBODY
    said = finding(rule, level, figure)
    return Signal(
        name=rule.name,
        rule=rule,
        move=move,
        level=level,
        detail=f"{said}; {detail}" if detail else said,
        figure=figure,
        annotators=people,
    )


def _figure_of(rule: Rule, figures: Sequence[Measurement]) -> Measurement | None:
    """Return the figure that a rule looks at; of several subjects the one that is worst."""
    if not rule.each_subject:
        return next((one for one in figures if one.statistic == rule.statistic), None)
    worst = min(
        _enough(rule, figures),
        key=lambda found: found[0] if rule.side == "below" else -found[0],
        default=None,
    )
    return worst[1] if worst else None


def _enough(rule: Rule, figures: Sequence[Measurement]) -> Iterator[tuple[float, Measurement]]:
    for one in figures:
        reading = one.low if rule.reads == "low" else one.value
        if one.statistic.startswith(f"{rule.statistic}:") and reading is not None and one.n >= rule.min_n:
            yield reading, one


def _with(watch: SliceWatch, name: str, standing: Standing) -> SliceWatch:
    if watch.standings.get(name, Standing()) == standing:
        return watch
    return replace(watch, standings={**watch.standings, name: standing})
