"""Answers of the outside world: scripted, and journalled the way a running process does it."""

from collections.abc import Callable

from prefstream.schemas.calls import Answer, Call, Failure, Reply

Script = Callable[[Call], Answer]


def no_answers(call: Call) -> Answer:
    """Answer every call with the permanent failure of a provider that is not set."""
    return Failure(reason="no_provider", detail=f"no provider {call.provider!r} is set", transient=False)


class Answers:
    """Asks a script, at most once per request for which there is a reply to keep."""

    def __init__(self, script: Script) -> None:
        """Begin with an empty journal.

        Args:
            script: What the outside world answers; it stands for providers and their faults.
        """
        self._script = script
        #: Replies by request id; it survives every crash.
        self.journal: dict[str, Reply] = {}
        #: How often the outside world was asked.
        self.asked = 0

    def answer(self, call: Call) -> Answer:
        """Return the journalled reply, or ask and journal the reply; failures are not kept."""
        known = self.journal.get(call.request_id)
        if known is not None:
            return known
        self.asked += 1
        answer = self._script(call)
        if call.journalled and isinstance(answer, Reply):
            self.journal[call.request_id] = answer
        return answer
