"""The configuration in force after an event on one of its topics."""

from dataclasses import replace
from typing import Any

from prefstream.agents.stage import Configuration
from prefstream.domain.crowds import Crowd
from prefstream.schemas.checks import CheckPolicyPublished
from prefstream.schemas.constitutions import ConstitutionPublished
from prefstream.schemas.envelope import Event
from prefstream.schemas.policies import PolicyPublished, PolicyRevoked, PolicySuperseded
from prefstream.schemas.protection import ProtectedSetPublished, ProtectedSetRemoved
from prefstream.schemas.reliability import ReliabilityPublished
from prefstream.schemas.sampling import SamplingPlanPublished, SamplingPlanRevoked
from prefstream.schemas.selection import SelectionPublished


def configured(configuration: Configuration, event: Event) -> Configuration:
    """Return the configuration after an event: the newest holds, and what is revoked no more."""
    changes: dict[str, Any] = {}
    if isinstance(event, ConstitutionPublished):
        changes["constitution"] = event.constitution
        changes["superseded"] = (configuration.superseded | {configuration.constitution_id}) - {
            event.constitution.id
        }
    elif isinstance(event, PolicyPublished):
        changes["policy"] = event.policy
    elif isinstance(event, PolicyRevoked | PolicySuperseded) and event.policy_id == configuration.policy_id:
        # Its successor came before; of a log that was compacted only the end of each policy is left.
        changes["policy"] = None
    elif isinstance(event, SamplingPlanPublished):
        changes["sampling"] = event.plan
    elif isinstance(event, SamplingPlanRevoked) and event.plan_id == configuration.sampling_id:
        changes["sampling"] = None
    elif isinstance(event, SelectionPublished):
        changes["selection"] = event.selection
    elif isinstance(event, CheckPolicyPublished):
        changes["checks"] = event.policy
    elif isinstance(event, ReliabilityPublished):
        changes["crowds"] = {**configuration.crowds, event.slice: Crowd.published(event)}
    elif isinstance(event, ProtectedSetPublished | ProtectedSetRemoved):
        changes["protection"] = configuration.protection.after(event)
    return replace(configuration, **changes) if changes else configuration
