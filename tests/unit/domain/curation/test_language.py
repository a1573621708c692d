"""The language of a prompt."""

# ruff: noqa: RUF001  (look-alike letters are what is tested)

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.factories import a_prompt_curated

from prefstream.domain.curation.language import TAG, UNDETERMINED, declared_language, language_of


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Please explain why the sky is blue during the day."),
        ("de", "Bitte schreibe einen Brief an meine Mutter."),
        ("fr", "Explique-moi pourquoi le ciel est bleu pendant la journée."),
        ("es", "Escribe una carta a mi madre, por favor, con mucho cariño."),
        ("pl", "Napisz list do mojej mamy, proszę."),
        ("ru", "Напиши письмо моей маме, пожалуйста."),
        ("uk", "Напиши листа моїй матері, будь ласка."),
        ("el", "Μπορείς να μου εξηγήσεις γιατί ο ουρανός είναι μπλε;"),
        ("ar", "اكتب رسالة إلى أمي من فضلك واشرح لي لماذا السماء زرقاء"),
        ("he", "נא לכתוב מכתב לאמא שלי"),
        ("fa", "یک نامه برای مادرم بنویس لطفا"),
        ("hi", "कृपया मेरी माँ को एक पत्र लिखो और बताओ कि आसमान नीला क्यों है"),
        ("zh", "请写一封信给我的母亲"),
        ("ja", "お母さんに手紙を書いてください"),
        ("ko", "어머니께 편지를 써 주세요"),
        ("th", "สวัสดีครับ ช่วยเขียนจดหมายให้หน่อย"),
        ("vi", "Viết một bức thư cho mẹ tôi"),
    ],
)
def test_languages_are_told_in_many_scripts(language: str, text: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "42",
        "2 + 2 = ?",
        "hi",
        "x",
        "!?",
        "def f(x):\n    return x + 1",
        "for (int i = 0; i < n; i++) {\n  sum += a[i];\n}",
        "SELECT name FROM users WHERE id = 3;",
        "```\nThis is English prose, but it is fenced as code.\n```",
        "https://example.org/this/is/an/address/and/nothing/else",
        "\U0001f600\U0001f600\U0001f600",
    ],
)
def test_what_is_too_short_or_only_code_has_no_language(text: str) -> None:
    assert language_of(text) == UNDETERMINED


def test_code_beside_prose_does_not_hide_the_language_of_the_prose() -> None:
    text = "Warum gibt diese Funktion immer null zurück?\n\n```python\ndef f(x):\n    return 0\n```"
    assert language_of(text) == "de"


def test_a_very_long_text_is_read_only_at_its_beginning() -> None:
    assert language_of("Bitte schreibe einen Brief an meine Mutter. " * 20_000) == "de"


@given(st.text(max_size=200))
def test_any_text_has_a_language_or_none_and_always_the_same(text: str) -> None:
    language = language_of(text)
    assert language == language_of(text)
    assert language.isascii()
    assert 2 <= len(language) <= 3


@pytest.mark.parametrize("unit", ["@", "a@", ".@", "= ", "{ ", "` ", "x=1;\n", "www.", " "])
def test_a_hostile_text_takes_no_longer_than_another(unit: str) -> None:
    language_of("Load the model first, please.")
    before = process_time()
    language_of(unit * 200_000)
    assert process_time() - before < 0.2


def test_a_tag_declares_a_language() -> None:
    assert declared_language(("a", "language:sv")) == "sv"
    assert declared_language(("language:",)) is None
    assert declared_language(()) is None


def test_the_tag_of_every_language_that_can_be_told_fits() -> None:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # type: ignore[import-untyped]

    labels = LanguageIdentifier.from_model_file(MODEL_FILE).labels
    said = a_prompt_curated(tags=tuple(f"{TAG}{label}" for label in labels))
    assert [declared_language((tag,)) for tag in said.tags] == labels
