"""Everything behind a pair's route, as one document: judge, votes, policy, reasons, coin, queue."""

from collections.abc import Mapping
from typing import Any

import asyncpg

from prefstream.adapters.constitutions import load_constitution, shipped_constitution
from prefstream.adapters.postgres.connection import pool_of
from prefstream.adapters.postgres.routes import Routed, constitution_named, policy_named, routed_pair
from prefstream.adapters.settings import Settings
from prefstream.domain.escalation import needed_changes
from prefstream.domain.routing import coin
from prefstream.schemas.constitutions import Constitution
from prefstream.schemas.errors import BadInput
from prefstream.schemas.judgements import JudgementFailed, PairJudged
from prefstream.schemas.policies import Policy, PolicyRevoked, SliceCertificate
from prefstream.schemas.routes import RULES, PairRouted, Reason
from prefstream.streams.places import find_places

Document = dict[str, Any]


async def explain_route(settings: Settings, pair_id: str) -> Document:
    """Return the explanation of a pair of the deployment that the settings name.

    Raises:
        BadInput: There is no such pair, or it has no route yet.
        Unavailable: The database does not answer.
    """
    unpublished = load_constitution(settings.constitution) if settings.constitution else None
    async with pool_of(find_places(settings).dsn.get_secret_value(), size=1) as pool:
        return await explanation(pool, pair_id, unpublished=unpublished)


async def explanation(
    pool: asyncpg.Pool, pair_id: str, *, unpublished: Constitution | None = None
) -> Document:
    """Return the explanation of a pair's route.

    Args:
        pool: The tables.
        pair_id: The pair.
        unpublished: The constitution of the settings, which holds until one is published; `None`: the
            shipped one.

    Raises:
        BadInput: There is no such pair, or it has no route yet.
    """
    pair = await routed_pair(pool, pair_id)
    if pair is None:
        raise BadInput(f"there is no pair {pair_id!r}; `prefstream status` tells how many there are")
    if pair.route is None:
        raise BadInput(f"the pair {pair_id!r} has no route yet, it is {pair.status}; wait and ask again")
    route = pair.route
    policy, revoked = await policy_named(pool, route.policy_id) if route.policy_id else (None, None)
    constitution = await _constitution(pool, pair, route, unpublished or shipped_constitution())
    certificate = _certificate(policy, route.slice)
    votes = pair.judgement.votes if isinstance(pair.judgement, PairJudged) else ()
    return {
        "pair_id": pair.pair_id,
        "slice": route.slice,
        "stakes": route.stakes.value,
        "status": pair.status,
        "label": pair.label,
        "label_method": pair.method,
        "route": route.route,
        "routed_at": route.occurred_at.isoformat(),
        "reopened": _reopened(pair),
        "judgement": _judgement(pair.judgement, route),
        "policy": _policy(route, policy, revoked, certificate),
        "constitution_id": constitution.id if constitution else route.constitution_id,
        "reasons": [_reason(reason, constitution) for reason in route.reasons],
        "audit": _audit(route, policy),
        "priority": route.priority.model_dump(mode="json") if route.priority else None,
        "would_change": {
            "to": "escalate" if route.route == "accept" else "accept",
            "all_needed": route.route == "escalate",
            "if": list(
                needed_changes(
                    route, votes=len(votes), more_labels=certificate.needed if certificate else None
                )
            ),
        },
    }


async def _constitution(
    pool: asyncpg.Pool, pair: Routed, route: PairRouted, unpublished: Constitution
) -> Constitution | None:
    """Return the version whose triggers routing looked at; `None` where nobody has it any more."""
    judged_under = pair.judgement.constitution_id if pair.judgement else None
    named = route.constitution_id or judged_under
    if named is None:
        return None
    return unpublished if unpublished.id == named else await constitution_named(pool, named)


def _reopened(pair: Routed) -> Document | None:
    if pair.reopened_at is None:
        return None
    return {"at": pair.reopened_at.isoformat(), "reason": pair.reopened_reason}


def _judgement(judged: PairJudged | JudgementFailed | None, route: PairRouted) -> Document:
    common: Document = {
        "judge_id": route.judge_id,
        "label": route.judge_label.value if route.judge_label else None,
        "p_a": route.p_a,
        "confidence": route.confidence,
        "constitution_id": judged.constitution_id if judged else None,
    }
    if isinstance(judged, JudgementFailed):
        return common | {"failure": judged.reason, "detail": judged.detail, "votes": [], "flags": []}
    votes = judged.votes if judged else ()
    return common | {
        "failure": None,
        "detail": "",
        "flags": list(judged.flags) if judged else [],
        "missing_judges": list(judged.missing_judges) if judged else [],
        "votes": [
            {
                "judge": vote.judge,
                "variant": vote.variant,
                "order": vote.order,
                "verdict": vote.verdict.value if vote.verdict else None,
                "p_a": vote.p_a,
                "rationale": vote.rationale,
            }
            for vote in votes
        ],
    }


def _policy(
    route: PairRouted,
    policy: Policy | None,
    revoked: PolicyRevoked | None,
    certificate: SliceCertificate | None,
) -> Document | None:
    if route.policy_id is None:
        return None
    stated: Document = {
        "policy_id": route.policy_id,
        "threshold": route.threshold,
        "found": policy is not None,
    }
    if policy is not None:
        stated |= {
            "alpha": policy.alpha,
            "delta": policy.delta,
            "certified": policy.certificate is not None,
            "pooled": policy.certificate.pooled if policy.certificate else None,
            "certificate": certificate.model_dump(mode="json", exclude={"walked"}) if certificate else None,
        }
    stated["revoked"] = {"at": revoked.occurred_at.isoformat(), "reason": revoked.reason} if revoked else None
    return stated


def _certificate(policy: Policy | None, slice_name: str) -> SliceCertificate | None:
    """Return the evidence for the slice, that of all slices together where the policy is pooled."""
    if policy is None:
        return None
    stated = policy.slices.get(slice_name)
    if stated is not None and stated.certificate is not None:
        return stated.certificate
    return policy.certificate.together if policy.certificate else None


def _reason(reason: Reason, constitution: Constitution | None) -> Document:
    principles = constitution.principles if constitution else ()
    rule = next((one.rule for one in principles if one.id == reason.clause), None)
    return {
        "code": reason.code.value,
        "clause": reason.clause,
        "rule": rule,
        "detail": reason.detail,
        "whatever_the_confidence": reason.code in RULES,
    }


def _audit(route: PairRouted, policy: Policy | None) -> Mapping[str, Any]:
    return {
        "audited": route.audit,
        "propensity": route.propensity,
        "coin": coin(route.pair_id, policy.audit_seed) if policy else None,
    }
