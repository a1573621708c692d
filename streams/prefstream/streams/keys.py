"""Keys that a provider refuses: said loudly once, and not tried again by every waiting pair."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import structlog

from prefstream.adapters.models.exchange import KEY_REFUSED
from prefstream.schemas.calls import Answer, Call, Failure, Reply
from prefstream.streams.effects import Provider

log = structlog.get_logger(__name__)

#: After a refusal one call in so many seconds tries the key again; the others wait without asking.
PROBE_S = 30.0
#: 403 may also be a gateway that dislikes one text; so many in a row are the key.
FORBIDDEN_IN_A_ROW = 3
_WITH_KEYS = ("anthropic", "openai")


@dataclass(slots=True)
class Refused:
    """A key that was refused for one model, and when it may be tried again."""

    failure: Failure
    probe_at_s: float
    in_a_row: int = 1

    @property
    def certain(self) -> bool:
        """Return whether it is the key that is refused, not one request."""
        return self.failure.reason != "forbidden" or self.in_a_row >= FORBIDDEN_IN_A_ROW


@dataclass(slots=True, kw_only=True)
class Keys:
    """What is known of the keys of this process, by provider and model."""

    clock_s: Callable[[], float] = time.monotonic
    refused: dict[tuple[str, str], Refused] = field(default_factory=dict)

    def held(self, provider: str, model: str) -> Failure | None:
        """Return the refusal that still stands; `None` where the call may be made."""
        known = self.refused.get((provider, model))
        if known is None or not known.certain:
            return None
        now_s = self.clock_s()
        if now_s < known.probe_at_s:
            return known.failure
        # This call is the probe; whoever comes while it is under way goes on waiting.
        known.probe_at_s = now_s + PROBE_S
        return None

    def learn(self, provider: str, model: str, answer: Answer) -> None:
        """Take note of what an answer says of the key."""
        if isinstance(answer, Failure) and answer.reason in KEY_REFUSED:
            self._refuse(provider, model, answer)
        elif isinstance(answer, Reply):
            known = self.refused.pop((provider, model), None)
            if known and known.certain:
                log.info("key.accepted", provider=provider, model=model)

    def _refuse(self, provider: str, model: str, failure: Failure) -> None:
        before = self.refused.get((provider, model))
        now = Refused(failure, self.clock_s() + PROBE_S, before.in_a_row + 1 if before else 1)
        self.refused[provider, model] = now
        if now.certain and not (before and before.certain):
            log.error("key.refused", provider=provider, model=model, said=failure.detail, do=_cure(provider))

    def complaints(self) -> list[str]:
        """Return one sentence for each key that is refused."""
        return [
            f"the key was refused for {provider}:{model}; {_cure(provider)}"
            for (provider, model), known in sorted(self.refused.items(), key=lambda item: item[0])
            if known.certain
        ]


@dataclass(frozen=True, slots=True)
class KeyWatch:
    """A provider whose key is watched."""

    name: str
    provider: Provider
    keys: Keys

    async def answer(self, call: Call) -> Answer:
        """Perform the call unless the key was refused a moment ago."""
        model = str(call.request.get("model") or "")
        held = self.keys.held(self.name, model)
        if held is not None:
            return held
        answer = await self.provider.answer(call)
        self.keys.learn(self.name, model, answer)
        return answer


def watched(providers: Mapping[str, Provider], keys: Keys) -> dict[str, Provider]:
    """Return the providers, those that need a key with an eye on it."""
    return {
        name: KeyWatch(name, provider, keys) if name in _WITH_KEYS and not _queues(provider) else provider
        for name, provider in providers.items()
    }


def _queues(provider: Provider) -> bool:
    # What only queues calls meets no key.
    return bool(getattr(provider, "queues", False))


def _cure(provider: str) -> str:
    variable = f"PREFSTREAM_JUDGE__{provider.upper()}_API_KEY"
    return f"pairs wait and none is lost; set {variable} to a valid key and start this process again"
