"""What resolution knows of a pair, and its bytes.

Plain tuples and JSON arrays: they are read and written for every pair, and nobody else reads them.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, NamedTuple, cast

import orjson

from prefstream.domain.checks.labels import contradiction
from prefstream.domain.crowds import Crowd, Sureness, sureness_of
from prefstream.domain.resolution import Ballot, Round, Withdrawal
from prefstream.domain.tasks.mirrors import mirrored
from prefstream.schemas.labels import Ground, LabelSubmitted, LabelWithdrawn
from prefstream.schemas.policies import OverlapPolicy
from prefstream.schemas.routes import PairRouted
from prefstream.schemas.values import Preference, Provenance, Verdict

#: What a label's state leaves out where there is nothing to say, from the end.
_NOT_SAID: Final[Sequence[Any]] = (False, None, "")
NOT_ASKED: Final[Mapping[str, Sureness]] = MappingProxyType({})


class RouteState(NamedTuple):
    """What routing said."""

    event_id: str
    occurred_at: datetime
    slice: str
    accepted: bool
    judge_label: Preference | None
    p_a: float | None
    overlap: int
    provenance: Provenance
    #: How to go on from `overlap` labels until they are sure; `None`: they are enough.
    rule: OverlapPolicy | None = None
    #: Who judged, and under which constitution.
    judge_id: str = ""
    judged_under: str | None = None

    @property
    def ground(self) -> Ground:
        """Return the judge's label as what a resolution rests on."""
        return Ground(event_id=self.event_id, by=self.judge_id, constitution_id=self.judged_under)


class LabelState(NamedTuple):
    """What one person said."""

    event_id: str
    occurred_at: datetime
    annotator: str
    verdict: Verdict
    round: Round
    provenance: Provenance
    needs_specialist: bool = False
    #: The constitution whose rubric the person saw.
    constitution_id: str | None = None
    #: How the rationale speaks against the verdict.
    contradiction: str = ""

    @property
    def ground(self) -> Ground:
        """Return the label as what a resolution rests on."""
        return Ground(
            event_id=self.event_id,
            by=self.annotator,
            constitution_id=self.constitution_id,
            contradiction=self.contradiction,
        )

    @property
    def ballot(self) -> Ballot:
        """Return the label as a ballot."""
        return Ballot(
            event_id=self.event_id,
            annotator=self.annotator,
            verdict=self.verdict,
            round=self.round,
            needs_specialist=self.needs_specialist,
        )


class WithdrawalState(NamedTuple):
    """That a label counts no more."""

    event_id: str
    occurred_at: datetime
    label_id: str
    provenance: Provenance
    #: Labels that came before it.
    place: int

    @property
    def withdrawal(self) -> Withdrawal:
        """Return it as resolution takes it."""
        return Withdrawal(event_id=self.event_id, label_id=self.label_id)


class Evidence(NamedTuple):
    """The evidence on one pair."""

    route: RouteState | None = None
    labels: tuple[LabelState, ...] = ()
    #: The route that takes the accepting one back.
    reopened: RouteState | None = None
    withdrawals: tuple[WithdrawalState, ...] = ()
    #: Whether the labels were sure when this label or withdrawal came: what is known of people changes.
    sureness: Mapping[str, Sureness] = NOT_ASKED

    @property
    def in_order(self) -> list[Ballot | Withdrawal]:
        """Return labels and withdrawals in the order they came."""
        ordered: list[Ballot | Withdrawal] = [label.ballot for label in self.labels]
        # From the end, so that the places before stay what they are.
        for one in reversed(self.withdrawals):
            ordered.insert(one.place, one.withdrawal)
        return ordered


class Asked:
    """Says whether labels are sure: what was said before, else by what is known of people now."""

    def __init__(self, said: Mapping[str, Sureness], *, rule: OverlapPolicy, crowd: Crowd | None) -> None:
        """Take what was said before, by the label or withdrawal that was looked at."""
        self.said = dict(said)
        self._rule, self._crowd = rule, crowd

    def __call__(self, trigger: str, standing: Sequence[Ballot]) -> Sureness:
        """Return whether the standing ballots are sure."""
        answer = self.said.get(trigger)
        if answer is None:
            said = [(ballot.annotator, ballot.counted) for ballot in standing]
            answer = self.said[trigger] = sureness_of(said, rule=self._rule, crowd=self._crowd)
        return answer


