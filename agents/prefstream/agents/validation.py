"""Validation: a resolved pair is fit for a release, or is not and why.

Of pairs that say exactly the same, the one proposed first stays (by event time, then by id). An
earlier one that turns up late takes the place, and the pair it displaces is rejected then, so the
end does not depend on the order of arrival.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from prefstream.agents.generation import weakest
from prefstream.agents.stage import NOTHING, Given, Needs, Outcome
from prefstream.agents.validation_state import (
    GroupState,
    PairState,
    ProposalState,
    packed_group,
    packed_pair,
    resolution_state,
    unpacked_group,
    unpacked_pair,
)
from prefstream.domain.checks.content import content_checks, duplicate_check, failed
from prefstream.schemas import topics
from prefstream.schemas.envelope import Event
from prefstream.schemas.ids import derived_id, event_id
from prefstream.schemas.labels import LabelResolved
from prefstream.schemas.pairs import PairProposed, PairRejected, PairValidated
from prefstream.schemas.topics import TopicSpec

Verdict = PairValidated | PairRejected


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """The stage from resolved to validated or rejected pairs."""

    name: str = "validation"
    version: str = "1"
    inputs: tuple[TopicSpec, ...] = (topics.PAIRS_PROPOSED, topics.LABELS_RESOLVED)
    stateful: bool = True

    def needs(self, event: Event, given: Given) -> Needs:
        """Return the pair's state and, for a proposal, that of its duplicates' first."""
        if isinstance(event, LabelResolved):
            return Needs(keys=frozenset((_pair_key(event.pair_id),)), final=True)
        if not isinstance(event, PairProposed):
            return NOTHING
        group_key = _group_key(event.fingerprint)
        keys = {_pair_key(event.pair_id), group_key}
        if stored := given.states.get(group_key):
            keys.add(_pair_key(unpacked_group(stored).pair_id))
        if displaced := _displaced(given.states.get(_pair_key(event.pair_id))):
            keys.add(_pair_key(displaced))
        return Needs(keys=frozenset(keys))

    def handle(self, event: Event, given: Given) -> Outcome:
        """Return the verdicts that the event brings about; the same again for a repeated event."""
        if isinstance(event, LabelResolved):
            return self._resolved(event, given)
        return self._proposed(event, given) if isinstance(event, PairProposed) else Outcome()

    def _resolved(self, event: LabelResolved, given: Given) -> Outcome:
        pair = _loaded(given, event.pair_id)
        standing = pair.resolution
        if standing and (event.occurred_at, event.event_id) <= (standing.occurred_at, standing.event_id):
            return Outcome(events=self._verdict(event.pair_id, pair))
        pair = pair._replace(resolution=resolution_state(event))
        return Outcome(events=self._verdict(event.pair_id, pair), states=_saved({event.pair_id: pair}))

    def _proposed(self, event: PairProposed, given: Given) -> Outcome:
        pair = _loaded(given, event.pair_id)
        if pair.proposal is not None:
            displaced = pair.proposal.displaced
            again = self._verdict(displaced, _loaded(given, displaced)) if displaced else ()
            return Outcome(events=[*self._verdict(event.pair_id, pair), *again])
        return self._placed(event, pair, given)

    def _placed(self, event: PairProposed, pair: PairState, given: Given) -> Outcome:
        content = event.fingerprint
        key = _group_key(content)
        stored = given.states[key]
        first = unpacked_group(stored) if stored else None
        leads = first is None or (event.occurred_at, event.pair_id) < (first.occurred_at, first.pair_id)
        displaced = first.pair_id if first and leads else None
        proposal = ProposalState(
            content, event.occurred_at, content_checks(event), event.provenance, not leads, displaced
        )
        changed = {event.pair_id: pair._replace(proposal=proposal)}
        if displaced is not None:
            changed[displaced] = _as_duplicate(_loaded(given, displaced))
        verdicts = [verdict for pair_id, some in changed.items() for verdict in self._verdict(pair_id, some)]
        group_state = {key: packed_group(GroupState(event.pair_id, event.occurred_at))} if leads else {}
        return Outcome(events=verdicts, states=_saved(changed) | group_state)

    def _verdict(self, pair_id: str, pair: PairState) -> Sequence[Verdict]:
        proposal, resolution = pair.proposal, pair.resolution
        if proposal is None or resolution is None:
            return ()
        duplicate = duplicate_check(duplicate=proposal.duplicate, fingerprint=proposal.fingerprint)
        checks = (*proposal.checks, duplicate)
        reasons = failed(checks)
        base: dict[str, Any] = {
            "event_id": event_id(
                stage=self.name,
                input_id=derived_id(resolution.event_id, *reasons),
                stage_version=self.version,
            ),
            "occurred_at": resolution.occurred_at,
            "source": f"prefstream/{self.name}",
            "subject": pair_id,
            "causation_id": resolution.event_id,
            "correlation_id": pair_id,
            "stage_version": self.version,
            "pair_id": pair_id,
            "slice": resolution.slice,
            "resolution_id": resolution.event_id,
            "checks": checks,
            "provenance": weakest(resolution.provenance, proposal.provenance),
        }
        if reasons:
            return (PairRejected(**base, reasons=reasons),)
        return (
            PairValidated(
                **base,
                label=resolution.label,
                soft_label=resolution.soft_label,
                method=resolution.method,
            ),
        )


def _pair_key(pair_id: str) -> str:
    return f"pair:{pair_id}"


def _group_key(content: str) -> str:
    return f"group:{content}"


def _displaced(stored: bytes | None) -> str | None:
    proposal = unpacked_pair(stored).proposal
    return proposal.displaced if proposal else None


def _loaded(given: Given, pair_id: str) -> PairState:
    return unpacked_pair(given.states[_pair_key(pair_id)])


def _saved(pairs: dict[str, PairState]) -> dict[str, bytes]:
    return {_pair_key(pair_id): packed_pair(pair) for pair_id, pair in pairs.items()}


def _as_duplicate(pair: PairState) -> PairState:
    return pair._replace(proposal=pair.proposal._replace(duplicate=True) if pair.proposal else None)
