"""Attempts: what is asked once more when the answer cannot be read, and then counts as unreadable."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import AfterValidator

from prefstream.agents.judging import UNREADABLE, Answers
from prefstream.agents.stage import Call, Failure, Reply
from prefstream.schemas.values import Usage

T = TypeVar("T")
#: No provider bills more for one call; what is larger is no count.
_MOST = 2**53


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts(Generic[T]):
    """A question to a model, and how far it has got."""

    #: What has to be asked, in view of the answers so far.
    calls: tuple[Call, ...]
    #: What was answered, readable or not.
    replies: tuple[Reply, ...]
    #: "failed": the provider gave no answer and none is to be had, or none yet.
    state: Literal["open", "said", "unreadable", "failed"]
    #: What the model said, where it could be read.
    said: T | None = None

    @property
    def contents(self) -> Sequence[Mapping[str, Any]]:
        """Return the contents of the replies."""
        return [reply.content for reply in self.replies]


def attempted(call: Call, answers: Answers, read: Callable[[Mapping[str, Any]], T | None]) -> Attempts[T]:
    """Return how far a question has got: an answer that cannot be read is asked for once more.

    Args:
        call: The question.
        answers: The answers so far.
        read: Reads the content of a reply; `None` when it cannot be read.
    """
    calls: tuple[Call, ...] = (call,)
    replies: tuple[Reply, ...] = ()
    while True:
        answer = answers.get(calls[-1].request_id)
        if answer is None:
            return Attempts(calls=calls, replies=replies, state="open")
        if isinstance(answer, Failure) and answer.reason != UNREADABLE:
            return Attempts(calls=calls, replies=replies, state="failed")
        if isinstance(answer, Reply):
            replies = (*replies, answer)
            said = read(answer.content)
            if said is not None:
                return Attempts(calls=calls, replies=replies, state="said", said=said)
        if len(calls) > 1:
            return Attempts(calls=calls, replies=replies, state="unreadable")
        calls = (call, _again(call))


def tool_input(content: Mapping[str, Any], tool: str) -> Any:
    """Return what was said through the tool; `None` when it was not, or not to the end."""
    used = content.get("tool")
    if not isinstance(used, Mapping) or used.get("name") != tool or content.get("stop") == "max_tokens":
        return None
    return used.get("input")


def storable(text: str) -> str:
    r"""Return the text as an event can hold it: half an emoji, where a model was cut off, is no text.

    >>> storable("fine \ud83d"), storable("\ud83d\ude00") == "\U0001f600"
    ('fine \ufffd', True)
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


#: A text that a model wrote.
Written = Annotated[str, AfterValidator(storable)]


def usage_of(contents: Sequence[Mapping[str, Any]]) -> Usage:
    """Return the tokens of several calls together."""
    counted = [content.get("usage") for content in contents]
    told = [usage for usage in counted if isinstance(usage, Mapping)]
    return Usage(**{name: sum(_count(usage.get(name)) for usage in told) for name in Usage.model_fields})


def cost_of(contents: Sequence[Mapping[str, Any]]) -> int:
    """Return what several calls cost together, in billionths of a dollar; what has no price adds nothing."""
    return sum(_count(content.get("cost_nanousd")) for content in contents)


def unpriced_in(contents: Sequence[Mapping[str, Any]]) -> int:
    """Return how many of several calls have a cost that nobody knows."""
    return sum("cost_unknown" in content for content in contents)


def _again(call: Call) -> Call:
    # Part of the identity: the second call must not find the first one's recorded answer.
    return Call(provider=call.provider, request={**call.request, "attempt": 2}, about=call.about)


def _count(value: Any) -> int:
    counted = isinstance(value, int) and not isinstance(value, bool)
    return value if counted and 0 < value < _MOST else 0
