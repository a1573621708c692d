"""What commands do to a running deployment, with the clock and the settings of the command line."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prefstream.adapters.constitutions import load_constitution
from prefstream.adapters.files.values import read_value
from prefstream.adapters.settings import Settings
from prefstream.schemas.envelope import Value
from prefstream.schemas.errors import BadInput
from prefstream.schemas.policies import OverlapPolicy, Policy, SlicePolicy
from prefstream.streams.places import find_places, open_log
from prefstream.streams.publication import publish_constitution, publish_policy, revoke_policy


async def publish_policy_file(path: Path) -> tuple[str, bool]:
    """Put the policy of a file in force; return its id and whether that was news.

    Raises:
        BadInput: The file cannot be read or is no policy.
    """
    policy = load_policy(path)
    settings = Settings()
    async with open_log(find_places(settings), partitions=settings.partitions) as log:
        return policy.id, await publish_policy(log, policy, now=datetime.now(UTC))


async def publish_constitution_file(path: Path) -> tuple[str, bool]:
    """Put the constitution of a file in force; return its id and whether that was news.

    Raises:
        BadInput: The file cannot be read or is no constitution.
    """
    constitution = load_constitution(path)
    settings = Settings()
    async with open_log(find_places(settings), partitions=settings.partitions) as log:
        return constitution.id, await publish_constitution(log, constitution, now=datetime.now(UTC))


async def revoke_in_force(reason: str, policy_id: str | None = None) -> str:
    """Take a policy out of force, the one in force if none is named, and return its id.

    Raises:
        BadInput: There is none to revoke.
    """
    settings = Settings()
    async with open_log(find_places(settings), partitions=settings.partitions) as log:
        return await revoke_policy(log, reason=reason, now=datetime.now(UTC), policy_id=policy_id)


def load_policy(path: Path) -> Policy:
    """Read a policy from JSON or YAML.

    Raises:
        BadInput: The file cannot be read or is no policy.
    """
    policy, document = read_value(path, Policy, kind="policy")
    if strange := _strange(document):
        raise BadInput(f"{path} is no policy: no field is named {', '.join(strange)}; correct the name")
    return policy


def _strange(document: Mapping[str, Any]) -> list[str]:
    """Return the names no policy has: a misspelt share of audits must not pass for none."""
    parts: Mapping[str, type[Value]] = {"slices": SlicePolicy, "overlaps": OverlapPolicy}
    return [str(name) for name in document if name not in Policy.model_fields] + [
        f"{part}.{name}.{key}"
        for part, model in parts.items()
        for name, one in document.get(part, {}).items()
        for key in one
        if key not in model.model_fields
    ]
