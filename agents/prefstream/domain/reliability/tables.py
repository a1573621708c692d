"""Tables of a slice: what an estimate says, as plain numbers to be kept and published."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from prefstream.domain.reliability.dawid_skene import LOG_ONE
from prefstream.domain.reliability.estimates import Estimate
from prefstream.domain.reliability.ledgers import DUE_LABELS, DUE_PART, SliceLedger
from prefstream.schemas.ids import derived_id
from prefstream.schemas.reliability import ReliabilityPublished
from prefstream.schemas.values import Provenance

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PLACES = 4
#: People that one event tells of, those with most labels; a record of the log has its limit.
_MOST_PEOPLE = 1000
Rates = Mapping[str, Mapping[str, float]]
#: Fingerprint, instant and provenance: tables of one slice are the same if these are.
TablesName = tuple[str, datetime, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonTables:
    """How one person labels in a slice."""

    accuracy: float
    #: P(says l | the truth is t): confusion[t][l].
    confusion: Rates
    #: Labels that count.
    labels: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceTables:
    """What is known of the people of one slice."""

    slice: str
    classes: Sequence[str]
    #: How frequent each class is taken to be.
    shares: Mapping[str, float]
    #: How somebody labels of whom nothing is known.
    strangers: Rates
    labels: int
    fingerprint: str
    #: When the latest label was given.
    as_of: datetime
    provenance: Provenance
    people: Mapping[str, PersonTables]

    @property
    def name(self) -> TablesName:
        """Return what tells these tables from others of the slice."""
        return self.fingerprint, self.as_of, self.provenance.value


def tables_of(name: str, one: SliceLedger, *, provenance: Provenance) -> SliceTables | None:
    """Return the tables of a settled slice; `None` where no label counts.

    Args:
        name: The slice.
        one: Its labels with their estimate.
        provenance: Where the labels come from.

    >>> from prefstream.domain.reliability.ledgers import Ledger
    >>> from prefstream.domain.reliability.sheets import CrowdLabel
    >>> labels = [CrowdLabel(item=f"p{n}", annotator=who, label="A", slice="code", order=(n, ""))
    ...           for n in range(9) for who in ("ann", "bob")]
    >>> settled = Ledger().after(labels).settled().slices["code"]
    >>> tables = tables_of("code", settled, provenance=Provenance.REAL)
    >>> tables.labels, tables.people["ann"].labels, tables.people["ann"].confusion["A"]["A"] > 0.9
    (18, 9, True)
    """
    estimate = one.estimate
    if estimate is None:
        return None
    latest = max(label.order[0] for labels in one.items.values() for label in labels)
    return SliceTables(
        slice=name,
        classes=estimate.sheet.classes,
        shares=estimate.shares,
        strangers=estimate.skill("").rates,
        labels=len(estimate.sheet.label),
        fingerprint=estimate.fingerprint,
        as_of=_EPOCH + timedelta(microseconds=latest),
        provenance=provenance,
        people=_people(estimate),
    )


def worth_publishing(tables: SliceTables, *, before: str | None, labels_before: int) -> bool:
    """Return whether so much is new that the chain should know.

    Args:
        tables: What is known now.
        before: Fingerprint of what was published last; `None`: nothing was.
        labels_before: Labels it rested on.
    """
    if before is None or before == tables.fingerprint:
        return before is None
    return abs(tables.labels - labels_before) >= max(DUE_LABELS, labels_before // DUE_PART)


def publication(tables: SliceTables) -> ReliabilityPublished:
    """Return the event that tells the chain of a slice's people."""
    most = sorted(tables.people, key=lambda name: (-tables.people[name].labels, name))[:_MOST_PEOPLE]
    subject = f"reliability:{tables.slice}"
    return ReliabilityPublished(
        event_id=derived_id(subject, tables.fingerprint, tables.as_of.isoformat()),
        occurred_at=tables.as_of,
        source="prefstream/reliability",
        subject=subject,
        correlation_id=subject,
        slice=tables.slice,
        classes=tuple(tables.classes),
        shares={name: round(share, _PLACES) for name, share in tables.shares.items()},
        confusion={name: _rounded(tables.people[name].confusion) for name in sorted(most)},
        strangers=_rounded(tables.strangers),
        labels=tables.labels,
        fingerprint=tables.fingerprint,
        as_of=tables.as_of,
        provenance=tables.provenance,
    )


def _people(estimate: Estimate) -> dict[str, PersonTables]:
    """Return everybody's tables at once: asking for one after the other would count labels every time."""
    sheet, classes = estimate.sheet, estimate.sheet.classes
    names = sheet.annotators
    logs = estimate.result.tables.errors.reshape(len(classes), len(names), len(classes))
    rates = np.exp(logs / LOG_ONE)
    shares = list(estimate.shares.values())
    counts = np.bincount(sheet.annotator, minlength=len(names)).tolist()
    return {
        name: PersonTables(
            accuracy=sum(share * float(rates[t, at, t]) for t, share in enumerate(shares)),
            confusion={
                t: dict(zip(classes, rates[row, at].tolist(), strict=True)) for row, t in enumerate(classes)
            },
            labels=counts[at],
        )
        for at, name in enumerate(names)
    }


def _rounded(rates: Rates) -> dict[str, dict[str, float]]:
    return {t: {said: round(rate, _PLACES) for said, rate in row.items()} for t, row in rates.items()}
