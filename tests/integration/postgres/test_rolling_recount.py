"""The stored figures of every window equal a count from nothing, after all that can happen to labels.

Records go through the real sink: shuffled, late, twice, in batches of any size, with labels of 1970, of the
future and of pairs that nobody proposed; then a person's labels are all withdrawn and a slice is split; then
everything comes once more.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import Any

import pytest
from tests import factories as make
from tests.integration.postgres.test_sink import Bench
from tests.oracles.agreement.recount import recounted

from prefstream.adapters.postgres.log import PostgresLog
from prefstream.domain.agreement import Statistic, UnitLabel, figures, kappas
from prefstream.schemas.envelope import Event
from prefstream.schemas.ids import derived_id
from prefstream.schemas.labels import LabelSubmitted, LabelWithdrawn
from prefstream.schemas.pairs import PairProposed
from prefstream.schemas.records import LogRecord
from prefstream.schemas.values import Verdict

pytestmark = pytest.mark.postgres

SLICES = ("code", "prose", "alone", "alike")
PEOPLE = ("ann", "bob", "cem", "dee")
PAIRS, LABELS_SAID, NOBODYS = 48, 400, "nobody-proposed-it"
WINDOWS = {"1h": 60, "24h": 24 * 60, "7d": 7 * 24 * 60, "all": None}
WITHDRAWN = ("labels.withdrawn.v1", 0)
#: The windows end at most so long after the log took an event, whatever its label says.
END = make.NOON + timedelta(minutes=5)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: How long before noon something was said.
AGES = (
    *(timedelta(seconds=seconds) for seconds in (0, 20, 59, 60, 300, 1800, 3540, 3600, 3660, 5000)),
    *(timedelta(hours=hours) for hours in (3, 20, 23.9, 24, 30, 100, 167.9, 168, 169, 400)),
    make.NOON - EPOCH,
    -timedelta(minutes=3),
    -timedelta(days=4000),
)
FIGURES = """
select slice, window_name, statistic, subject, value, low, high, standard_error, reason, n, as_of
from slice_metrics
where statistic = any(array['alpha_nominal', 'alpha_ordinal', 'fleiss_kappa', 'gwet_ac1', 'percent_agreement',
                            'cohen_kappa'])
