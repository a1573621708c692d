"""Responses that were cut off: by what the model says, an open code fence, or an end in mid-sentence."""

import re
from typing import Final

from prefstream.domain.checks.texts import PairTexts
from prefstream.schemas.values import Response

#: Parameters under which an answer may say why it ended, and what they say at the limit of tokens.
_STOPS: Final = ("finish_reason", "stop_reason", "stop")
_AT_LIMIT: Final = frozenset(("length", "max_tokens", "max_output_tokens", "model_length"))
#: Shorter answers may be phrases, where an end in mid-sentence means nothing.
_LONG: Final = 200
#: Characters at the end that are looked at.
_TAIL: Final = 80
#: Characters of a last line that may be the greeting of a letter, which ends with a comma.
_GREETING: Final = 30
_FENCE: Final = re.compile(r"^ {0,3}```", re.MULTILINE)
#: Words that no sentence ends with. English only: elsewhere a particle may well stand last.
_OPEN: Final = (
    "the a an and or but nor of into onto from than because although whereas while if unless",
    "its their our your my whose",
)
_OPEN_WORDS: Final = frozenset(word for words in _OPEN for word in words.split())
_LAST_WORD: Final = re.compile(r"(?:^|\s)([a-z]+)$")


def truncated_response(texts: PairTexts) -> str:
    """Return which responses were cut off and how that shows."""
    pair = texts.pair
    sides = (("A", pair.response_a), ("B", pair.response_b))
    return "; ".join([f"response {side} {how}" for side, one in sides if (how := _how(one))])


def _how(response: Response) -> str:
    if response.parameters:
        for name in _STOPS:
            if (said := response.parameters.get(name)) in _AT_LIMIT:
                return f"ended at its limit of tokens ({name}: {said})"
    text = response.text
    if "```" in text and len(_FENCE.findall(text)) % 2:
        return "opens a code fence and never closes it"
    return _open_end(text) if len(text) >= _LONG else ""


def _open_end(text: str) -> str:
    tail = text[-_TAIL:].rstrip()
    if tail.endswith((",", "\uff0c", "\u3001")) and "\n" not in tail[-_GREETING:]:
        return "ends with a comma"
    word = _LAST_WORD.search(tail)
    if word and word[1] in _OPEN_WORDS:
        return f"ends in the middle of a sentence, with '{word[1]}'"
    return ""
