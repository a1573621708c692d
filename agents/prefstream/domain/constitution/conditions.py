"""What authors get wrong in conditions: curation rules and triggers that do nothing, or take forever."""

import re
from collections.abc import Iterator, Sequence

from prefstream.domain.constitution.backtracking import backtracks
from prefstream.domain.constitution.findings import Finding, Path, error, warning
from prefstream.domain.constitution.patterns import compiled_pattern
from prefstream.schemas.constitutions import Constitution, CurationRule, EscalationTrigger
from prefstream.schemas.judgements import FLAGS
from prefstream.schemas.values import Stakes

#: What a curation rule can ask of a prompt, and what it can give it.
_CONDITIONS = ("any_tag", "pattern", "languages")
#: Longest regular expression, in characters: longer ones nobody can read, and checking them takes long.
MAX_PATTERN = 5_000
#: A pattern that is found in all of these is found in every text.
_ANYTHING = ("", "a b", "\u4e2d\n7!")
_GIFTS = ("slice", "stakes", "set_aside")


def condition_findings(constitution: Constitution) -> Iterator[Finding]:
    """Yield what is wrong or doubtful about curation rules and escalation triggers."""
    for i, rule in enumerate(constitution.curation):
        yield from _rule(("curation", i), rule, constitution.curation[:i])
    clauses = [principle.id for principle in constitution.principles]
    for i, trigger in enumerate(constitution.escalation):
        yield from _trigger(("escalation", i), trigger, constitution, clauses)


def _rule(path: Path, rule: CurationRule, before: Sequence[CurationRule]) -> Iterator[Finding]:
    yield from _pattern((*path, "pattern"), rule.pattern)
    if not (rule.slice or rule.stakes or rule.tags or rule.set_aside):
        fix = "state slice, stakes, tags or set_aside"
        yield error("rule-without-effect", path, f"the rule {rule.id} gives nothing", fix)
    if not any(getattr(rule, name, None) for name in _CONDITIONS):
        fix = "state pattern or any_tag; for what holds of every prompt there is default_slice"
        yield error("rule-without-condition", path, f"the rule {rule.id} matches everything", fix)
    elif hides := next((earlier for earlier in before if _hidden(rule, earlier)), None):
        yield warning(
            "unreachable-rule",
            path,
            f"the rule {rule.id} never decides: {hides.id} matches whatever it matches and comes first",
            "move it up, narrow the other, or take it out",
        )


def _hidden(rule: CurationRule, earlier: CurationRule) -> bool:
    """Return whether whatever the later rule gives, the earlier one has given before."""
    if not _covers(earlier, rule):
        return False
    if earlier.set_aside:
        return True
    given = all(getattr(earlier, gift) for gift in _GIFTS if getattr(rule, gift))
    return given and set(rule.tags) <= set(earlier.tags)


def _covers(wide: CurationRule, narrow: CurationRule) -> bool:
    """Return whether every prompt that the narrow rule matches surely matches the wide one."""
    if wide.pattern is not None and wide.pattern != narrow.pattern:
        return False
    for name in ("any_tag", "languages"):
        wanted, has = set(getattr(wide, name, ())), set(getattr(narrow, name, ()))
        if wanted and not (has and has <= wanted):
            return False
    return True


def _trigger(
    path: Path, trigger: EscalationTrigger, constitution: Constitution, clauses: Sequence[str]
) -> Iterator[Finding]:
    yield from _pattern((*path, "pattern"), trigger.pattern)
    if trigger.clause not in clauses:
        fix = f"name one of: {', '.join(clauses)}"
        yield error("unknown-clause", (*path, "clause"), f"{trigger.clause!r} is no principle", fix)
    for place, clause in enumerate(trigger.violated):
        if clause not in clauses:
            fix = f"name one of: {', '.join(clauses)}"
            yield error("unknown-clause", (*path, "violated", place), f"{clause!r} is no principle", fix)
    for place, flag in enumerate(trigger.flags):
        if flag not in FLAGS:
            fix = f"name one of: {', '.join(sorted(FLAGS))}"
            yield error("unknown-flag", (*path, "flags", place), f"judging never says {flag!r}", fix)
    noticed = bool(trigger.flags or trigger.violated)
    if not (trigger.any_tag or trigger.slices or trigger.stakes or trigger.pattern or noticed):
        fix = "state any_tag, slices, stakes, pattern, flags or violated"
        yield error(
            "trigger-never-fires", path, f"the trigger {trigger.id} has no condition and never fires", fix
        )
    elif not trigger.pattern and not noticed and not _given(trigger, constitution):
        yield warning(
            "trigger-never-fires",
            path,
            f"no curation rule gives what the trigger {trigger.id} waits for, "
            "so it fires only for prompts that bring it along",
            "add a curation rule that gives the tag, slice or stakes, or a pattern here",
        )


def _given(trigger: EscalationTrigger, constitution: Constitution) -> bool:
    rules = constitution.curation
    tags = {tag for rule in rules for tag in rule.tags}
    slices = {constitution.default_slice, *(rule.slice for rule in rules)}
    stakes = {Stakes.LOW, *(rule.stakes for rule in rules)}
    return bool(tags & set(trigger.any_tag) or slices & set(trigger.slices) or stakes & set(trigger.stakes))


def _pattern(path: Path, pattern: str | None) -> Iterator[Finding]:
    if pattern is None:
        return
    if len(pattern) > MAX_PATTERN:
        said = f"the pattern is {len(pattern):,} characters long, more than {MAX_PATTERN:,}"
        yield error("long-pattern", path, said, "split it into several rules or triggers")
        return
    try:
        compiled = compiled_pattern(pattern)
    except (re.error, RecursionError, OverflowError) as problem:
        fix = "correct it; a backslash goes into single quotes in YAML"
        yield error("bad-pattern", path, f"not a regular expression: {problem}", fix)
        return
    if all(compiled.search(text) is not None for text in _ANYTHING):
        fix = "make some part of it necessary"
        yield error(
            "pattern-matches-all",
            path,
            "the pattern needs nothing to be there, so it matches everything",
            fix,
        )
    if costly := backtracks(pattern):
        level, said = costly
        report = error if level == "error" else warning
        fix = "make neighbouring parts start with different characters, or bound the repeats, e.g. {0,40}"
        yield report("costly-pattern", path, said, fix)
