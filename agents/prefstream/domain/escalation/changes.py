"""What would have to be otherwise for a pair to take the other route, in plain words."""

from collections.abc import Sequence
from math import ceil

from prefstream.schemas.routes import PairRouted, Reason, ReasonCode

#: Whatever the pair, these alone stand in the way and say what would help.
_OTHERWISE = {
    ReasonCode.NO_VERDICT: "at least one vote of the panel could be read",
    ReasonCode.INJECTION_SUSPECTED: "no response seemed to instruct the judge",
    ReasonCode.JUDGE_MISSING: "every judge of the panel had cast all its votes",
    ReasonCode.JUDGES_DISAGREE: "no two judges of the panel came down on opposite sides",
    ReasonCode.RANKED: "the pair had come by itself, not out of candidates that people rank",
}


def needed_changes(route: PairRouted, *, votes: int, more_labels: int | None = None) -> Sequence[str]:
    """Return what would have to hold for the other route.

    For an escalated pair all of it together would accept it; for an accepted one, any of it would have
    sent it to people.

    Args:
        route: The route.
        votes: Votes that were cast on the pair.
        more_labels: Audited labels that the slice still lacks for a certificate, where that is known.
    """
    if route.route == "accept":
        return _against(route)
    return [_instead(reason, route, votes, more_labels) for reason in route.reasons if _bars(reason)]


def _bars(reason: Reason) -> bool:
    return reason.code not in (ReasonCode.AUDIT, ReasonCode.AT_OR_ABOVE_THRESHOLD)


def _against(route: PairRouted) -> list[str]:
    return [
        f"the threshold of slice {route.slice} stood above {shown(route.confidence)}",
        "a trigger of the constitution, or a rule of the house, had named the pair",
        "the judge, its prompt or the constitution were others than the policy was certified for",
    ]


def _instead(reason: Reason, route: PairRouted, votes: int, more_labels: int | None) -> str:
    if reason.code is ReasonCode.BELOW_THRESHOLD:
        return _more_confidence(route, votes)
    if reason.code is ReasonCode.MANDATORY:
        return f"the constitution did not ask for people here (clause {reason.clause}, {reason.detail})"
    if reason.code is ReasonCode.NO_POLICY:
        return f"a policy were in force {_that_accepts(route)}"
    if reason.code is ReasonCode.POLICY_NOT_APPLICABLE:
        return f"a policy were in force for this judge and this constitution {_that_accepts(route)}"
    if reason.code is ReasonCode.NOT_CERTIFIED:
        lacks = f"; it lacks about {more_labels} audited labels" if more_labels else ""
        return f"slice {route.slice} had a certificate {_that_accepts(route)}{lacks}"
    return _OTHERWISE.get(reason.code, reason.detail or reason.code.value)


def _that_accepts(route: PairRouted) -> str:
    if route.confidence is None:
        return "and the judge had a verdict"
    return f"that accepts at a confidence of {shown(route.confidence)}"


def _more_confidence(route: PairRouted, votes: int) -> str:
    if route.confidence is None or route.threshold is None:
        return "the judge had a verdict, and with it a confidence to compare"
    said = f"the confidence were {shown(route.threshold)} or more, and it is {shown(route.confidence)}"
    if not votes:
        return said
    credit = votes_needed(route.threshold, votes)
    if credit is None:
        most = (votes + 0.5) / (votes + 1)
        return f"{said}; {votes} votes give {shown(most)} at most, so that takes more votes"
    return f"{said}; that takes {credit:g} of the {votes} votes for one side, a tie counting half"


def votes_needed(threshold: float, votes: int) -> float | None:
    """Return the least credit that reaches a threshold, in halves; `None` where even all does not.

    The confidence of a label is (credit + 1/2) / (votes + 1), see `prefstream.domain.pooling`.

    >>> votes_needed(0.8, 12)
    10.0
    >>> votes_needed(0.9, 2) is None
    True
    """
    halves = ceil(2 * (threshold * (votes + 1) - 0.5) - 1e-9)
    return max(0, halves) / 2 if halves <= 2 * votes else None


def shown(number: float | None) -> str:
    """Return a number of a route as people read it; nothing is rounded past what decides."""
    return "unknown" if number is None else f"{number:.6g}"
