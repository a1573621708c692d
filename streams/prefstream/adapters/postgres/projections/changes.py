"""What a batch of events changes: one row per pair and prompt however many events it has, and the funnel."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from prefstream.adapters.postgres.projections.copying import (
    NULL,
    bigint_field,
    bool_field,
    float_field,
    int_field,
    json_field,
    name_field,
    rank_fields,
    text_field,
    uuid_bytes,
    uuid_field,
)
from prefstream.adapters.postgres.projections.groups import Filled
from prefstream.adapters.postgres.projections.rows import (
    DECIDED,
    DISPUTED,
    JUDGED,
    PROPOSED,
    REOPENED,
    RESOLVED,
    ROUTED,
    SUBMITTED,
    VERDICT,
)
from prefstream.domain.demonstrations import Answer
from prefstream.domain.measures import Count, contrast, of_gold, of_votes
from prefstream.schemas.demonstrations import (
    DemonstrationSubmitted,
    RankingSubmitted,
    RatingSubmitted,
    SafetyLabelSubmitted,
    TaskProposed,
)
from prefstream.schemas.envelope import Event
from prefstream.schemas.judgements import JudgementFailed, PairJudged
from prefstream.schemas.labels import LabelDisputed, LabelResolved, LabelSubmitted, LabelWithdrawn
from prefstream.schemas.metrics import AlertCleared, AlertRaised
from prefstream.schemas.pairs import PairProposed, PairRejected, PairValidated
from prefstream.schemas.people import GoldAnswered
from prefstream.schemas.prompts import PromptCurated, PromptSetAside, PromptSubmitted
from prefstream.schemas.releases import ReleaseCut, ReleaseWithdrawn
from prefstream.schemas.routes import PairRouted, ReasonCode
from prefstream.schemas.values import Vote

#: When an event happened, in microseconds since 1970, and its id: the latest wins, by id where equal.
Rank = tuple[int, bytes]
#: Slice, minute and what is counted.
Bucket = tuple[str, int, Count]
MINUTE_US: Final = 60_000_000
#: How far clocks of those who say events may be ahead of the log's.
AHEAD_US: Final = 5 * MINUTE_US
#: Places among the integers of a pair.
_LABELS, _REVIEW, _ADJUDICATION, _WITHDRAWALS, _REVISION = range(5)
_NEEDED, _REVIEWS_NEEDED, _ADJUDICATIONS_NEEDED = range(5, 8)
#: Where a dispute that asks for a round is counted (`None`: nowhere), and where what it needs stands.
_ASKED: Final[Mapping[str, tuple[int | None, int]]] = {
    "annotate": (None, _NEEDED),
    "review": (_REVIEW, _REVIEWS_NEEDED),
    "adjudicate": (_ADJUDICATION, _ADJUDICATIONS_NEEDED),
}


@dataclass(slots=True)
class Changes:
    """Everything a batch changes but the archive; built up once, then written."""

    pairs: dict[str, Filled] = field(default_factory=dict)
    prompts: dict[str, Filled] = field(default_factory=dict)
    #: New labels by pair.
    labels: dict[str, list[LabelSubmitted]] = field(default_factory=dict)
    #: Labels that count no more, by pair.
    withdrawals: dict[str, list[LabelWithdrawn]] = field(default_factory=dict)
    #: New tasks that are no pairs, and new answers to such tasks.
    asked: list[TaskProposed] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    #: What was said of alerts.
    alerts: list[AlertRaised | AlertCleared] = field(default_factory=list)
    #: What was said of releases.
    releases: list[ReleaseCut | ReleaseWithdrawn] = field(default_factory=list)
    #: Events by slice, minute and counter; labels are counted with their units.
    funnel: dict[tuple[str, int, str], int] = field(default_factory=dict)
    #: What single events count for, by slice, minute and count.
    measures: dict[Bucket, int] = field(default_factory=dict)
    #: The latest event time, in microseconds since 1970; -1 before the first event. No event moves it
    #: further than a little past the time at which the log took it: a clock that is years ahead must not
    #: empty every window until then.
    latest_us: int = -1
    #: Where the event that is being taken in stands in its partition.
    offset: int = 0

    def take(self, event: Event, at_us: int, event_id: bytes, *, taken_us: int, offset: int = 0) -> None:
        """Take in an event that no batch has brought before.

        Args:
            event: The event.
            at_us: When it happened.
            event_id: The 16 bytes of its id.
            taken_us: When the log took it.
            offset: Where it stands in its partition.
        """
        self.offset = offset
        self.latest_us = max(self.latest_us, min(at_us, taken_us + AHEAD_US))
        taker = _TAKERS.get(type(event))
        if taker is not None:
            taker(self, event, (at_us, event_id))

    def pair(self, pair_id: str) -> Filled:
        """Return the pair's row, begun if need be."""
        row = self.pairs.get(pair_id)
        if row is None:
            row = self.pairs[pair_id] = Filled(integers=[0] * 8)
            row.integers[_REVISION] = 1
        return row

    def prompt(self, prompt_id: str) -> Filled:
        """Return the prompt's row, begun if need be."""
        return self.prompts.setdefault(prompt_id, Filled())

    def count(self, slice_name: str, rank: Rank, counter: str) -> None:
        """Count an event in the minute it happened in."""
        bucket = slice_name, rank[0] // MINUTE_US, counter
        self.funnel[bucket] = self.funnel.get(bucket, 0) + 1

    def measure(self, slice_name: str, rank: Rank, counts: Mapping[Count, int]) -> None:
        """Add what an event counts for, in the minute it happened in."""
        minute, measures = rank[0] // MINUTE_US, self.measures
        for count, n in counts.items():
            bucket = slice_name, minute, count
            measures[bucket] = measures.get(bucket, 0) + n


