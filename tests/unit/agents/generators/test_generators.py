from tests.factories import NOON_MS, a_constitution, a_message, a_prompt_curated

from prefstream.agents.generation import Generation
from prefstream.agents.generators.model import ModelGenerator
from prefstream.agents.generators.offline import OfflineGenerator
from prefstream.agents.stage import Configuration, Given, Reply
from prefstream.domain.offline.writers import STYLES, slips, written
from prefstream.schemas.pairs import PairProposed
from prefstream.schemas.values import Provenance

CONFIGURATION = Configuration(constitution=a_constitution())
WRITERS = tuple(OfflineGenerator(style=style) for style in STYLES)


def test_the_two_offline_writers_make_a_pair_that_says_it_is_offline() -> None:
    stage, prompt = Generation(generators=WRITERS), a_prompt_curated()
    calls = stage.needs(prompt, Given(configuration=CONFIGURATION)).calls
    answers = {
        call.request_id: Reply(
            content={"text": written(call.request["style"], call.request["prompt"])}, at_ms=NOON_MS
        )
        for call in calls
    }

    (pair,) = stage.handle(prompt, Given(configuration=CONFIGURATION, answers=answers)).events

    assert isinstance(pair, PairProposed)
    assert not any(call.journalled for call in calls)
    assert (pair.response_a.model, pair.response_b.model) == ("offline:careful", "offline:hasty")
    assert pair.provenance is Provenance.OFFLINE


def test_hasty_slips_often_careful_hardly_and_never_both() -> None:
    prompts = [f"What is {n} + {n}?" for n in range(500)]
    careful = [slips("careful", prompt) for prompt in prompts]
    hasty = [slips("hasty", prompt) for prompt in prompts]

    assert 0 < sum(careful) < 60
    assert 250 < sum(hasty) < 350
    assert not any(a and b for a, b in zip(careful, hasty, strict=True))


def test_a_model_is_asked_with_the_system_messages_of_the_prompt() -> None:
    messages = (a_message("Speak like a pirate.", role="system"), a_message("Hello there, who are you?"))
    generator = ModelGenerator(
        provider="openai", model="m", system="Be brief.", parameters={"temperature": 0.9}
    )

    call = generator.call(a_prompt_curated(messages=messages))

    assert call.journalled
    assert call.request["system"] == "Be brief.\n\nSpeak like a pirate."
    assert [message["role"] for message in call.request["messages"]] == ["user"]
    assert call.request["parameters"] == {"temperature": 0.9}


def test_a_reply_without_text_is_an_empty_candidate() -> None:
    generator = ModelGenerator(provider="openai", model="m")

    assert generator.response({"text": None}).text == ""
    assert generator.response({"text": "Yes."}).provenance is Provenance.REAL
