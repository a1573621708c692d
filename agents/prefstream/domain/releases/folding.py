"""Folding: from what was said of a pair to the example a release may take, or why there is none."""

from dataclasses import dataclass
from datetime import datetime

from prefstream.domain.checks.grounds import STALE
from prefstream.domain.releases.examples import Example, PersonLabel
from prefstream.domain.releases.exclusions import Exclusion
from prefstream.domain.releases.history import PairHistory, latest
from prefstream.schemas.judgements import JudgementFailed, PairJudged
from prefstream.schemas.labels import LabelDisputed, LabelResolved, LabelSubmitted, LabelWithdrawn
from prefstream.schemas.pairs import PairProposed, PairRejected, PairValidated
from prefstream.schemas.people import GoldChosen, GoldRetired
from prefstream.schemas.routes import PairRouted, ReasonCode


@dataclass(frozen=True, slots=True, kw_only=True)
class _Standing:
    """What holds of a pair that is fit for a release."""

    proposal: PairProposed
    resolution: LabelResolved
    verdict: PairValidated


def example(history: PairHistory) -> Example | Exclusion:
    """Return the pair as a release takes it, or why none does.

    The latest of resolutions and disputes holds, and of the verdicts on that resolution the latest; of
    two at once the one with more findings. Labels that were withdrawn do not count, and of one
    person's labels in a round the latest does. A pair that was ever a gold question stays out. Labels
    under different versions of the constitution stay out unless validation looked at that and let them go.
    """
    found = _standing(history)
    if isinstance(found, Exclusion):
        return found
    judged = latest(history.of(PairJudged))
    route = _route(history, found.resolution)
    labels = _labels(history)
    constitutions = _constitutions(found.resolution)
    if len(constitutions) > 1 and not any(check.check == STALE for check in found.verdict.checks):
        return Exclusion(reason="mixed_constitutions")
    proposal, resolution, verdict = found.proposal, found.resolution, found.verdict
    return Example(
        pair_id=history.pair_id,
        prompt_id=proposal.prompt_id,
        group_id=proposal.group_id,
        slice=proposal.slice,
        stakes=proposal.stakes,
        tags=proposal.tags,
        strategy=proposal.strategy,
        messages=proposal.messages,
        response_a=proposal.response_a,
        response_b=proposal.response_b,
        label=verdict.label,
        soft_label=verdict.soft_label,
        method=verdict.method,
        judge_label=judged.label if judged else None,
        confidence=_confidence(route, judged),
        judge_id=judged.judge_id if judged else None,
        constitution_id=constitutions[-1] if constitutions else _judging_constitution(history),
        policy_id=route.policy_id if route else None,
        audit=route.audit if route else False,
        accepted=_accepted(route),
        propensity=route.propensity if route else None,
        clauses=_clauses(judged, labels),
        labels=tuple([_person_label(label) for label in labels]),
        checks=verdict.checks,
        stratum_weight=proposal.stratum_weight,
        cost_nanousd=sum(vote.cost_nanousd for one in history.of(PairJudged) for vote in one.votes),
        proposed_at=proposal.occurred_at,
        resolved_at=resolution.occurred_at,
        provenance=verdict.provenance,
        evidence=tuple([event.event_id for event in history.events]),
    )


def _standing(history: PairHistory) -> _Standing | Exclusion:
    proposal = _proposal(history)
    if isinstance(proposal, Exclusion):
        return proposal
    resolution = _resolution(history)
    if isinstance(resolution, Exclusion):
        return resolution
    verdict = _verdict(history, resolution)
    if isinstance(verdict, Exclusion):
        return verdict
    return _Standing(proposal=proposal, resolution=resolution, verdict=verdict)


def _proposal(history: PairHistory) -> PairProposed | Exclusion:
    proposals = history.of(PairProposed)
    if not proposals:
        # Of a pair whose author had it erased nothing can be read; of a person's labels only those are gone.
        return Exclusion(reason="erased" if history.erased else "not_proposed")
    if len(proposals) > 1 and any(_texts(one) != _texts(proposals[0]) for one in proposals):
        return Exclusion(reason="texts_differ")
    if any(isinstance(event, GoldChosen | GoldRetired) for event in history.events):
        return Exclusion(reason="gold")
    return proposals[0]


