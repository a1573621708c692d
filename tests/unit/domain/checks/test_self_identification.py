"""Responses that say which model wrote them, and sentences that only speak of models."""

import pytest
from tests.factories import a_message, a_pair_proposed, a_response

from prefstream.domain.checks.self_identification import self_identification
from prefstream.domain.checks.texts import PairTexts


def found(text: str) -> str:
    return self_identification(PairTexts(a_pair_proposed(response_b=a_response(text))))


@pytest.mark.parametrize(
    "text",
    [
        "As an AI language model, I cannot say.",
        "I'm sorry, but as an AI language model developed by OpenAI, I cannot.",
        "As a language model, I have no age.",
        "My goal as a language model is to help.",
        "I'm just a large language model and can't edit your calendar.",
        "I am ChatGPT, a large language model trained by OpenAI.",
        "Hello! I\u2019m Claude, made by Anthropic.",
        "I was created by Anthropic to be helpful.",
        "I am an AI assistant developed by Google.",
        "My name is Qwen.",
        "I am an instance of GPT-4.",
        "Als KI-Sprachmodell kann ich das nicht.",
        "Ich bin ein großes Sprachmodell, das trainiert wurde.",
        "Ich wurde von OpenAI entwickelt.",
        "En tant que modèle de langage, je ne peux pas.",
        "Je suis un modèle de langage.",
        "J'ai été développé par Mistral AI.",
        "Como modelo de lenguaje, no puedo.",
        "Soy un modelo de lenguaje.",
        "Fui creado por OpenAI.",
        "作为一个人工智能语言模型我不能。",
        "我是由OpenAI训练的大型语言模型。",
        "我是通义千问。",
    ],
)
def test_who_says_it_of_itself_is_found(text: str) -> None:
    assert "in response B at character" in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "ChatGPT is a large language model.",
        "I am Claude Monet, a painter.",
        "I was trained by Google on the job.",
        'He said: "I am ChatGPT", and left.',
        "A language model predicts tokens; I am learning about it.",
        "My friend Claude is from Meta, Colombia.",
        "Gemini is my star sign; I am a Gemini.",
        "I'm Grok's biggest fan and I am using ChatGPT.",
        "Treat it as a language model problem, or use BERT as a language model.",
        "语言模型是一种统计模型。",
        "As an AI, I have no opinions.",
        "Ein Sprachmodell sagt Wörter voraus.",
    ],
)
def test_who_only_speaks_of_models_is_left_alone(text: str) -> None:
    assert not found(text)


def test_a_user_may_say_so_and_the_place_is_told() -> None:
    asked = a_message("As an AI language model, what are you?")
    pair = a_pair_proposed(messages=(asked,), response_a=a_response("Well. As an AI language model, I ..."))
    assert self_identification(PairTexts(pair)) == "'As an AI language model' in response A at character 7"
