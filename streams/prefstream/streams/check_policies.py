"""Policies of checks at the edge: files of them, and the one in force."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prefstream.adapters.files.values import read_value
from prefstream.adapters.settings import Settings
from prefstream.domain.checks.policies import DEFAULT_POLICY, linted
from prefstream.schemas.checks import CheckPolicy
from prefstream.schemas.errors import BadInput
from prefstream.streams.places import find_places, open_log
from prefstream.streams.publication import check_policy_in_force, publish_check_policy


def load_check_policy(path: Path) -> CheckPolicy:
    """Read a policy of checks from JSON or YAML.

    Raises:
        BadInput: The file cannot be read, is no policy of checks, or names a check that does not exist.
    """
    policy, document = read_value(path, CheckPolicy, kind="policy of checks")
    if strange := [str(name) for name in document if name not in CheckPolicy.model_fields]:
        raise BadInput(
            f"{path} is no policy of checks: no field is named {', '.join(strange)}; correct the name"
        )
    try:
        return linted(policy)
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from error


async def publish_check_policy_file(path: Path) -> tuple[str, bool]:
    """Put the policy of a file in force; return its id and whether that was news."""
    policy = load_check_policy(path)
    settings = Settings()
    async with open_log(find_places(settings), partitions=settings.partitions) as log:
        return policy.id, await publish_check_policy(log, policy, now=datetime.now(UTC))


async def check_policy_of_the_log() -> dict[str, Any]:
    """Return the policy in force as a document: the one published last, else the default."""
    settings = Settings()
    async with open_log(find_places(settings), partitions=settings.partitions) as log:
        policy = await check_policy_in_force(log)
    published = policy is not None
    policy = policy or DEFAULT_POLICY
    return {"policy_id": policy.id, "published": published, **policy.model_dump(mode="json")}
