"""A response in another language than the prompt: told only where both are certain."""

# ruff: noqa: RUF001  (texts of other scripts hold letters that look like Latin ones)

import pytest
from tests.factories import a_message, a_pair_proposed, a_response

from prefstream.domain.checks.languages import language_mismatch
from prefstream.domain.checks.texts import PairTexts

TEXTS = {
    "en": "The weather in the mountains can change quickly, so always carry a warm jacket with you.",
    "de": "Das Wetter in den Bergen kann schnell umschlagen, darum sollte man immer eine Jacke mitnehmen.",
    "fr": "Le temps en montagne peut changer rapidement, il faut donc toujours emporter une veste chaude.",
    "es": "El tiempo en la montaña puede cambiar rápidamente, por eso siempre hay que llevar una chaqueta.",
    "it": "Il tempo in montagna può cambiare rapidamente, quindi bisogna sempre portare una giacca calda.",
    "nl": "Het weer in de bergen kan snel veranderen, dus je moet altijd een warme jas meenemen op reis.",
    "pt": "O tempo na montanha pode mudar rapidamente, por isso devemos levar sempre um casaco quente.",
    "ru": "Погода в горах может быстро измениться, поэтому всегда нужно брать с собой тёплую куртку.",
    "zh": "山里的天气变化很快，所以你应该随时带上一件保暖的外套，以免着凉生病。",
    "ja": "山の天気は変わりやすいので、いつも暖かい上着を持っていくようにしてください。",
    "ko": "산의 날씨는 빠르게 변할 수 있으므로 항상 따뜻한 재킷을 챙겨야 합니다. 조심하세요.",
    "ar": "يمكن أن يتغير الطقس في الجبال بسرعة، لذلك يجب عليك دائما أن تحمل معك سترة دافئة.",
    "tr": "Dağlarda hava çok çabuk değişebilir, bu yüzden yanınızda her zaman bir ceket olmalıdır.",
}


def mismatch(prompt: str, response: str) -> str:
    pair = a_pair_proposed(
        messages=(a_message(prompt),), response_a=a_response(prompt), response_b=a_response(response)
    )
    return language_mismatch(PairTexts(pair))


@pytest.mark.parametrize("asked", TEXTS)
@pytest.mark.parametrize("answered", TEXTS)
def test_an_answer_in_another_language_is_found_and_one_in_the_same_is_not(asked: str, answered: str) -> None:
    said = mismatch(TEXTS[asked], TEXTS[answered])
    near = {asked, answered} == {"es", "pt"}
    expected = "" if asked == answered or near else f"the prompt is in {asked}, response B in {answered}"
    assert said == expected


@pytest.mark.parametrize(
    ("prompt", "response"),
    [
        ("How do you say this in German? " + TEXTS["en"], TEXTS["de"]),
        ("Translate for me, please: " + TEXTS["en"], TEXTS["fr"]),
        ("Fasse das auf Englisch zusammen: " + TEXTS["de"], TEXTS["en"]),
        ("Correct the mistakes in the following sentence for me, please.\n" + TEXTS["es"], TEXTS["es"]),
        ("Hi", TEXTS["fr"]),
        (TEXTS["en"], "Ja, gern."),
        (TEXTS["en"], "```\nfor name in names:\n    print(name, sum(values[name]))\n```"),
        (TEXTS["en"], "Bordeaux, Champagne, Beaujolais, Chablis, Sancerre"),
        ("x = [1, 2, 3]\nprint(x)", TEXTS["de"]),
        ("", TEXTS["de"]),
    ],
)
def test_what_asks_for_it_is_short_or_is_code_is_left_alone(prompt: str, response: str) -> None:
    assert not mismatch(prompt, response)


def test_the_last_turn_of_the_user_is_what_counts() -> None:
    pair = a_pair_proposed(
        messages=(a_message(TEXTS["en"]), a_message(TEXTS["de"])),
        response_a=a_response(TEXTS["de"] + " Gut."),
        response_b=a_response(TEXTS["en"]),
    )
    assert language_mismatch(PairTexts(pair)) == "the prompt is in de, response B in en"
