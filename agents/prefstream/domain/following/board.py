"""A board of slices: the figures a terminal has room for, the busiest slice first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from prefstream.domain.alerts.bands import band_of
from prefstream.domain.following.figures import SliceFigure, Watched, figures_of, volume_of
from prefstream.domain.measures import FUNNEL
from prefstream.schemas.metrics import AlertCleared, AlertRaised, MetricsUpdated, Window

#: Columns, in their order: the statistic and, where it has several, whose.
COLUMNS: Final[Sequence[tuple[str, str]]] = (
    ("alpha_nominal", ""),
    ("judge_agreement_audited", ""),
    ("informativeness", ""),
    ("gold_accuracy", ""),
    ("escalation_share", ""),
    ("cost_per_usable_pair_usd", ""),
    ("time_to_label_s", "p50"),
)
STEPS: Final[Sequence[str]] = (
    "proposed",
    "judged",
    "accepted",
    "escalated",
    "labels",
    "resolved",
    "validated",
    "quarantined",
    "rejected",
)
_SEVERITIES: Final = ("critical", "warning", "notice")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One slice in one window."""

    slice: str
    volume: int
    #: By statistic; what was never said is left out.
    figures: Mapping[str, SliceFigure]
    #: How much reached each step of the funnel.
    funnel: Mapping[str, int]
    #: Open alerts.
    alerts: int
    #: What people call such an agreement; `None` while it is undefined.
    band: str | None


@dataclass(slots=True)
class Board:
    """The latest figures of one window, and the alerts that are open."""

    window: Window
    slices: frozenset[str] = frozenset()
    _metrics: dict[str, MetricsUpdated] = field(default_factory=dict)
    _alerts: dict[str, AlertRaised] = field(default_factory=dict)

    def take(self, event: Watched) -> None:
        """Take in an event that is newer than those before it."""
        if self.slices and event.slice not in self.slices:
            return
        match event:
            case MetricsUpdated():
                if event.window == self.window:
                    self._metrics[event.slice] = event
            case AlertRaised():
                self._alerts[event.alert_id] = event
            case AlertCleared():
                self._alerts.pop(event.alert_id, None)

    def clear(self) -> None:
        """Forget everything: all there is comes anew."""
        self._metrics.clear()
        self._alerts.clear()

    @property
    def rows(self) -> list[Row]:
        """Return the slices, that with most volume first."""
        rows = [self._row(event) for event in self._metrics.values()]
        return sorted(rows, key=lambda row: (-row.volume, row.slice))

    @property
    def alerts(self) -> list[AlertRaised]:
        """Return the open alerts, the gravest first and then the newest."""
        newest = sorted(self._alerts.values(), key=lambda one: one.occurred_at, reverse=True)
        return sorted(newest, key=lambda one: _SEVERITIES.index(one.severity))

    def document(self) -> dict[str, Any]:
        """Return everything for machines."""
        return {
            "window": self.window,
            "slices": [_document(row) for row in self.rows],
            "alerts": [one.model_dump(mode="json") for one in self.alerts],
        }

    def _row(self, event: MetricsUpdated) -> Row:
        figures = {(one.statistic, one.subject): one for one in figures_of(event)}
        alpha = figures.get(("alpha_nominal", ""))
        return Row(
            slice=event.slice,
            volume=volume_of(event),
            figures={name: figures[name, whose] for name, whose in COLUMNS if (name, whose) in figures},
            funnel={step: _count(figures.get((FUNNEL + step, ""))) for step in STEPS},
            alerts=sum(1 for one in self._alerts.values() if one.slice == event.slice),
            band=None if alpha is None or alpha.value is None else band_of(alpha.value).name,
        )


def _count(figure: SliceFigure | None) -> int:
    return 0 if figure is None or figure.value is None else int(figure.value)


def _document(row: Row) -> dict[str, Any]:
    return {
        "slice": row.slice,
        "volume": row.volume,
        "band": row.band,
        "alerts": row.alerts,
        "funnel": dict(row.funnel),
        "figures": {
            name: {
                "value": one.value,
                "low": one.low,
                "high": one.high,
                "reason": one.reason,
                "n": one.n,
            }
            for name, one in row.figures.items()
        },
    }
