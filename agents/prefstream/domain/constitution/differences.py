"""What an edit means: clauses added, removed, sharpened, loosened or reworded.

A change is judged by what is declared, never by guessing at meaning: a higher priority, more cases, more
triggers and stronger words (must over should over may) sharpen a clause; their opposites loosen it. Where
signs point both ways or there are none, the clause is reworded, and a person has to read it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from prefstream.domain.constitution.special import shares
from prefstream.domain.constitution.wording import words
from prefstream.schemas.constitutions import Constitution, EscalationTrigger, Exemplar, Principle
from prefstream.schemas.envelope import Value

Kind = Literal["added", "removed", "sharpened", "loosened", "reworded"]
Part = Literal["clause", "dimension", "curation", "protocol", "refusal", "other"]
#: How strongly a word binds.
STRENGTH: Mapping[str, int] = {
    **dict.fromkeys(("must", "never", "always", "only", "shall", "required", "forbidden"), 3),
    **dict.fromkeys(("should", "ought", "normally", "usually"), 2),
    **dict.fromkeys(("may", "might", "can", "could", "prefer", "optionally"), 1),
}
#: Words that take something out of a rule.
EXCEPTIONS = frozenset({"unless", "except", "excepting", "exception", "exceptions"})
#: Share of words in common below which it is another rule, and its words cannot be compared.
SAME_RULE = 0.4
_OTHERS = ("title", "version", "default_slice", "brand_voice")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What became of one part of the constitution."""

    part: Part
    id: str
    kind: Kind
    #: What was seen, one sentence each.
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sign:
    """One thing that changed: up sharpens, down loosens, 0 does not tell."""

    direction: int
    told: str


def differences(old: Constitution, new: Constitution) -> tuple[Change, ...]:
    """Return what changed from one constitution to another, clauses first."""
    return (
        *_clauses(old, new),
        *_dimensions(old, new),
        *_named("curation", {one.id: one for one in old.curation}, {one.id: one for one in new.curation}),
        *_named("refusal", _refusals(old), _refusals(new)),
        *_protocols(old, new),
        *_rest(old, new),
    )


def changed_clauses(changes: Sequence[Change]) -> frozenset[str]:
    """Return the ids of the clauses among the changes."""
    return frozenset(change.id for change in changes if change.part == "clause")


def _clauses(old: Constitution, new: Constitution) -> Iterator[Change]:
    before = {principle.id: principle for principle in old.principles}
    after = {principle.id: principle for principle in new.principles}
    for name in dict.fromkeys((*before, *after)):
        if name not in after:
            yield Change(part="clause", id=name, kind="removed", details=(before[name].rule.strip(),))
        elif name not in before:
            yield Change(part="clause", id=name, kind="added", details=(after[name].rule.strip(),))
        elif signs := [*_principle(before[name], after[name]), *_triggers(name, old, new)]:
            details = tuple(sign.told for sign in signs)
            yield Change(part="clause", id=name, kind=_kind(signs), details=details)


def _kind(signs: Sequence[_Sign]) -> Kind:
    directions = {sign.direction for sign in signs} - {0}
    if len(directions) != 1:
        return "reworded"
    return "sharpened" if directions == {1} else "loosened"


def _principle(old: Principle, new: Principle) -> Iterator[_Sign]:
    if old.priority != new.priority:
        word = "raised" if new.priority < old.priority else "lowered"
        told = f"priority {word} from {old.priority} to {new.priority}"
        yield _Sign(direction=1 if word == "raised" else -1, told=told)
    yield from _set("outranks", set(old.outranks), set(new.outranks))
    yield from _cases("exemplar", old.exemplars, new.exemplars)
    yield from _cases("counter-example", old.counter_examples, new.counter_examples)
    if old.rule.split() != new.rule.split():
        yield _Sign(direction=_strength_change(old.rule, new.rule), told=_rule_change(old.rule, new.rule))


def _set(what: str, old: set[str], new: set[str]) -> Iterator[_Sign]:
    for name in sorted(new - old):
        yield _Sign(direction=1, told=f"{what} added: {name}")
    for name in sorted(old - new):
        yield _Sign(direction=-1, told=f"{what} removed: {name}")


def _cases(what: str, old: Sequence[Exemplar], new: Sequence[Exemplar]) -> Iterator[_Sign]:
    before = {case.prompt: case for case in old}
    after = {case.prompt: case for case in new}
    for prompt in dict.fromkeys((*before, *after)):
        short = prompt if len(prompt) <= 60 else prompt[:59] + "…"
        if prompt not in before:
            yield _Sign(direction=1, told=f"{what} added: {short}")
        elif prompt not in after:
            yield _Sign(direction=-1, told=f"{what} removed: {short}")
        elif before[prompt] != after[prompt]:
            yield _Sign(direction=0, told=f"{what} changed: {short}")


