"""The provider "offline": answers from the offline writers, at once and always the same."""

from prefstream.domain.offline.writers import STYLES, written
from prefstream.schemas.calls import Answer, Call, Failure, Reply


class OfflineModel:
    """Answers calls to the offline writers."""

    async def answer(self, call: Call) -> Answer:
        """Return the writer's answer; it takes no time, so it moves no event's time."""
        style, prompt = call.request.get("style"), call.request.get("prompt")
        known = next((known for known in STYLES if known == style), None)
        if known is None or not isinstance(prompt, str):
            return Failure(
                reason="bad_request",
                detail=f"the offline writers are {', '.join(STYLES)}; asked was {style!r}",
                transient=False,
            )
        return Reply(content={"text": written(known, prompt)}, at_ms=0)

    async def aclose(self) -> None:
        """Hold nothing, so close nothing."""
