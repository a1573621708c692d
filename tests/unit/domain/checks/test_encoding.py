"""Damaged characters: what happened to them is told; what people write is left alone."""

import pytest
from tests.factories import a_pair_proposed, a_response

from prefstream.domain.checks.encoding import encoding_damage
from prefstream.domain.checks.texts import PairTexts
from prefstream.schemas.values import Message

WORDS = ("café crème", "“quoted” — dash…", "Größe", "naïve", "日本語", "Привет", "10 €", "emoji 🙂")


def damage(text: str) -> str:
    return encoding_damage(PairTexts(a_pair_proposed(response_a=a_response(text))))


@pytest.mark.parametrize("text", WORDS)
@pytest.mark.parametrize("wrong", ["cp1252", "latin-1"])
def test_utf8_that_was_read_in_another_encoding_is_found(text: str, wrong: str) -> None:
    try:
        misread = text.encode().decode(wrong)
    except UnicodeDecodeError:
        misread = text.encode().decode("latin-1")
    assert "response A" in damage(misread)


@pytest.mark.parametrize(
    "text", [*WORDS, "CAFÉ» et «À", "Ânimo", "São", "ÂÃ", "\ttab\nline\r\nend\f", "5 °C ± 2"]
)
def test_what_people_write_is_left_alone(text: str) -> None:
    assert not damage(text)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("lost \ufffd here", "a replacement character in response A at character 6"),
        ("bell \x07", "a control character (U+0007) in response A at character 6"),
        ("next \x85 line", "a control character (U+0085) in response A at character 6"),
        ("one\\ntwo\\nthree\\nfour", "escapes that were never undone in response A at character 4"),
        ("Gr\\u00f6\\u00dfe \\u00fcber", "escapes that were never undone in response A at character 3"),
        ("a &amp;lt;b&amp;gt; c", "HTML that was escaped twice in response A at character 3"),
    ],
)
def test_other_damage_is_told_with_its_place(text: str, what: str) -> None:
    assert damage(text) == what


@pytest.mark.parametrize(
    "text",
    [
        "Use `\\n`, `\\n` and `\\n` in the string.",
        "Write \\n for a line break.",
        "a \\n b \\n c \\n\nwith real lines",
        "C:\\new\\notes",
        "Use '\\u2200', '\\u2203' and '\\u2205' in the pattern, and '\\u003d' for equals.",
        "Tom &amp; Jerry",
    ],
)
def test_talk_about_escapes_is_left_alone(text: str) -> None:
    assert not damage(text)


def test_half_a_surrogate_pair_is_found() -> None:
    broken = Message.model_construct(None, role="user", content="half \ud83d")
    pair = a_pair_proposed().model_copy(update={"messages": (broken,)})
    assert encoding_damage(PairTexts(pair)) == "half a surrogate pair in the prompt at character 6"
