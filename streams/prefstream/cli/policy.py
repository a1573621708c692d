"""`prefstream policy`: routing policies in and out of force."""

from pathlib import Path
from typing import Annotated

import typer

from prefstream.cli.console import print_json, say

app = typer.Typer(help="Put routing policies in force, revoke them, see what holds.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="One JSON document for machines.")]


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
def revoke(reason: Annotated[str, typer.Option(help="Why, for the record.")], json: Json = False) -> None:
    """Take the policy in force out of force: everything escalates from now on.

    Example: prefstream policy revoke --reason "audit found a mistake"
    """
    import asyncio

    from prefstream.streams.commands import revoke_in_force

    policy_id = asyncio.run(revoke_in_force(reason))
    if json:
        print_json({"policy_id": policy_id, "revoked": True})
    else:
        say(f"revoked: {policy_id}")
