"""Events of judging: a pooled judgement with every vote, or the failure to get one."""

from typing import Literal

from prefstream.schemas.envelope import Event, Share, Value
from prefstream.schemas.ids import Identifier
from prefstream.schemas.selection import PairSketch
from prefstream.schemas.values import Preference, Provenance, Slice, Stakes, Tag, Vote

#: What judging may notice of a pair, see `PairJudged.flags`.
FLAGS = frozenset(("injection_suspected", "judge_missing", "judges_disagree", "quote_not_found", "texts_cut"))


class Finding(Value):
    """What a critic says of one response under one clause."""

    clause: Identifier
    finding: Literal["ok", "violated", "not_applicable"]
    severity: Literal["none", "minor", "major", "critical"] = "none"
    quote: str = ""
    #: Whether the quote occurs in the response; `None`: nothing is quoted.
    quote_found: bool | None = None
    why: str = ""


class Critique(Value):
    """A critic's reading of one response by itself, before the two were compared."""

    judge: Identifier
    response: Literal["a", "b"]
    findings: tuple[Finding, ...] = ()


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
    #: What judging noticed, sorted: "injection_suspected" (a response seems to instruct the judge),
    #: "judge_missing", "judges_disagree" (two judges pool to opposite sides), "quote_not_found",
    #: "texts_cut" (rationales and quotes were shortened so that the event fits its topic).
    flags: tuple[Identifier, ...] = ()
    #: Judges of the panel that could not cast all their votes.
    missing_judges: tuple[Identifier, ...] = ()
    #: What critics said of each response before it was compared, where judges are asked to.
    critiques: tuple[Critique, ...] = ()
    provenance: Provenance = Provenance.REAL
    #: What routing needs of the texts to order the queue.
    sketch: PairSketch | None = None


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
    #: What routing needs of the texts to order the queue.
    sketch: PairSketch | None = None
