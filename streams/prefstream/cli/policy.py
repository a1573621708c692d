"""`prefstream policy`: routing policies in and out of force."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from prefstream.cli.console import note, print_json, say

if TYPE_CHECKING:
    from prefstream.streams.policy_commands import SentSuspects

app = typer.Typer(help="Put routing policies in force, revoke them, see what holds.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="One JSON document for machines.")]
PolicyId = Annotated[str, typer.Argument(metavar="POLICY_ID", help="The policy, or the beginning of its id.")]
#: Suspect pairs that are shown one by one; all of them are in --json.
_SHOWN = 20


@app.command("list")
def list_(json: Json = False) -> None:
    """List all policies with what has become of each: proposed, active, superseded or revoked.

    Example: prefstream policy list
    """
    import asyncio

    from prefstream.streams.policy_commands import policies

    found = asyncio.run(policies())
    if json:
        print_json({"policies": found})
        return
    if not found:
        say("there is no policy yet: every pair goes to people")
    for one in found:
        say(f"{one['status']:<11} {one['policy_id']:<44} {_brief(one)}")


@app.command()
def show(
    policy_id: Annotated[
        str | None,
        typer.Argument(help="The policy, or the beginning of its id; the one in force if left out."),
    ] = None,
    json: Json = False,
) -> None:
    """Show one policy: its thresholds, the evidence for each, and its life.

    Example: prefstream policy show certified#0123456789abcdef
    """
    import asyncio

    from prefstream.streams.policy_commands import policy

    found = asyncio.run(policy(policy_id))
    if json:
        print_json(found)
        return
    say(f"{found['policy_id']}: {found['status']}")
    _say_policy(found["policy"])
    for event in found["life"]:
        said = f" ({event['said']})" if event["said"] else ""
        say(f"  {event['occurred_at']}  {event['type']}{said}")


@app.command()
def publish(
    file: Annotated[Path, typer.Argument(help="The policy as JSON or YAML.")], json: Json = False
) -> None:
    """Put a policy in force; it supersedes the one before.

    Example: prefstream policy publish policy.yaml
    """
    import asyncio

    from prefstream.streams.commands import publish_policy_file

    policy_id, fresh = asyncio.run(publish_policy_file(file))
    if json:
        print_json({"policy_id": policy_id, "published": fresh})
    else:
        say(f"in force: {policy_id}" if fresh else f"already in force: {policy_id}")


@app.command()
def approve(
    policy_id: PolicyId,
    by: Annotated[str, typer.Option(help="Who approves, for the record.")] = "",
    json: Json = False,
) -> None:
    """Put a proposed policy in force; it supersedes the one before.

    Example: prefstream policy approve certified#0123456789abcdef --by "Ada, QA"
    """
    import asyncio

    from prefstream.streams.policy_commands import approve as approve_proposed

    approved = asyncio.run(approve_proposed(policy_id, by=by))
    if json:
        print_json({"policy_id": approved, "approved": True})
    else:
        say(f"in force: {approved}")


@app.command()
def revoke(
    reason: Annotated[str, typer.Option(help="Why, for the record.")],
    policy_id: Annotated[
        str | None,
        typer.Argument(help="The policy, or the beginning of its id; the one in force if left out."),
    ] = None,
    json: Json = False,
) -> None:
    """Take a policy out of force, so that everything escalates, or turn a proposed one down.

    Example: prefstream policy revoke --reason "audit found a mistake"
    """
    import asyncio

    from prefstream.streams.commands import revoke_in_force

    revoked = asyncio.run(revoke_in_force(reason, policy_id))
    if json:
        print_json({"policy_id": revoked, "revoked": True})
    else:
        say(f"revoked: {revoked}")


@app.command()
def suspects(
    policy_id: PolicyId,
    send: Annotated[bool, typer.Option("--send", help="Ask people about all of them.")] = False,
    json: Json = False,
) -> None:
    """List the pairs accepted under a revoked policy that may be wrong; with --send, ask people about them.

    Example: prefstream policy suspects certified#0123456789abcdef --send
    """
    import asyncio

    from prefstream.streams.policy_commands import suspects as suspects_now

    found = asyncio.run(suspects_now(policy_id, send=send))
    if json:
        print_json(found.document())
    else:
        _say_suspects(found)


def _say_suspects(found: "SentSuspects") -> None:
    say(f"{found.policy_id} was revoked: {found.reason}")
    for one in found.pairs[:_SHOWN]:
        confidence = "-" if one.confidence is None else f"{one.confidence:.3f}"
        label = one.judge_label or "-"
        say(f"  {one.pair_id:<40} {one.slice:<24} {label:<4} {confidence:>6}  {one.routed_at.isoformat()}")
    if len(found.pairs) > _SHOWN:
        say(f"  and {len(found.pairs) - _SHOWN} more; --json lists all")
    say(f"{len(found.pairs)} accepted pairs are suspect and no person has seen them")
    if found.sent is not None:
        say(f"sent to people: {found.sent}")
    elif found.pairs:
        note(f"ask people about them: prefstream policy suspects {found.policy_id} --send")


def _brief(one: dict[str, Any]) -> str:
    slices = one["slices"]
    accepting = sum(threshold is not None for threshold in slices.values())
    certificate = one["certificate"]
    if not slices:
        return "accepts nothing" + (f", audits {one['audit_share']:.0%}" if one["audit_share"] else "")
    if certificate is None:
        return f"by hand, accepts in {accepting} of {len(slices)} slices"
    labels = certificate["window"]["labels"]
    return f"certified on {labels} labels, accepts in {accepting} of {len(slices)} slices"


def _say_policy(policy: dict[str, Any] | None) -> None:
    if policy is None:
        say("  the log has kept only its end")
        return
    say(f"  judge {policy['judge_id'] or 'any'}, constitution {policy['constitution_id'] or 'any'}")
    say(
        f"  at most {policy['alpha']:.3g} disagreement with probability {1 - policy['delta']:.3g};"
        f" audits {policy['audit_share']:.3g} of all pairs"
    )
    certificate = policy["certificate"]
    if certificate is None:
        say("  thresholds by hand: nothing is promised")
    else:
        window = certificate["window"]
        over = "all slices together" if certificate["pooled"] else "each slice"
        say(f"  {certificate['method']} over {over}, look {certificate['look']}, {window['labels']} labels")
    for name, one in sorted(policy["slices"].items()):
        say(f"  {name:<28} {_told(one, certificate)}")
    for name, rule in sorted(policy["overlaps"].items()):
        say(f"  {name:<28} asks {rule['fewest']} to {rule['most']} people, until {rule['sure']:.6g} sure")


def _told(one: dict[str, Any], certificate: dict[str, Any] | None) -> str:
    evidence = one["certificate"] or (certificate or {}).get("together")
    threshold = "escalates" if one["threshold"] is None else f"accepts from {one['threshold']:.6g}"
    if evidence is None:
        return threshold
    if one["threshold"] is None:
        return f"{threshold}: {evidence['reason']}"
    return (
        f"{threshold}: {evidence['errors']} of {evidence['accepted']} contradicted,"
        f" p {evidence['p_value']:.3g}, coverage {evidence['coverage']:.1%}"
    )
