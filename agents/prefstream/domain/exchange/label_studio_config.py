"""The labelling configuration of a Label Studio project, made from the constitution in force.

Label Studio's `Pairwise` knows no tie, so that the verdict is a choice among seven; a click on the better
side alone is read as well.
"""

from collections.abc import Iterator, Mapping
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from prefstream.domain.constitution.annotators import Rubric
from prefstream.schemas.values import Verdict

#: Names of the controls, as results name them.
PAIRWISE, VERDICT, CLAUSES, RATIONALE = "preferred", "verdict", "clauses", "rationale"
#: What a control about a rating dimension begins with.
DIMENSION: Final = "dimension-"
#: Names of the data that a task must have.
MESSAGES, LEFT, RIGHT, PUSH = "messages", "left", "right", "prefstream_push"

#: Every verdict by its alias, as the sides are shown: A is the left one.
ALIASES: Mapping[str, Verdict] = {
    "left_much_better": Verdict.A_MUCH_BETTER,
    "left_better": Verdict.A_BETTER,
    "equally_good": Verdict.TIE,
    "right_better": Verdict.B_BETTER,
    "right_much_better": Verdict.B_MUCH_BETTER,
    "both_bad": Verdict.BOTH_BAD,
    "unsure": Verdict.UNSURE,
}
_WORDS: Mapping[Verdict, str] = {
    Verdict.A_MUCH_BETTER: "Left is much better",
    Verdict.A_BETTER: "Left is better",
    Verdict.TIE: "Equally good",
    Verdict.B_BETTER: "Right is better",
    Verdict.B_MUCH_BETTER: "Right is much better",
    Verdict.BOTH_BAD: "Both bad",
    Verdict.UNSURE: "Unsure",
}
_HOTKEYS = dict(zip(_WORDS, "1234567", strict=True))
_MOST_HINT = 300

#: What a choice may come back as: its alias, or, written by other programs, its words.
VERDICTS: Mapping[str, Verdict] = {
    **ALIASES,
    **{words: verdict for verdict, words in _WORDS.items()},
}
_ALIAS_OF = {verdict: alias for alias, verdict in ALIASES.items()}


def alias_of(verdict: Verdict) -> str:
    """Return how a verdict as shown is said in a result.

    >>> alias_of(Verdict.BOTH_BAD)
    'both_bad'
    """
    return _ALIAS_OF[verdict]


def labelling_config(rubric: Rubric) -> str:
    """Return the configuration of a project in which people work by a rubric."""
    return "\n".join(_lines(rubric))


def _lines(rubric: Rubric) -> Iterator[str]:
    yield "<View>"
    yield f"  <!-- {_comment(rubric.constitution_id)} -->"
    yield f"  <Header value={quoteattr(rubric.title or rubric.constitution_id)}/>"
    told = 'layout="dialogue" nameKey="role" textKey="content"'
    yield f'  <Paragraphs name="prompt" value="${MESSAGES}" {told}/>'
    yield f'  <Pairwise name="{PAIRWISE}" toName="{LEFT},{RIGHT}"/>'
    yield '  <View style="display: grid; grid-template: auto / 1fr 1fr; column-gap: 1em">'
    yield f'    <Text name="{LEFT}" value="${LEFT}"/>'
    yield f'    <Text name="{RIGHT}" value="${RIGHT}"/>'
    yield "  </View>"
    yield f'  <Choices name="{VERDICT}" toName="{LEFT}" choice="single" showInline="true">'
    for verdict, words in _WORDS.items():
        hint = f" hint={quoteattr(_shown(verdict, rubric))}"
        yield f'    <Choice alias="{_ALIAS_OF[verdict]}" value="{words}" hotkey="{_HOTKEYS[verdict]}"{hint}/>'
    yield "  </Choices>"
    yield '  <Header value="Clauses that decide" size="5"/>'
    yield f'  <Choices name="{CLAUSES}" toName="{LEFT}" choice="multiple" showInline="true">'
    for clause in rubric.clauses:
        yield f"    <Choice value={quoteattr(clause.id)} hint={quoteattr(_short(clause.rule))}/>"
    yield "  </Choices>"
    for name in rubric.dimensions:
        yield f'  <Header value={quoteattr(name)} size="5"/>'
        yield f'  <Rating name={quoteattr(DIMENSION + name)} toName="{LEFT}" maxRating="5"/>'
    yield (
        f'  <TextArea name="{RATIONALE}" toName="{LEFT}" rows="3" maxSubmissions="1" editable="true"'
        ' placeholder="Why? Name what decided."/>'
    )
    yield "</View>"


def _shown(verdict: Verdict, rubric: Rubric) -> str:
    """Return what an answer means; the rubric speaks of A and B, the screen of left and right."""
    return _WORDS[verdict] if verdict.preference is not None else rubric.answers[verdict]


def _short(text: str) -> str:
    whole = " ".join(text.split())
    return whole if len(whole) <= _MOST_HINT else whole[: _MOST_HINT - 1] + "…"


def _comment(text: str) -> str:
    return escape(text).replace("--", "- -")
