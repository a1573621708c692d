"""The configuration in force after an event on one of its topics."""

from dataclasses import replace

from prefstream.agents.stage import Configuration
from prefstream.schemas.constitutions import ConstitutionPublished
from prefstream.schemas.envelope import Event
from prefstream.schemas.policies import PolicyPublished, PolicyRevoked


def configured(configuration: Configuration, event: Event) -> Configuration:
    """Return the configuration after an event: the newest holds, and a revoked policy no more."""
    if isinstance(event, ConstitutionPublished):
        return replace(configuration, constitution=event.constitution)
    if isinstance(event, PolicyPublished):
        return replace(configuration, policy=event.policy)
    if isinstance(event, PolicyRevoked) and event.policy_id == configuration.policy_id:
        return replace(configuration, policy=None)
    return configuration
