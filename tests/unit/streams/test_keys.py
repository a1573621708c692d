"""A key that is refused: said once, shown in health, and not asked again by every waiting pair."""

import structlog

from prefstream.adapters.models.exchange import refused
from prefstream.schemas.calls import Answer, Call, Failure, Reply
from prefstream.streams.keys import FORBIDDEN_IN_A_ROW, PROBE_S, Keys, KeyWatch, watched

CALL = Call(provider="anthropic", request={"model": "m"})
REPLY = Reply(content={}, at_ms=0)
REFUSED = refused("anthropic", 401, "invalid key sk-1", {}, secret="sk-1")


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


class Vendor:
    """Answers with what it is told to."""

    def __init__(self, answer: Answer) -> None:
        self.says = answer
        self.asked = 0

    async def answer(self, call: Call) -> Answer:
        self.asked += 1
        return self.says


def a_watch(vendor: Vendor) -> tuple[KeyWatch, Keys, Clock]:
    clock = Clock()
    keys = Keys(clock_s=clock)
    return KeyWatch("anthropic", vendor, keys), keys, clock


async def test_after_a_refusal_calls_wait_without_asking_until_a_probe_is_due() -> None:
    vendor = Vendor(REFUSED)
    watch, _, clock = a_watch(vendor)
    answers = [await watch.answer(CALL) for _ in range(5)]

    assert answers == [REFUSED] * 5
    assert vendor.asked == 1
    clock.now_s += PROBE_S
    assert [await watch.answer(CALL) for _ in range(5)] == [REFUSED] * 5
    assert vendor.asked == 2


async def test_a_refused_key_is_said_once_with_what_to_do_and_without_the_key() -> None:
    watch, keys, clock = a_watch(Vendor(REFUSED))
    with structlog.testing.capture_logs() as logs:
        for _ in range(3):
            await watch.answer(CALL)
            clock.now_s += PROBE_S

    assert [(entry["event"], entry["log_level"]) for entry in logs] == [("key.refused", "error")]
    assert "PREFSTREAM_JUDGE__ANTHROPIC_API_KEY" in logs[0]["do"]
    assert "sk-1" not in str(logs)
    assert keys.complaints() == [f"the key was refused for anthropic:m; {logs[0]['do']}"]


async def test_a_key_that_works_again_ends_the_complaint() -> None:
    vendor = Vendor(REFUSED)
    watch, keys, clock = a_watch(vendor)
    await watch.answer(CALL)
    vendor.says = REPLY
    clock.now_s += PROBE_S

    assert await watch.answer(CALL) == REPLY
    assert keys.complaints() == []
    assert await watch.answer(CALL) == REPLY


async def test_a_key_that_is_not_allowed_one_model_goes_on_serving_the_others() -> None:
    watch, keys, _ = a_watch(Vendor(REFUSED))
    await watch.answer(CALL)
    other = Call(provider="anthropic", request={"model": "n"})

    assert keys.held("anthropic", "m") == REFUSED
    assert keys.held("anthropic", str(other.request["model"])) is None


async def test_one_forbidden_text_makes_its_own_pair_wait_and_no_other() -> None:
    vendor = Vendor(refused("anthropic", 403, "no", {}))
    watch, keys, _ = a_watch(vendor)
    for _ in range(5):
        vendor.says = refused("anthropic", 403, "no", {})
        await watch.answer(CALL)
        vendor.says = REPLY
        assert await watch.answer(CALL) == REPLY

    assert keys.complaints() == []


async def test_a_key_that_is_forbidden_again_and_again_is_held_to_be_the_cause() -> None:
    vendor = Vendor(refused("anthropic", 403, "no", {}))
    watch, keys, _ = a_watch(vendor)
    for _ in range(FORBIDDEN_IN_A_ROW + 5):
        await watch.answer(CALL)

    assert vendor.asked == FORBIDDEN_IN_A_ROW
    assert len(keys.complaints()) == 1


async def test_other_failures_are_nothing_of_the_keys() -> None:
    vendor = Vendor(Failure(reason="overloaded", detail="529", transient=True))
    watch, keys, _ = a_watch(vendor)
    for _ in range(3):
        await watch.answer(CALL)

    assert vendor.asked == 3
    assert keys.complaints() == []


def test_only_providers_that_need_a_key_are_watched() -> None:
    vendor = Vendor(REPLY)
    found = watched({"anthropic": vendor, "openai": vendor, "recorded": vendor}, Keys())

    assert {name for name, provider in found.items() if isinstance(provider, KeyWatch)} == {
        "anthropic",
        "openai",
    }
    assert found["recorded"] is vendor
