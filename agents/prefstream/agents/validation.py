"""Validation: a resolved pair is fit for a release, or is not and why.

Of pairs that say the same, or nearly so, the one proposed first stays (by event time, then by id). An
earlier one that turns up late takes the place, and the pairs that repeat it are rejected then, so the
end does not depend on the order of arrival. The same holds for what people decide and choose: a verdict
follows from all that is known of the pair, and of two verdicts the one that knows more is the later.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from prefstream.agents.stage import NOTHING, Given, Needs, Outcome
from prefstream.agents.validation_duplicates import first_keys, found, remembered, text_keys
from prefstream.agents.validation_state import (
    PairState,
    ProposalState,
    WithdrawalState,
    decision_state,
    packed_pair,
    resolution_state,
    unpacked_pair,
)
from prefstream.agents.validation_verdict import CALIBRATION, GOLD, KEPT, verdict
from prefstream.domain.checks.content import content_checks
from prefstream.domain.checks.grounds import ground_checks
from prefstream.domain.checks.leakage import leakage_check
from prefstream.schemas import topics
from prefstream.schemas.checks import QuarantineDecided
from prefstream.schemas.envelope import Event
from prefstream.schemas.labels import LabelDisputed, LabelResolved
from prefstream.schemas.pairs import CheckResult, PairProposed
from prefstream.schemas.people import CalibrationChosen, GoldChosen
from prefstream.schemas.topics import TopicSpec

#: Events that say something of one pair and need nothing but its state.
_About = LabelResolved | LabelDisputed | QuarantineDecided | GoldChosen | CalibrationChosen


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """The stage from resolved to validated or rejected pairs."""

    name: str = "validation"
    version: str = "2"
    inputs: tuple[TopicSpec, ...] = (topics.PAIRS_PROPOSED, topics.LABELS_RESOLVED, topics.GOLD_CHOSEN)
    stateful: bool = True

    def needs(self, event: Event, given: Given) -> Needs:
        """Return the pair's state and, for a proposal, what tells its duplicates."""
        if isinstance(event, _About) and _counts(event):
            return Needs(keys=frozenset((_pair_key(event.pair_id),)), final=True)
        if not isinstance(event, PairProposed):
            return NOTHING
        key = _pair_key(event.pair_id)
        if key not in given.states:
            return Needs(keys=frozenset((key, *first_keys(event, given.configuration.checks))))
        proposal = unpacked_pair(given.states[key]).proposal
        if proposal is not None:
            return Needs(keys=frozenset((key, *map(_pair_key, proposal.revised))))
        return Needs(keys=frozenset((key, *self._more_keys(event, given))))

    def _more_keys(self, event: PairProposed, given: Given) -> Iterator[str]:
        policy, states = given.configuration.checks, given.states
        asked = first_keys(event, policy)
        yield from asked
        # The pair's own state may have come with another event of the batch, and these not yet.
        if all(key in states for key in asked):
            yield from text_keys(event, policy, states)
            yield from map(_pair_key, found(event, policy, states).later)

    def handle(self, event: Event, given: Given) -> Outcome:
        """Return the verdicts that the event brings about; the same again for a repeated event."""
        if isinstance(event, PairProposed):
            return self._proposed(event, given)
        if not isinstance(event, _About) or not _counts(event):
            return Outcome()
        before = _loaded(given, event.pair_id)
        after = _with(before, event, given)
        states = {} if after is before else _saved({event.pair_id: after})
        return Outcome(events=self._verdicts({event.pair_id: after}.items()), states=states)

    def _proposed(self, event: PairProposed, given: Given) -> Outcome:
        pair = _loaded(given, event.pair_id)
        if pair.proposal is not None:
            said = {one: _loaded(given, one) for one in (event.pair_id, *pair.proposal.revised)}
            return Outcome(events=self._verdicts(said.items()))
        policy = given.configuration.checks
        shown = found(event, policy, given.states)
        proposal = ProposalState(
            event.fingerprint,
            event.occurred_at,
            _texts_checked(event, given),
            event.provenance,
            {check: policy.severities[check] for check in KEPT if check in policy.severities},
            policy.near_duplicate,
            shown.like,
            tuple(sorted(shown.later)),
        )
        changed = {event.pair_id: pair._replace(proposal=proposal).marked(*shown.marks)}
        changed |= {one: _loaded(given, one).marked(*marks) for one, marks in shown.later.items()}
        states = _saved(changed) | remembered(event, policy, given.states)
        return Outcome(events=self._verdicts(changed.items()), states=states)

    def _verdicts(self, pairs: Iterable[tuple[str, PairState]]) -> list[Event]:
        return [
            said
            for pair_id, pair in pairs
            for said in verdict(pair_id, pair, stage=self.name, version=self.version)
        ]


def _counts(event: Event) -> bool:
    """Return whether an event about a pair says anything to validation."""
    return not isinstance(event, LabelDisputed) or event.reason == "label_withdrawn"


def _with(pair: PairState, event: _About, given: Given) -> PairState:
    """Return what is known after an event; the same object where it says nothing new."""
    if isinstance(event, LabelResolved):
        return _resolved(pair, event, given)
    if isinstance(event, LabelDisputed):
        said = WithdrawalState(event.occurred_at, event.event_id)
        return pair._replace(withdrawal=said) if pair.withdrawal is None or said > pair.withdrawal else pair
    if isinstance(event, QuarantineDecided):
        if any(one.event_id == event.event_id for one in pair.decisions):
            return pair
        return pair._replace(decisions=tuple(sorted([*pair.decisions, decision_state(event)])))
    return pair.marked(GOLD if isinstance(event, GoldChosen) else CALIBRATION)


def _resolved(pair: PairState, event: LabelResolved, given: Given) -> PairState:
    standing = pair.resolution
    if standing and (event.occurred_at, event.event_id) <= (standing.occurred_at, standing.event_id):
        return pair
    configuration = given.configuration
    checks = ground_checks(
        event.grounds,
        policy=configuration.checks,
        in_force=configuration.constitution_id,
        superseded=configuration.superseded,
    )
    return pair._replace(resolution=resolution_state(event, checks))


def _texts_checked(event: PairProposed, given: Given) -> tuple[CheckResult, ...]:
    configuration = given.configuration
    leaked = leakage_check(event, configuration.protection, configuration.checks)
    return (*content_checks(event, configuration.checks), *leaked)


def _pair_key(pair_id: str) -> str:
    return f"pair:{pair_id}"


def _loaded(given: Given, pair_id: str) -> PairState:
    return unpacked_pair(given.states[_pair_key(pair_id)])


def _saved(pairs: dict[str, PairState]) -> dict[str, bytes]:
    return {_pair_key(pair_id): packed_pair(pair) for pair_id, pair in pairs.items()}
