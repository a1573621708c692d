"""Events about pairs as such: proposed, validated, rejected."""

from functools import cached_property
from hashlib import sha256
from typing import Annotated, Literal

import orjson
from pydantic import Field

from prefstream.schemas.envelope import Event, Share, Value
from prefstream.schemas.ids import EventId, Identifier
from prefstream.schemas.values import Message, Preference, Provenance, Response, Slice, Stakes, Tag


class PairProposed(Event):
    """Two responses to one prompt are up for a preference."""

    type: Literal["PairProposed"] = "PairProposed"
    schema_version: Literal[1] = 1
    pair_id: Identifier
    prompt_id: Identifier
    messages: Annotated[tuple[Message, ...], Field(min_length=1)]
    response_a: Response
    response_b: Response
    #: The turns that the other response followed, where the pair arrived as two dialogues that differ
    #: before the last answer. The two then answer different prompts, and the pair is fit for nothing.
    other_messages: tuple[Message, ...] = ()
    #: How the two came to differ: "diverse_models", "best_of_n", ... or "ready_made".
    strategy: Identifier
    #: Pairs cut from the same set of candidates share it; splits never part a group.
    group_id: Identifier
    slice: Slice
    stakes: Stakes = Stakes.LOW
    tags: tuple[Tag, ...] = ()
    stratum_weight: Annotated[float, Field(gt=0)] = 1.0
    #: Generators that were asked and refused for good; the group lacks their candidates.
    missing_generators: tuple[Identifier, ...] = ()
    #: People who rank all the candidates decide it; no judge reads it, and it is no task by itself.
    decided_by_people: bool = False
    provenance: Provenance = Provenance.REAL

    @cached_property
    def fingerprint(self) -> str:
        """Return the SHA-256 of the conversation and the two texts, whichever stands first."""
        messages = [[message.role, message.content] for message in self.messages]
        texts = sorted((self.response_a.text, self.response_b.text))
        return sha256(orjson.dumps([messages, texts])).hexdigest()


class CheckResult(Value):
    """What one check found on one pair."""

    check: Identifier
    severity: Literal["note", "quarantine", "reject"]
    passed: bool
    finding: str = ""
    #: Who looked at the finding and let the pair go all the same, and why; `None`: nobody.
    released_by: Identifier | None = None
    released_because: str = ""


class PairValidated(Event):
    """A resolved pair passed its checks and is fit for a release."""

    type: Literal["PairValidated"] = "PairValidated"
    schema_version: Literal[1] = 1
    pair_id: Identifier
    slice: Slice
    label: Preference
    soft_label: Share | None
    method: Identifier
    resolution_id: EventId
    checks: tuple[CheckResult, ...]
    #: Findings and decisions taken into account; of two verdicts on one resolution the one with more holds.
    facts: Annotated[int, Field(ge=0)] = 0
    provenance: Provenance = Provenance.REAL


class PairRejected(Event):
    """A resolved pair failed a check and stays out of every release, unless a person lets it go."""

    type: Literal["PairRejected"] = "PairRejected"
    schema_version: Literal[1] = 1
    pair_id: Identifier
    slice: Slice
    resolution_id: EventId
    reasons: Annotated[tuple[Identifier, ...], Field(min_length=1)]
    checks: tuple[CheckResult, ...]
    #: No finding rejects; a person decides what becomes of it.
    quarantined: bool = False
    #: Findings and decisions taken into account; of two verdicts on one resolution the one with more holds.
    facts: Annotated[int, Field(ge=0)] = 0
    provenance: Provenance = Provenance.REAL
