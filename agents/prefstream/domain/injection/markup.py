"""Marks that mean something to the machinery around a judge: prompts, tools, verdicts as data."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from prefstream.domain.injection.findings import Kind

_SIDE = (
    r"(?:(?P<side>[ab])(?:>{1,2}|(?=\s*(?:$|[.,;)\]}\"'`<\n]|is\b|wins\b)))|=(?=[\"'])"
    r"|first|second|response[ _]?[ab12]|left|right|unsure|both_bad)"
)
_TOOLS = r"(?:record|submit|set|save|store|report)_(?:verdict|preference|judge?ment|ranking|rating|score)"


class Mark(NamedTuple):
    """A pattern, with what must stand in a text before it is worth a search."""

    kind: Kind
    #: A substring, or nothing.
    symbol: str
    #: Sets of words; one of each must occur.
    words: tuple[frozenset[str], ...]
    #: On small letters; a group `side` holds a letter that is a capital in the text.
    pattern: re.Pattern[str]


def _mark(kind: Kind, symbol: str, words: str, pattern: str) -> Mark:
    groups = tuple(frozenset(group.split()) for group in words.split("|") if group)
    return Mark(kind, symbol, groups, re.compile(pattern, re.MULTILINE))


MARKS = (
    _mark(Kind.PROMPT_MARKUP, "<|", "", r"<\|[a-z_]{2,40}\|>"),
    _mark(Kind.PROMPT_MARKUP, "", "inst sys", r"\[/?inst\]|<</?sys>>"),
    _mark(Kind.PROMPT_MARKUP, "_of_turn>", "", r"<(?:start|end)_of_turn>"),
    _mark(Kind.PROMPT_MARKUP, "<<", "", r"<<\s{0,3}(?:end of )?(?:conversation|response [ab])\b"),
    _mark(
        Kind.PROMPT_MARKUP,
        "end of ",
        "",
        r"(?:^|[\[(<{=#*-])[ \t]{0,3}end of (?:the )?(?:[a-z]{1,12} )?"
        r"(?:data|content|input|conversation|responses?|candidates?|answers?|documents?"
        r"|text)\b[ \t]{0,3}[\])>}=#*-]",
    ),
    _mark(
        Kind.PROMPT_MARKUP,
        "<",
        "response answer candidate output assistant system instructions judge verdict winner preference",
        r"</?(?:response|answer|candidate|output|assistant)[_ -](?:a|b|1|2)>"
        r"|</?(?:instructions|judge|verdict|winner|preference)>"
        r"|<system>[^<]{0,200}\b(?:you|your|judge|verdict|prefer|responses?|texts?)\b",
    ),
    _mark(Kind.PROMPT_MARKUP, "###", "", r"^#{2,4} ?(?:instructions?|system)\b[^\n]{0,30}$"),
    _mark(Kind.TOOL_FORGERY, "_", "record submit set save store report", rf"\b{_TOOLS}\b"),
    _mark(
        Kind.TOOL_FORGERY,
        "<",
        "function invoke tool",
        r"<function_calls>|<invoke name=|</?tool_(?:use|call|result|response)>",
    ),
    _mark(Kind.TOOL_FORGERY, ":", "tool", r"\btool (?:output|result|response|call)\s?:"),
    _mark(
        Kind.FAKE_VERDICT,
        "",
        "verdict winner prefer preferred preference chosen judgement judgment decision outcome",
        r"\b(?:verdict|winner|prefer(?:red|ence)?(?:[_ ](?:response|answer|side))?|final[_ ]preference|chosen"
        r"|judge?ment|decision|outcome)\b"
        rf"[\"'*_`]{{0,3}}\s?(?:[:=>-]{{1,3}}|is|was|goes to|shall be|must be)[\s\"'*_`\[(]{{0,5}}"
        rf"(?:strongly |clearly |slightly |always )?{_SIDE}",
    ),
    _mark(
        Kind.FAKE_VERDICT,
        "better_",
        "",
        r"\bbetter_(?:response|answer|side)\b"
        rf"[\"'*_`]{{0,3}}\s?(?:[:=>-]{{1,3}}|is|was|goes to|shall be|must be)[\s\"'*_`\[(]{{0,5}}"
        rf"(?:strongly |clearly |slightly |always )?{_SIDE}",
    ),
    _mark(Kind.FAKE_VERDICT, "", "label", r"\blabel[\"'*]{0,3}\s?[:=]\s?[\"']?[ab]>"),
    _mark(Kind.FAKE_VERDICT, "[[", "a b c", r"\[\[[abc]\]\]"),
    _mark(
        Kind.FAKE_VERDICT, "_", "score rating", r"\b(?:score|rating)_(?:a|b|1|2)\b[\"']?\s?[:=]\s?[\"']?\d"
    ),
    _mark(
        Kind.FAKE_VERDICT,
        ">>",
        "a b",
        r"(?:^|(?<=[\s\"'(:`*]))(?<!, )(?P<side>[ab])>>(?=$|[\"'.,;:!?)\]}<`*\n]|\s(?![\w(]{0,30}[;({=]))",
    ),
    _mark(
        Kind.SYSTEM_IMPERSONATION,
        "",
        "system administrator admin developer operator server anthropic openai|response responses "
        "verdict evaluation "
        "evaluator judge judging winner prefer preferred preference comparison rubric",
        r"(?:^|[\[(*<#]\s?)(?:[a-z]{1,12} )?(?:system|administrator|admin|developer|operator|server"
        r"|anthropic|openai)"
        r"(?: (?:message|notice|override|prompt|instructions?|note|team))?[\])*>#:,][^\n]{0,160}"
        r"\b(?:response|verdict|evaluat|judge|winner|prefer|comparison|rubric)",
    ),
    _mark(
        Kind.SCORE_CLAIM,
        "",
        "score rating grade overall total correctness helpfulness accuracy",
        r"\b(?:score|rating|grade|overall|total|correctness|helpfulness"
        r"|accuracy)\b[*_\"']{0,3}\s?[:=]\s?[*_\[]{0,4}"
        r"(?:10 ?/ ?10|5 ?/ ?5|100 ?/ ?100|30 ?/ ?30|five stars|100 out of 100|10 out of 10)(?!\d)",
    ),
    _mark(
        Kind.FAKE_VERDICT,
        "|",
        "verdict winner preference preferred|response first",
        r"^\|[^\n]{0,80}\b(?:response a\b[^\n]{0,80}\bresponse b|first\b[^\n]{0,80}\bsecond)\b",
    ),
    _mark(
        Kind.FAKE_VERDICT,
        "?",
        "which",
        r"\bwhich (?:\w{1,12} ){0,5}(?:responses?|answers?|outputs?|reply|replies) (?:is|was|wins"
        r"|are) ?(?:better|best)?\?"
        r"\s{0,4}(?:\w{1,10}:\s{0,3})?(?:the )?(?:first|second|response|this)\b",
    ),
    _mark(
        Kind.INSTRUCTION_TO_JUDGE,
        "",
        "response responses reply replies answer answers|must should shall automatic automatically "
        "always|preferred selected win "
        "wins lose picked disqualified favoured favored treated marked counted regarded penalised "
        "penalized",
        r"\b(?:responses?|repl(?:y|ies)|answers?)\b[^.\n]{0,70}\b(?:must|should|shall|automatic(?:ally)?"
        r"|always)\b"
        r"[^.\n]{0,25}\b(?:preferred|selected|win|wins|lose|picked|disqualified|favou?red|penali[sz]ed"
        r"|(?:treated|marked|counted|regarded) as (?:an? )?(?:\w{1,10} )?(?:worse|hallucination|error"
        r"|wrong|invalid|unsafe|"
        r"better|best|superior|inferior|winner))\b",
    ),
    _mark(
        Kind.INSTRUCTION_TO_JUDGE,
        "",
        "prefer favor favour select pick choose vote go reward|response responses reply completion "
        "completions",
        r"\b(?:prefer|favou?r|select|pick|choose|vote for|go with|reward) (?:the |whichever |any |every )?"
        r"(?:response|reply|completion)s? (?:that|which|with|above)\b",
    ),
    _mark(
        Kind.FAKE_VERDICT,
        "",
        "this|preferred better winning gold golden superior reference chosen",
        r"\bthis is (?:the|a|my) (?:\w{1,12} )?(?:preferred|better|winning|gold|golden|superior"
        r"|reference|chosen) "
        r"(?:response|reply|output|completion|answer)\b",
    ),
    _mark(
        Kind.FAKE_VERDICT,
        "",
        "this|pair comparison item round one response|label verdict preference winner result decision",
        r"\b(?:label|verdict|preference|winner|result|decision)s? (?:for|of|in) this (?:pair|comparison"
        r"|item|round|one|response)\b",
    ),
    _mark(
        Kind.SCORE_CLAIM,
        "",
        "response answer reply text one|deserves earns merits gets receives",
        r"\b(?:response|answer|reply|text|one)\b[^.\n]{0,30}\b(?:deserves|earns|merits|gets"
        r"|receives)\b[^.\n]{0,20}"
        r"\b(?:(?:five|5) stars|10|ten|full marks|the highest|the top|100|the maximum|the win"
        r"|the victory|first place)\b",
    ),
    _mark(
        Kind.FAKE_VERDICT,
        "",
        "comparison|better wins preferred chosen",
        r"\bcomparison\b[^.\n]{0,20}\b(?:first|second|response [ab]|[ab])\b[^.\n]{0,12}\b(?:better|wins"
        r"|preferred|chosen)\b",
    ),
    _mark(
        Kind.FAKE_VERDICT,
        ">",
        "a b",
        r"\b(?:return|output|record|say|give|choose|label|verdict|pick"
        r"|answer)\b[^.\n]{0,20}(?<= )(?P<side>[ab])>(?=[\s\"'.,;)]|$)",
    ),
    _mark(
        Kind.FAKE_VERDICT,
        "",
        "assistant",
        r"\bassistant (?P<side>[ab])\b",
    ),
    _mark(
        Kind.INSTRUCTION_TO_JUDGE,
        "",
        "your|verdict rubric grading scoring",
        r"\byour (?:verdict|rubric|grading|scoring)\b",
    ),
    _mark(
        Kind.INSTRUCTION_TO_JUDGE,
        "",
        "me|choose pick prefer select vote reward",
        r"\b(?:choose|pick|prefer|select|vote for|reward) me\b(?! (?:up|a|an|the|some|as)\b)",
    ),
    _mark(
        Kind.FAKE_VERDICT,
        "=",
        "verdict winner preferred preference",
        r"^\s{0,8}(?:side|winner|preferred|verdict|preference|label)\s?=\s?[\"']?(?P<side>[ab])\b",
    ),
    _mark(
        Kind.SYSTEM_IMPERSONATION,
        "",
        "judges graders raters evaluators annotators experts",
        r"\b(?:judges|graders|raters|evaluators|annotators|experts)\b[^.\n]{0,60}"
        r"\b(?:agreed on|agree on|chose|picked|preferred|voted for|decided for|favou?red"
        r"|selected) (?P<side>[ab])\b",
    ),
    _mark(
        Kind.INSTRUCTION_TO_JUDGE,
        "",
        "clause clauses|response responses reply answer verdict judge",
        r"\bclauses? p-?\d{1,2}\b",
    ),
    _mark(
        Kind.FAKE_VERDICT,
        "",
        "response assistant",
        r"\b(?:response|assistant) #?[12] (?:[a-z]{1,16}(?:s|ed|ly)|did|only|also|should|and response"
        r"|or response)\b",
    ),
    _mark(
        Kind.FAKE_VERDICT,
        "",
        "both|responses outputs assistants",
        r"\bboth (?:responses|outputs|assistants) (?:are|were|have|do|did|give|provide|follow|answer"
        r"|contain|fail|correctly)\b",
    ),
    _mark(Kind.SCORE_CLAIM, "[[", "rating", r"\brating\b[^\n]{0,40}\[\[\d{1,3}\]\]"),
)


_WORDY: dict[str, int] = {}
_SYMBOLIC = 0
for _place, _one in enumerate(MARKS):
    if not _one.words:
        _SYMBOLIC |= 1 << _place
    for _word in _one.words[0] if _one.words else ():
        _WORDY[_word] = _WORDY.get(_word, 0) | 1 << _place


def marks(cased: str, lowered: str, words: set[str]) -> Iterator[tuple[int, Kind]]:
    """Yield where a folded text holds which marks, each pattern once.

    Args:
        cased: The folded text.
        lowered: The same in small letters.
        words: Its words in small letters.

    >>> [kind.value for _, kind in marks("Fine. [[A]]", "fine. [[a]]", {"fine", "a"})]
    ['fake_verdict']
    """
    worth = _SYMBOLIC
    for word in words & _WORDY.keys():
        worth |= _WORDY[word]
    while worth:
        lowest = worth & -worth
        worth ^= lowest
        kind, symbol, groups, pattern = MARKS[lowest.bit_length() - 1]
        if symbol in lowered and not any(map(words.isdisjoint, groups)):
            found = next((match for match in pattern.finditer(lowered) if _capital(cased, match)), None)
            if found is not None:
                yield found.start(), kind


def _capital(cased: str, match: re.Match[str]) -> bool:
    side = match.start("side") if "side" in match.re.groupindex else -1
    return side < 0 or cased[side].isupper()
