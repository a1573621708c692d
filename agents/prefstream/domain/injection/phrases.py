"""English phrases of several words as concepts."""

import re
from collections.abc import Iterator
from typing import NamedTuple

_JUDGING = r"(?:scor|grad|rat|rank|compar|judg|evaluat)"
_DENIED = r"(?:follow|apply|applies|obey|heed|read|consider|look at|trust|compar(?:e|ing)|evaluat(?:e|ing))"
_DENIABLE = "follow apply applies obey heed read consider look trust compare comparing evaluate evaluating"
_JUDGES = (
    "compare compares comparing judge judges judging grade grades grading score scores scoring "
    "rate rates rating rank ranks ranking evaluate evaluates evaluating"
)


class Phrase(NamedTuple):
    """A pattern on small letters, and sets of words of each of which one stands in all that it matches."""

    concepts: tuple[str, ...]
    words: tuple[frozenset[str], ...]
    #: Begins with a letter where it can: that is searched for many times faster than a word boundary.
    pattern: re.Pattern[str]
    #: What stands right before it.
    before: re.Pattern[str] | None

    def found(self, lowered: str) -> Iterator[re.Match[str]]:
        """Yield where the phrase stands."""
        for match in self.pattern.finditer(lowered):
            begin = match.start()
            if self.before is None or self.before.search(lowered[max(0, begin - 40) : begin]):
                yield match


def _phrase(concepts: str, words: str, pattern: str, *, before: str = "") -> Phrase:
    groups = tuple(frozenset(group.split()) for group in words.split("|"))
    return Phrase(
        tuple(concepts.split()), groups, re.compile(pattern), re.compile(before) if before else None
    )


PHRASES = (
    *(
        _phrase("IGNORE", _DENIABLE, rf"{denial}\s(?:\w{{1,12}}\s)?{_DENIED}\b")
        for denial in ("not", "n't", "no longer", "no need to", "never", "stop")
    ),
    _phrase("IGNORE", "release free", r"\b(?:release|free) you from\b"),
    _phrase("IGNORE", "attention", r"no attention\b"),
    _phrase("IGNORE", "aside", r"\b(?:set|put|leave)\s(?:\w{1,12}\s){0,3}aside\b"),
    _phrase("ROLE", "act|as", r"act as\b"),
    _phrase("ROLE", "now longer|you", r"you(?: are|'re) (?:now|no longer)\b"),
    _phrase("ROLE", "now|from|on", r"from now on\b"),
    _phrase("ROLE", "play|role part game", r"play (?:the|a) (?:role|part|game)\b"),
    _phrase(
        "ROLE",
        "judge evaluator grader rater",
        r"you (?:play|are|were) (?:a|an|the|my) (?:\w{1,12} )?(?:judge|evaluator|grader|rater)\b",
    ),
    _phrase(
        "NOUN SELF",
        "reading front before hand|one text response answer reply",
        r"\b(?:one|text|response|answer|reply) (?:that )?(?:you are (?:now )?reading|in front of you"
        r"|before you|at hand)\b",
    ),
    _phrase(
        "NOUN OTHER",
        "assistant chatbot contestant text",
        r"\b(?:other|competing|rival|second) (?:assistant|chatbot|contestant|text)\b",
    ),
    _phrase(
        "JUDGE DEAR",
        "whoever anyone everyone",
        r"\b(?:whoever|anyone who|everyone who) (?:is |has to |must )?"
        r"(?:scor|grad|rat|rank|compar|judg|evaluat|read|decid|choos|select)\w{0,6}\b",
    ),
    _phrase(
        "JUDGE DEAR",
        "label labels score scores verdict verdicts rating ratings marks grades",
        r"\b(?:who|that|you) (?:assigns?|gives?|sets?|hands? out) (?:the |a )?(?:labels?|scores?"
        r"|verdicts?|ratings?|marks|grades)\b",
    ),
    *(
        _phrase(
            "JUDGE DEAR",
            f"{machine} {machine}s|{_JUDGES}",
            rf"{machine}s?,? (?:(?:that|who|which) (?:is |are |will )?{_JUDGING}\w{{0,6}}|{_JUDGING}ing)\b",
            before=r"\b(?:to|for|dear|hey|hello|are|if) (?:the |an |any |a |you )?(?:\w{1,12} )?$",
        )
        for machine in ("model", "ai", "llm", "system", "assistant", "machine")
    ),
)