def _texts(proposal: PairProposed) -> tuple[object, ...]:
    return proposal.messages, proposal.response_a.text, proposal.response_b.text, proposal.group_id


def _resolution(history: PairHistory) -> LabelResolved | Exclusion:
    said = [event for event in history.events if isinstance(event, LabelResolved | LabelDisputed)]
    last = latest(said)
    if last is None:
        return Exclusion(reason="unresolved")
    if isinstance(last, LabelDisputed):
        return Exclusion(reason="disputed")
    reopened = any(route.revises is not None for route in history.of(PairRouted))
    return Exclusion(reason="suspect") if reopened and last.method == "judge" else last


def _verdict(history: PairHistory, resolution: LabelResolved) -> PairValidated | Exclusion:
    verdicts: list[PairValidated | PairRejected] = [
        event
        for event in history.events
        if isinstance(event, PairValidated | PairRejected) and event.resolution_id == resolution.event_id
    ]
    last = max(verdicts, key=_rank, default=None)
    if last is None:
        return Exclusion(reason="not_validated")
    if isinstance(last, PairValidated):
        return last
    reason = "quarantined" if last.quarantined else "rejected"
    return Exclusion(reason=reason, detail=last.reasons[0])


def _rank(verdict: PairValidated | PairRejected) -> tuple[int, int, datetime, str]:
    # A verdict that knows more follows one that knew less: findings and decisions only ever come to it.
    findings = len(verdict.reasons) if isinstance(verdict, PairRejected) else 0
    return verdict.facts, findings, verdict.occurred_at, verdict.event_id


def _route(history: PairHistory, resolution: LabelResolved) -> PairRouted | None:
    """Return the route that the label rests on, else the first: later ones take it back."""
    routes = history.of(PairRouted)
    cited = [route for route in routes if route.event_id in resolution.evidence]
    first = [route for route in routes if route.revises is None]
    return next(iter([*cited, *first]), None)


def _accepted(route: PairRouted | None) -> bool:
    """Return whether the judge's label would have stood, had the audit coin not asked a person."""
    if route is None:
        return False
    return route.route == "accept" or {reason.code for reason in route.reasons} == {ReasonCode.AUDIT}


def _labels(history: PairHistory) -> list[LabelSubmitted]:
    withdrawn = {one.label_id for one in history.of(LabelWithdrawn)}
    standing = {
        (label.annotator, label.round): label
        for label in history.of(LabelSubmitted)
        if label.event_id not in withdrawn
    }
    return list(standing.values())


def _person_label(label: LabelSubmitted) -> PersonLabel:
    return PersonLabel(
        event_id=label.event_id,
        annotator=label.annotator,
        round=label.round,
        verdict=label.blind_verdict or label.verdict,
        clauses=label.clauses,
        has_rationale=bool(label.rationale.strip()),
        seconds=label.seconds,
        occurred_at=label.occurred_at,
        provenance=label.provenance,
    )


def _confidence(route: PairRouted | None, judged: PairJudged | None) -> float | None:
    if route is not None and route.confidence is not None:
        return route.confidence
    return judged.confidence if judged else None


def _clauses(judged: PairJudged | None, labels: list[LabelSubmitted]) -> tuple[str, ...]:
    cited = {clause for label in labels for clause in label.clauses}
    for vote in judged.votes if judged else ():
        cited |= {one.clause for one in vote.clause_verdicts if one.verdict != "not_applicable"}
    return tuple(sorted(cited))


def _constitutions(resolution: LabelResolved) -> list[str]:
    """Return the constitutions that the label's grounds name, that of the latest label last."""
    named = [one.constitution_id for one in resolution.grounds if one.constitution_id is not None]
    return list(dict.fromkeys(reversed(named)))[::-1]


def _judging_constitution(history: PairHistory) -> str | None:
    judged = latest([one for one in history.events if isinstance(one, PairJudged | JudgementFailed)])
    return judged.constitution_id if judged else None