def _submitted(changes: Changes, event: PromptSubmitted, rank: Rank) -> None:
    changes.prompt(event.prompt_id).fill(SUBMITTED, rank, rank_fields(*rank))


def _curated(changes: Changes, event: PromptCurated, rank: Rank) -> None:
    columns = (
        rank_fields(*rank),
        name_field("curated"),
        name_field(event.slice),
        text_field(event.stakes),
        json_field(orjson.dumps(event.tags)),
        float_field(event.stratum_weight),
        name_field(event.constitution_id),
        text_field(event.provenance),
        NULL,
        NULL,
    )
    changes.prompt(event.prompt_id).fill(DECIDED, rank, b"".join(columns))


def _set_aside(changes: Changes, event: PromptSetAside, rank: Rank) -> None:
    columns = (
        rank_fields(*rank),
        name_field("set_aside"),
        name_field(event.slice),
        NULL * 3,
        name_field(event.constitution_id),
        NULL,
        name_field(event.reason),
        text_field(event.clause),
    )
    changes.prompt(event.prompt_id).fill(DECIDED, rank, b"".join(columns))


def _proposed(changes: Changes, event: PairProposed, rank: Rank) -> None:
    longer, declined = contrast(event.response_a.text, event.response_b.text)
    columns = (
        rank_fields(*rank),
        text_field(event.prompt_id),
        text_field(event.group_id),
        name_field(event.slice),
        text_field(event.stakes),
        name_field(event.strategy),
        float_field(event.stratum_weight),
        name_field(event.response_a.model),
        name_field(event.response_b.model),
        text_field(event.provenance),
        name_field(longer),
        name_field(declined),
    )
    changes.pair(event.pair_id).fill(PROPOSED, rank, b"".join(columns))
    changes.count(event.slice, rank, "proposed")


def _judged(changes: Changes, event: PairJudged, rank: Rank) -> None:
    votes = event.votes
    columns = (
        rank_fields(*rank),
        text_field(event.label),
        float_field(event.confidence),
        float_field(event.p_a),
        int_field(len(votes)),
        int_field(sum([vote.verdict is None for vote in votes])),
        name_field(event.judge_id),
        name_field(event.constitution_id),
        NULL,
        _cost_field(votes),
    )
    changes.pair(event.pair_id).fill(JUDGED, rank, b"".join(columns))
    changes.count(event.slice, rank, "judged")
    changes.measure(event.slice, rank, of_votes(votes))
    if event.label is None:
        changes.count(event.slice, rank, "no_verdict")


def _cost_field(votes: Sequence[Vote]) -> bytes:
    """Return what the votes cost; nothing where a call of one of them has no price."""
    known = not any(vote.unpriced_calls for vote in votes)
    return bigint_field(sum([vote.cost_nanousd for vote in votes])) if known else NULL


def _failed(changes: Changes, event: JudgementFailed, rank: Rank) -> None:
    columns = (
        rank_fields(*rank),
        NULL * 3,
        int_field(0),
        int_field(0),
        name_field(event.judge_id),
        name_field(event.constitution_id),
        name_field(event.reason),
        bigint_field(0),
    )
    changes.pair(event.pair_id).fill(JUDGED, rank, b"".join(columns))
    changes.count(event.slice, rank, "judged")
    changes.count(event.slice, rank, "no_verdict")


def _routed(changes: Changes, event: PairRouted, rank: Rank) -> None:
    if event.revises is not None:
        _reopened(changes, event, event.revises, rank)
        return
    reasons = [{"code": one.code, "clause": one.clause, "detail": one.detail} for one in event.reasons]
    place = -changes.offset
    columns = (
        bigint_field(place),
        rank_fields(*rank),
        name_field(event.route),
        bool_field(value=event.audit),
        json_field(orjson.dumps(reasons)),
        name_field(event.policy_id),
        float_field(event.threshold),
        float_field(event.propensity),
        int_field(event.overlap),
        NULL if event.priority is None else int_field(event.priority.value),
    )
    row = changes.pair(event.pair_id)
    row.fill(ROUTED, (place,), b"".join(columns))
    accepted = event.route == "accept"
    ranked = event.reasons[0].code is ReasonCode.RANKED
    # Whoever ranks the candidates labels the pair with it: there is nothing to open.
    if event.audit or not (accepted or ranked):
        row.integers[_NEEDED] = max(row.integers[_NEEDED], event.overlap)
    changes.count(event.slice, rank, "accepted" if accepted else "escalated")
    if event.audit:
        changes.count(event.slice, rank, "audited")


