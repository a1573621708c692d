"""The constitution: what people and judges are asked to judge by, as data."""

from typing import Annotated, Literal

from pydantic import Field

from prefstream.schemas.envelope import Event, Value, content_hash
from prefstream.schemas.ids import Identifier
from prefstream.schemas.values import Slice, Stakes, Tag


class Exemplar(Value):
    """A short case that shows a clause at work."""

    prompt: str
    better: str
    worse: str
    why: str = ""


class Principle(Value):
    """One clause: a rule, cases that keep to it and one that looks as if it did."""

    id: Identifier
    rule: Annotated[str, Field(min_length=1)]
    exemplars: Annotated[tuple[Exemplar, ...], Field(min_length=2)]
    counter_examples: Annotated[tuple[Exemplar, ...], Field(min_length=1)]
    #: 1 is the highest; a clause of higher priority wins where two disagree.
    priority: Annotated[int, Field(ge=1)] = 1
    #: Clauses that this one wins against although their priority is the same.
    outranks: tuple[Identifier, ...] = ()


class CurationRule(Value):
    """Give a prompt its slice, stakes and tags, or set it aside; the first match of each kind wins.

    A rule matches when every condition it states holds. Patterns are regular expressions searched
    for, ignoring case, in the last user message.
    """

    id: Identifier
    any_tag: tuple[Tag, ...] = ()
    pattern: str | None = None
    #: ISO 639 codes as language detection gives them; `und` is a language that cannot be told.
    languages: tuple[Identifier, ...] = ()
    slice: Slice | None = None
    stakes: Stakes | None = None
    tags: tuple[Tag, ...] = ()
    #: When set, a matching prompt is not used, for this reason.
    set_aside: Identifier | None = None


class EscalationTrigger(Value):
    """A pair that matches any one condition goes to people whatever the judge's confidence."""

    id: Identifier
    any_tag: tuple[Tag, ...] = ()
    #: A regular expression searched for, ignoring case, in the last user message.
    pattern: str | None = None
    slices: tuple[Slice, ...] = ()
    stakes: tuple[Stakes, ...] = ()
    #: What judging noticed, e.g. "quote_not_found", see `PairJudged.flags`.
    flags: tuple[Identifier, ...] = ()
    #: Clauses that a critic of the panel finds a response to violate.
    violated: tuple[Identifier, ...] = ()
    #: The clause of the constitution that asks for it.
    clause: Identifier


class RefusalKind(Value):
    """One way of refusing or half refusing, so that people and judges call it by the same name."""

    id: Identifier
    means: str = ""


class Protocols(Value):
    """What to do in the cases that every guideline forgets."""

    ties: str = ""
    both_bad: str = ""
    refusals: str = ""
    contested_facts: str = ""
    length: str = ""


class Constitution(Value):
    """A versioned set of principles with everything that hangs on it."""

    name: Identifier
    version: Identifier
    title: str
    principles: Annotated[tuple[Principle, ...], Field(min_length=1)]
    #: Weight of each rating dimension; they need not sum to one.
    dimensions: dict[str, float] = Field(default_factory=dict)
    default_slice: Slice = "general"
    curation: tuple[CurationRule, ...] = ()
    escalation: tuple[EscalationTrigger, ...] = ()
    #: Kinds of refusal, each with what it means or by its name alone.
    refusal_taxonomy: tuple[Identifier | RefusalKind, ...] = ()
    brand_voice: str = ""
    protocols: Protocols = Field(default_factory=Protocols)

    @property
    def id(self) -> Identifier:
        """Return the identity: name, version and the first 16 hex digits of the content's SHA-256."""
        return f"{self.name}@{self.version}#{self.content_hash[:16]}"

    @property
    def content_hash(self) -> str:
        """Return the SHA-256 of the canonical JSON, in hex."""
        return content_hash(self)


class ConstitutionPublished(Event):
    """A version of a constitution is in force from now on."""

    type: Literal["ConstitutionPublished"] = "ConstitutionPublished"
    schema_version: Literal[1] = 1
    constitution_id: Identifier
    constitution: Constitution
