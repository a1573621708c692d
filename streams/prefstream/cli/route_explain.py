"""`prefstream route explain`: why a pair went where it went."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from prefstream.cli.console import print_json, say

#: Characters of a rationale or rule that are shown.
_SHOWN = 160


def explain(
    pair_id: Annotated[str, typer.Argument(help="The pair.")],
    json: Annotated[bool, typer.Option("--json", help="One JSON document for machines.")] = False,
) -> None:
    """Show everything behind a pair's route: votes, confidence, policy, reasons, audit coin, queue.

    Example: prefstream route explain pair-17
    """
    import asyncio

    from prefstream.adapters.settings import Settings
    from prefstream.streams.explanation import explain_route

    found = asyncio.run(explain_route(Settings(), pair_id))
    if json:
        print_json(found)
        return
    for line in told(found):
        say(line)


def told(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield the explanation line by line."""
    word = "accepted: the judge's label stands" if found["route"] == "accept" else "escalated: people decide"
    yield f"pair {_plain(found['pair_id'])}, slice {found['slice']}, stakes {found['stakes']}"
    yield word
    yield f"now: {found['status']}" + (
        f", label {found['label']} by {found['label_method']}" if found["label"] else ""
    )
    if found["reopened"]:
        why = _plain(found["reopened"]["reason"] or "")
        yield f"taken back at {found['reopened']['at']}, people decide after all: {why}"
    yield ""
    yield from _judgement(found["judgement"])
    yield ""
    yield from _policy(found)
    yield ""
    yield "reasons"
    for reason in found["reasons"]:
        yield f"  {reason['code']} by clause {reason['clause']}" + (
            f": {_plain(reason['detail'])}" if reason["detail"] else ""
        )
        if reason["rule"]:
            yield f'    the clause says: "{_plain(reason["rule"])}"'
    yield ""
    yield _audit(found["audit"])
    yield _priority(found["priority"])
    yield ""
    yield from _change(found["would_change"])


def _judgement(judged: Mapping[str, Any]) -> Iterator[str]:
    yield f"judge {judged['judge_id']}, under {judged['constitution_id'] or 'an unknown constitution'}"
    if judged["failure"]:
        yield f"  no vote could be had: {judged['failure']}, {_plain(judged['detail'])}"
        return
    for vote in judged["votes"]:
        said = vote["verdict"] or "no verdict that could be read"
        sure = "" if vote["p_a"] is None else f" (p(A) {vote['p_a']:.3g})"
        why = f": {_plain(vote['rationale'])}" if vote["rationale"] else ""
        yield f"  {vote['judge']} {vote['variant']} {vote['order']}  {said}{sure}{why}"
    if judged["label"] is None:
        yield "  pooled: no verdict"
    else:
        yield (
            f"  pooled: {judged['label']}, confidence {judged['confidence']:.6g}, "
            f"p(A better) {judged['p_a']:.6g}"
        )
    if judged["flags"]:
        yield f"  noticed: {', '.join(judged['flags'])}"


def _policy(found: Mapping[str, Any]) -> Iterator[str]:
    policy = found["policy"]
    if policy is None:
        yield "policy: none was in force, so everything goes to people"
        return
    threshold = policy["threshold"]
    bound = "none for this pair" if threshold is None else f"accept at a confidence of {threshold:.6g}"
    yield f"policy {policy['policy_id']}; threshold: {bound}"
    if not policy["found"]:
        yield "  its publication is not in the archive, so its certificate cannot be shown"
    elif not policy["certified"]:
        yield "  chosen by hand: there is no certificate, and it promises nothing"
    else:
        pooled = " over all slices together, nothing for one by itself" if policy["pooled"] else ""
        yield (
            f"  certified: at most {policy['alpha']:.0%} of the accepted differ from people, "
            f"but for a chance of {policy['delta']:.0%}{pooled}"
        )
        if policy["certificate"]:
            yield _evidence(policy["certificate"])
    if policy["revoked"]:
        yield f"  revoked at {policy['revoked']['at']}: {_plain(policy['revoked']['reason'])}"


def _evidence(certificate: Mapping[str, Any]) -> str:
    if certificate["reason"]:
        more = certificate["needed"]
        lacks = f"; about {more} more audited labels are needed" if more else ""
        return f"  nothing certified here: {_plain(certificate['reason'])}{lacks}"
    p_value = certificate["p_value"]
    level = "" if p_value is None else f", p {p_value:.3g} at level {certificate['level']:.3g}"
    return (
        f"  evidence: {certificate['labels']} audited labels, {certificate['accepted']} of them accepted "
        f"with {certificate['errors']} errors{level}"
    )


def _audit(audit: Mapping[str, Any]) -> str:
    share = f"a share of {audit['propensity']:.6g} is audited"
    fell = "" if audit["coin"] is None else f", the pair's coin is {audit['coin']:.6f}"
    return f"audit: {'yes' if audit['audited'] else 'no'}; {share}{fell}"


def _priority(priority: Mapping[str, Any] | None) -> str:
    if priority is None:
        return "queue: people are not asked"
    if priority["audit"]:
        return f"queue: {priority['value']:,}; audited pairs go first, whatever their doubt"
    learned = priority["selection_id"] or "no selection: the judge's own doubt, every prompt counts as new"
    return (
        f"queue: {priority['value']:,} = uncertainty {priority['uncertainty']} x "
        f"diversity {priority['diversity']} x stakes {priority['stakes']} ({learned})"
    )


def _change(change: Mapping[str, Any]) -> Iterator[str]:
    route = "accepted" if change["to"] == "accept" else "sent to people"
    together = "all of this held" if change["all_needed"] and len(change["if"]) > 1 else "this held"
    if not change["all_needed"]:
        together = "any of this held"
    yield f"it would have been {route} if {together}"
    for condition in change["if"]:
        yield f"  {_plain(condition)}"


def _plain(text: str) -> str:
    """Return a text on one line that cannot move the cursor, and not too much of it."""
    even = "".join(character if character.isprintable() else " " for character in text)
    line = " ".join(even.split())
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"