def _reopened(changes: Changes, event: PairRouted, revises: str, rank: Rank) -> None:
    """Ask people after all; the route that was taken back stays as it is."""
    columns = (
        rank_fields(*rank),
        uuid_field(uuid_bytes(revises)),
        text_field(event.reasons[0].detail),
        NULL if event.priority is None else int_field(event.priority.value),
    )
    row = changes.pair(event.pair_id)
    row.fill(REOPENED, rank, b"".join(columns))
    row.integers[_NEEDED] = max(row.integers[_NEEDED], event.overlap)
    changes.count(event.slice, rank, "reopened")


def _labelled(changes: Changes, event: LabelSubmitted, rank: Rank) -> None:  # noqa: ARG001
    changes.pair(event.pair_id).integers[_LABELS] += 1
    changes.labels.setdefault(event.pair_id, []).append(event)


def _withdrawn(changes: Changes, event: LabelWithdrawn, rank: Rank) -> None:  # noqa: ARG001
    changes.pair(event.pair_id).integers[_WITHDRAWALS] += 1
    changes.withdrawals.setdefault(event.pair_id, []).append(event)


def _disputed(changes: Changes, event: LabelDisputed, rank: Rank) -> None:
    row = changes.pair(event.pair_id)
    row.fill(DISPUTED, rank, rank_fields(*rank) + name_field(event.reason))
    counted, needed = _ASKED[event.next_round]
    if counted is not None:
        row.integers[counted] += 1
    row.integers[needed] = max(row.integers[needed], event.needed or 0)
    changes.count(event.slice, rank, "disputed")


def _resolved(changes: Changes, event: LabelResolved, rank: Rank) -> None:
    columns = (
        rank_fields(*rank),
        text_field(event.label),
        int_field(event.margin),
        float_field(event.soft_label),
        name_field(event.method),
    )
    changes.pair(event.pair_id).fill(RESOLVED, rank, b"".join(columns))
    changes.count(event.slice, rank, "resolved")


def _validated(changes: Changes, event: PairValidated, rank: Rank) -> None:
    _verdict(changes, event, rank, (int_field(0), bool_field(value=False), NULL))
    changes.count(event.slice, rank, "validated")


def _rejected(changes: Changes, event: PairRejected, rank: Rank) -> None:
    failed_checks, held = int_field(len(event.reasons)), bool_field(value=event.quarantined)
    _verdict(changes, event, rank, (failed_checks, held, json_field(orjson.dumps(event.reasons))))
    changes.count(event.slice, rank, "quarantined" if event.quarantined else "rejected")


def _verdict(
    changes: Changes, event: PairValidated | PairRejected, rank: Rank, outcome: Sequence[bytes]
) -> None:
    at_us, event_id = rank
    resolution_id = uuid_bytes(event.resolution_id)
    columns = (
        rank_fields(at_us, resolution_id),
        int_field(event.facts),
        uuid_field(event_id),
        *outcome,
    )
    # What validation knows of a pair only grows, so that more facts are the later verdict.
    full_rank = (at_us, resolution_id, event.facts, event_id)
    changes.pair(event.pair_id).fill(VERDICT, full_rank, b"".join(columns))


def _gold(changes: Changes, event: GoldAnswered, rank: Rank) -> None:
    changes.measure(event.slice, rank, {of_gold(right=event.right): 1})


def _asked(changes: Changes, event: TaskProposed, rank: Rank) -> None:  # noqa: ARG001
    changes.asked.append(event)


def _answered(changes: Changes, event: Answer, rank: Rank) -> None:  # noqa: ARG001
    changes.answers.append(event)


def _alert(changes: Changes, event: AlertRaised | AlertCleared, rank: Rank) -> None:  # noqa: ARG001
    changes.alerts.append(event)


def _release(changes: Changes, event: ReleaseCut | ReleaseWithdrawn, rank: Rank) -> None:  # noqa: ARG001
    changes.releases.append(event)


_TAKERS: Mapping[type[Event], Callable[[Changes, Any, Rank], None]] = {
    PromptSubmitted: _submitted,
    PromptCurated: _curated,
    PromptSetAside: _set_aside,
    PairProposed: _proposed,
    PairJudged: _judged,
    JudgementFailed: _failed,
    PairRouted: _routed,
    LabelSubmitted: _labelled,
    LabelWithdrawn: _withdrawn,
    LabelDisputed: _disputed,
    LabelResolved: _resolved,
    PairValidated: _validated,
    PairRejected: _rejected,
    GoldAnswered: _gold,
    TaskProposed: _asked,
    AlertRaised: _alert,
    AlertCleared: _alert,
    ReleaseCut: _release,
    ReleaseWithdrawn: _release,
    RankingSubmitted: _answered,
    RatingSubmitted: _answered,
    DemonstrationSubmitted: _answered,
    SafetyLabelSubmitted: _answered,
}