"""


@dataclass(slots=True, kw_only=True)
class Story:
    """What was said so far, by chance, and the log it stands in."""

    chance: Random
    events: list[Event] = field(default_factory=list)
    offsets: dict[str, Any] = field(default_factory=dict)

    def begin(self) -> list[Event]:
        """Say the first proposals and labels."""
        said: list[Event] = [proposal(f"pair-{number}", SLICES[number % 4]) for number in range(PAIRS)]
        for number in range(LABELS_SAID):
            pair = self.chance.randrange(PAIRS + 2)
            alone, alike = pair % 4 == 2, pair % 4 == 3
            said.append(
                make.a_label_submitted(
                    pair_id=f"pair-{pair}" if pair < PAIRS else NOBODYS,
                    annotator="ann" if alone else self.chance.choice(PEOPLE),
                    verdict=Verdict.A_BETTER if alike else self.chance.choice([*Verdict]),
                    event_id=derived_id("test", "said", str(number)),
                    occurred_at=make.NOON - self.chance.choice(AGES),
                )
            )
        said += [withdrawal(one) for one in labels(said) if self.chance.random() < 0.1]
        return said

    def change(self) -> list[Event]:
        """Withdraw all that one person said, and split a slice."""
        left = self.chance.choice(PEOPLE[1:])
        said: list[Event] = [withdrawal(one) for one in labels(self.events) if one.annotator == left]
        moment = make.NOON + timedelta(minutes=1)
        return said + [
            proposal(f"pair-{number}", "prose", occurred_at=moment, event_id=derived_id("moved", str(number)))
            for number in range(0, PAIRS, 4)
            if self.chance.random() < 0.5
        ]

    def batches(self, events: Sequence[Event], *, twice: float) -> list[list[LogRecord]]:
        """Return the records in an order by chance, some twice, cut anywhere; the last touch every slice."""
        self.events += [event for event in events if event not in self.events]
        order = [*events, *(event for event in events if self.chance.random() < twice)]
        self.chance.shuffle(order)
        phase = str(len(self.offsets)) + str(len(self.events))
        order += [proposal(f"last-{name}-{phase}", name) for name in SLICES]
        order += (last := [a_last_label(name, phase) for name in SLICES])
        self.events += [*order[-8:-4], *last]
        cut: list[list[LogRecord]] = [[]]
        for event in order:
            if self.chance.random() < 0.05:
                cut.append([])
            topic = make.a_record(event).topic
            place = next(self.offsets.setdefault(topic, count()))
            cut[-1].append(make.a_record(event, offset=place))
        return [batch for batch in cut if batch]

    def units(self, slice_name: str) -> Iterable[list[UnitLabel]]:
        """Yield what stands, pair by pair."""
        gone = {event.label_id for event in self.events if isinstance(event, LabelWithdrawn)}
        places = {
            event.pair_id: event.slice
            for event in sorted(
                (event for event in self.events if isinstance(event, PairProposed)),
                key=lambda event: (event.occurred_at, event.event_id),
            )
        }
        for pair_id in (pair_id for pair_id, name in places.items() if name == slice_name):
            yield [
                UnitLabel(
                    annotator=one.annotator,
                    category=one.verdict,
                    minute=(one.occurred_at - EPOCH) // timedelta(minutes=1),
                    order=((one.occurred_at - EPOCH) // timedelta(microseconds=1), one.event_id),
                )
                for one in labels(self.events)
                if one.pair_id == pair_id and one.event_id not in gone
            ]


def labels(events: Iterable[Event]) -> list[LabelSubmitted]:
    return [event for event in events if isinstance(event, LabelSubmitted)]


def proposal(pair_id: str, slice_name: str, **more: Any) -> PairProposed:
    return make.a_pair_proposed(pair_id=pair_id, slice=slice_name, **more)


def withdrawal(label: LabelSubmitted) -> LabelWithdrawn:
    return make.a_label_withdrawn(
        pair_id=label.pair_id,
        annotator=label.annotator,
        label_id=label.event_id,
        occurred_at=make.NOON + timedelta(minutes=2),
    )


def a_last_label(slice_name: str, phase: str) -> LabelSubmitted:
    return make.a_label_submitted(
        pair_id=f"last-{slice_name}-{phase}", annotator="ann", event_id=derived_id("last", slice_name, phase)
    )


def said_of(figure: Statistic) -> tuple[Any, ...]:
    return figure.value, figure.low, figure.high, figure.standard_error, figure.reason, figure.n_units


def expected(story: Story, slice_name: str) -> dict[tuple[str, ...], tuple[Any, ...]]:
    """Return every figure of a slice by window, statistic and subject, from nothing."""
    until = (END - EPOCH) // timedelta(minutes=1) + 1
    found: dict[tuple[str, ...], tuple[Any, ...]] = {}
    units = [*story.units(slice_name)]
    for name, length in WINDOWS.items():
        since, end = (None, None) if length is None else (until - length, until)
        counted = recounted(units, since=since, until=end)
        for statistic, figure in figures(counted).items():
            found[name, statistic, ""] = said_of(figure)
        for names, figure in kappas(counted).items():
            found[name, "cohen_kappa", "|".join(names)] = said_of(figure)
    return found


@pytest.mark.parametrize("seed", range(5))
async def test_figures_equal_a_recount_whatever_happened(log: PostgresLog, seed: int) -> None:
    story, bench = Story(chance=Random(seed)), await Bench.claimed(log)
    await bench.claims.claim([WITHDRAWN])

    await bench.take(*story.batches(story.begin(), twice=0.4))
    await assert_recounted(log, story)
    await bench.take(*story.batches(story.change(), twice=0.4))
    await assert_recounted(log, story)
    await bench.take(*story.batches([*story.events], twice=1.0))
    await assert_recounted(log, story)


async def assert_recounted(log: PostgresLog, story: Story) -> None:
    """Compare every row: none may lack, and none may be left."""
    rows = await log.pool.fetch(FIGURES)
    assert {row["slice"] for row in rows} == {*SLICES}
    assert max(row["as_of"] for row in rows) == END
    for name in SLICES:
        stored = {tuple(row)[1:4]: tuple(row)[4:10] for row in rows if row["slice"] == name}
        assert stored == expected(story, name)
        alpha = stored["all", "alpha_nominal", ""][0]
        assert (alpha is None) == (name in {"alone", "alike"})
    assert await log.pool.fetchval("select count(*) from dead_letters") == 0
