"""Events of judging: a pooled judgement with every vote, or the failure to get one."""

from typing import Literal

from prefstream.schemas.envelope import Event, Share
from prefstream.schemas.ids import Identifier
from prefstream.schemas.values import Preference, Provenance, Slice, Stakes, Tag, Vote


class PairJudged(Event):
    """A panel of judges read the pair; the votes are kept as they were given."""

    type: Literal["PairJudged"] = "PairJudged"
    schema_version: Literal[1] = 1
    pair_id: Identifier
    prompt_id: Identifier
    slice: Slice
    stakes: Stakes
    tags: tuple[Tag, ...] = ()
    votes: tuple[Vote, ...]
    #: Pooled probability that A is better; `None` when no vote could be read.
    p_a: Share | None
    #: `None`: no verdict.
    label: Preference | None
    #: Measured from the votes (share of the pooled mass on the label), never read off the prose.
    confidence: Share | None
    #: Identity of panel, prompt and pooling; a policy applies to one of these only.
    judge_id: Identifier
    constitution_id: Identifier
    #: What judging noticed about the pair, e.g. "injection_suspected".
    flags: tuple[Identifier, ...] = ()
    provenance: Provenance = Provenance.REAL


class JudgementFailed(Event):
    """No vote at all could be had; the pair goes to people."""

    type: Literal["JudgementFailed"] = "JudgementFailed"
    schema_version: Literal[1] = 1
    pair_id: Identifier
    prompt_id: Identifier
    slice: Slice
    stakes: Stakes
    tags: tuple[Tag, ...] = ()
    reason: Identifier
    detail: str = ""
    judge_id: Identifier
    constitution_id: Identifier
    provenance: Provenance = Provenance.REAL