def with_event(evidence: Evidence, event: PairRouted | LabelSubmitted | LabelWithdrawn) -> Evidence:
    """Return the evidence with the event; the same object where that says nothing new.

    Of several routes the first stays, however the others came about: a repeat under a policy that was
    published meanwhile is another event. Only a route that says which one it takes back comes beside it.
    """
    if isinstance(event, PairRouted) and event.revises is not None:
        return evidence if evidence.reopened else evidence._replace(reopened=_route(event))
    if isinstance(event, PairRouted):
        return evidence if evidence.route else evidence._replace(route=_route(event))
    if isinstance(event, LabelWithdrawn):
        return _withdrawn(evidence, event)
    if any(label.event_id == event.event_id for label in evidence.labels):
        return evidence
    label = LabelState(
        event.event_id,
        event.occurred_at,
        event.annotator,
        event.verdict,
        event.round,
        event.provenance,
        event.needs_specialist,
        event.constitution_id,
        # People write of the sides as they saw them.
        contradiction(mirrored(event.verdict, event.sides), event.rationale) if event.rationale else "",
    )
    return evidence._replace(labels=(*evidence.labels, label))


def packed_evidence(evidence: Evidence) -> bytes:
    """Return the bytes of the evidence on a pair."""
    route, labels, reopened, withdrawals, sureness = evidence
    said: list[Any] = [_told_route(route), [_told_label(label) for label in labels]]
    if reopened or withdrawals or sureness:
        said.append(_told_route(reopened))
    if withdrawals or sureness:
        said.append([tuple(one) for one in withdrawals])
        said.append({key: (one.answer, one.side, one.reliability_id) for key, one in sureness.items()})
    return orjson.dumps(said)


def unpacked_evidence(stored: bytes | None) -> Evidence:
    """Return the evidence that these bytes say; none for none."""
    if stored is None:
        return Evidence()
    route, labels, *more = orjson.loads(stored)
    evidence = Evidence(
        _read_route(route) if route else None, tuple([_read_label(label) for label in labels])
    )
    return _with_more(evidence, *more) if more else evidence


def _with_more(
    evidence: Evidence,
    reopened: list[Any] | None,
    withdrawals: Sequence[list[Any]] = (),
    sureness: Mapping[str, list[Any]] = MappingProxyType({}),
) -> Evidence:
    return evidence._replace(
        reopened=_read_route(reopened) if reopened else None,
        withdrawals=tuple([_read_withdrawal(one) for one in withdrawals]),
        sureness={key: _read_sureness(one) for key, one in sureness.items()},
    )


def _route(event: PairRouted) -> RouteState:
    return RouteState(
        event.event_id,
        event.occurred_at,
        event.slice,
        event.route == "accept" and not event.audit,
        event.judge_label,
        event.p_a,
        event.overlap,
        event.provenance,
        event.overlap_rule,
        event.judge_id,
        event.judged_under,
    )


def _withdrawn(evidence: Evidence, event: LabelWithdrawn) -> Evidence:
    if any(one.event_id == event.event_id for one in evidence.withdrawals):
        return evidence
    withdrawal = WithdrawalState(
        event.event_id, event.occurred_at, event.label_id, event.provenance, len(evidence.labels)
    )
    return evidence._replace(withdrawals=(*evidence.withdrawals, withdrawal))


def _told_route(route: RouteState | None) -> tuple[Any, ...] | None:
    if route is None:
        return None
    rule = route.rule.model_dump() if route.rule else None
    return (*route[:-3], rule, route.judge_id, route.judged_under)


def _told_label(label: LabelState) -> tuple[Any, ...]:
    if label.contradiction or label.constitution_id:
        return tuple(label)
    return label[:-2] if label.needs_specialist else label[:-3]


def _read_route(said: list[Any]) -> RouteState:
    event_id, occurred_at, slice_name, accepted, judge_label, p_a, overlap, provenance, *more = said
    rule, judge_id, judged_under = more or (None, "", None)
    return RouteState(
        event_id,
        datetime.fromisoformat(occurred_at),
        slice_name,
        accepted,
        None if judge_label is None else Preference(judge_label),
        p_a,
        overlap,
        Provenance(provenance),
        OverlapPolicy(**rule) if rule else None,
        judge_id,
        judged_under,
    )


def _read_label(said: list[Any]) -> LabelState:
    event_id, occurred_at, annotator, verdict, round_name, provenance, *more = said
    needs_specialist, constitution_id, contradicts = [*more, *_NOT_SAID[len(more) :]]
    return LabelState(
        event_id,
        datetime.fromisoformat(occurred_at),
        annotator,
        Verdict(verdict),
        cast("Round", round_name),
        Provenance(provenance),
        needs_specialist,
        constitution_id,
        contradicts,
    )


def _read_withdrawal(said: list[Any]) -> WithdrawalState:
    event_id, occurred_at, label_id, provenance, place = said
    return WithdrawalState(
        event_id, datetime.fromisoformat(occurred_at), label_id, Provenance(provenance), place
    )


def _read_sureness(said: list[Any]) -> Sureness:
    answer, side, reliability_id = said
    return Sureness(answer=answer, side=side, reliability_id=reliability_id)
