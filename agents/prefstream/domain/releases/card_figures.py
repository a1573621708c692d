"""The table of a card that says how each slice stands."""

from collections.abc import Iterator

from prefstream.domain.agreement import Statistic
from prefstream.domain.evaluation.intervals import Share
from prefstream.domain.gates.census import Census
from prefstream.domain.gates.judges_measured import audited, judged_alone
from prefstream.domain.gates.kappas import alpha, mean_kappa
from prefstream.domain.gates.labels_said import informative
from prefstream.domain.gates.results import number
from prefstream.schemas.releases import ReleasePlan

_COLUMNS = (
    "slice",
    "pairs",
    "target",
    "by judge",
    "labels of people",
    "alpha",
    "kappa",
    "judge against people",
    "prefer one",
    "cite a clause",
    "refusals win",
)


def slices_table(census: Census, plan: ReleasePlan) -> str:
    """Return a row for each slice, in Markdown."""
    lines = [_COLUMNS, ("---",) * len(_COLUMNS), *(_row(census, plan, name) for name in census.slices)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _row(census: Census, plan: ReleasePlan, name: str) -> tuple[str, ...]:
    return tuple(_cells(census, plan, name))


def _cells(census: Census, plan: ReleasePlan, name: str) -> Iterator[str]:
    n, most = census.count("pairs", name), max(map(int, census.by("overlap", name)), default=1)
    judge, said = audited(census, name), informative(census, name)
    yield "`" + name.replace("`", "'").replace("|", "\\|") + "`"
    yield f"{n:,}"
    yield f"{plan.targets[name]:,}" if name in plan.targets else "-"
    yield _percent(Share.counted(judged_alone(census, name), n))
    yield f"{said.of:,}"
    yield _statistic(alpha(census.ordinal(name)))
    yield _statistic(mean_kappa(census.pair_tables(name), labels_per_pair=most))
    yield _share(judge)
    yield _percent(said)
    yield _percent(Share.counted(census.count("cited", name), census.count("resolved", name)))
    yield _percent(Share.counted(census.count("refusal", name), n))


def _statistic(found: Statistic) -> str:
    if found.value is None:
        return "-"
    if found.low is None or found.high is None:
        return number(found.value)
    return f"{number(found.value)} ({number(found.low)} to {number(found.high)})"


def _share(found: Share) -> str:
    if found.value is None or found.always_low is None or found.always_high is None:
        return "-"
    limits = f"{number(found.always_low)} to {number(found.always_high)}"
    return f"{number(found.value)} ({limits}), {found.of:,} pairs"


def _percent(found: Share) -> str:
    return "-" if found.value is None else f"{100 * found.value:.1f} %"