def _triggers(clause: str, old: Constitution, new: Constitution) -> Iterator[_Sign]:
    before = {one.id: one for one in old.escalation if one.clause == clause}
    after = {one.id: one for one in new.escalation if one.clause == clause}
    yield from _set("trigger", set(before), set(after))
    for name in sorted(set(before) & set(after)):
        if before[name] != after[name]:
            direction = _reach_change(before[name], after[name])
            word = {1: "widened", -1: "narrowed", 0: "changed"}[direction]
            yield _Sign(direction=direction, told=f"trigger {word}: {name}")


def _reach_change(old: EscalationTrigger, new: EscalationTrigger) -> int:
    def reach(trigger: EscalationTrigger) -> set[tuple[str, str]]:
        fields = ("any_tag", "slices", "stakes", "flags", "violated")
        listed = {(field, str(value)) for field in fields for value in getattr(trigger, field)}
        return listed | ({("pattern", trigger.pattern)} if trigger.pattern else set())

    before, after = reach(old), reach(new)
    if before < after:
        return 1
    return -1 if after < before else 0


def _strength_change(old: str, new: str) -> int:
    """Return whether a rule's words got stronger (1), weaker (-1) or neither as far as one can say (0).

    >>> _strength_change("A response should cite its source.", "A response must cite its source.")
    1
    >>> _strength_change("It must be right.", "It must be right unless nobody knows.")
    -1
    """
    shared = len({*words(old)} & {*words(new)}) / max(1, len({*words(old)} | {*words(new)}))
    if shared < SAME_RULE:
        return 0
    (strong, excepted), (stronger, more_excepted) = _strength(old), _strength(new)
    by_words = (stronger > strong) - (stronger < strong)
    by_exceptions = (more_excepted < excepted) - (more_excepted > excepted)
    if by_words and by_exceptions and by_words != by_exceptions:
        return 0
    return by_words or by_exceptions


def _strength(rule: str) -> tuple[tuple[int, ...], int]:
    said = Counter(words(rule))
    levels = tuple(sum(said[word] for word, strength in STRENGTH.items() if strength == n) for n in (3, 2))
    # A rule that only allows is weaker than one that says nothing of how it binds.
    allows = sum(said[word] for word, strength in STRENGTH.items() if strength == 1)
    return (*levels, -allows), sum(said[word] for word in EXCEPTIONS)


def _rule_change(old: str, new: str) -> str:
    gone, come = Counter(words(old)), Counter(words(new))
    left, added = " ".join((gone - come).elements()), " ".join((come - gone).elements())
    return f"rule changed: -[{left}] +[{added}]"


def _dimensions(old: Constitution, new: Constitution) -> Iterator[Change]:
    before, after = shares(old), shares(new)
    for name in sorted({*before, *after}):
        told = (f"{before.get(name, 0):.1%} of the weight becomes {after.get(name, 0):.1%}",)
        if name not in after:
            yield Change(part="dimension", id=name, kind="removed", details=told)
        elif name not in before:
            yield Change(part="dimension", id=name, kind="added", details=told)
        elif abs(before[name] - after[name]) > 1e-9:
            kind: Kind = "sharpened" if after[name] > before[name] else "loosened"
            yield Change(part="dimension", id=name, kind=kind, details=told)


def _named(part: Part, old: Mapping[str, Value | str], new: Mapping[str, Value | str]) -> Iterator[Change]:
    for name in dict.fromkeys((*old, *new)):
        if name not in new:
            yield Change(part=part, id=name, kind="removed")
        elif name not in old:
            yield Change(part=part, id=name, kind="added")
        elif old[name] != new[name]:
            yield Change(part=part, id=name, kind="reworded", details=_fields(old[name], new[name]))


def _fields(old: Value | str, new: Value | str) -> tuple[str, ...]:
    if isinstance(old, str) or isinstance(new, str):
        return ()
    before, after = old.model_dump(mode="json"), new.model_dump(mode="json")
    return tuple(
        f"{name}: {before[name]} becomes {after[name]}" for name in before if before[name] != after[name]
    )


def _refusals(constitution: Constitution) -> Mapping[str, str]:
    return {
        one if isinstance(one, str) else one.id: "" if isinstance(one, str) else one.means
        for one in constitution.refusal_taxonomy
    }


def _protocols(old: Constitution, new: Constitution) -> Iterator[Change]:
    before, after = old.protocols.model_dump(), new.protocols.model_dump()
    for name in before:
        was, now = before[name].split(), after[name].split()
        if was != now:
            kind: Kind = "added" if not was else "removed" if not now else "reworded"
            yield Change(part="protocol", id=name, kind=kind)


def _rest(old: Constitution, new: Constitution) -> Iterator[Change]:
    for name in _OTHERS:
        was, now = getattr(old, name), getattr(new, name)
        if was != now:
            yield Change(part="other", id=name, kind="reworded", details=(f"{was!r} becomes {now!r}",))
