"""Personal data: what is found, what is left alone, and that it is never said."""

import pytest
from tests.factories import a_message, a_pair_proposed, a_response

from prefstream.domain.checks.personal_data import pii
from prefstream.domain.checks.texts import PairTexts


def found(text: str) -> str:
    return pii(PairTexts(a_pair_proposed(response_a=a_response(text))))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Write to jane.doe@acme-corp.com today.", "an e-mail address"),
        ("(mail: j+news@sub.firma.de)", "an e-mail address"),
        ("Call +49 30 901820 now.", "a telephone number"),
        ("Call 415-867-5309 now.", "a telephone number"),
        ("Call (212) 736-5000.", "a telephone number"),
        ("Pay to GB29 NWBK 6016 1331 9268 19.", "an IBAN"),
        ("IBAN: DE89370400440532013000", "an IBAN"),
        ("Card 4539 1488 0343 6467, thanks", "a payment card"),
        ("Card 4539148803436467", "a payment card"),
        ("Amex 3714-496353-98431 no, 3782-822463-10047", "a payment card"),
        ("He logged in from 81.169.145.72 at noon", "an IP address"),
        ("and from 2a00:1450:4001:815::200e too", "an IP address"),
        ("or 2600::8a2e", "an IP address"),
        ("身份证 11010519491231002X", "a Chinese resident id"),
        ("DNI 12345678Z", "a Spanish id"),
        ("NIE X1234567L", "a Spanish id"),
        ("NIR 2 55 08 14 168 025 38", "a French social security number"),
        ("codice RSSMRA85T10A562S", "an Italian tax code"),
        ("CPF 529.982.247-25", "a Brazilian CPF"),
        ("personnummer 811228-9874", "a Swedish personal number"),
        ("henkilötunnus 131052-308T", "a Finnish personal code"),
    ],
)
def test_personal_data_are_found_and_never_said(text: str, kind: str) -> None:
    said = found(text)
    assert said.startswith(f"{kind} (")
    assert "in response A at character" in said
    told = said.split(" in response")[0]
    assert not any(
        word in told for word in text.split() if len(word) > 4 and word[0].isalnum() and "9" not in word
    )


@pytest.mark.parametrize(
    "text",
    [
        "Write to you@example.com, to test@test.test or to git@github.com.",
        "Decorate with @property and @staticmethod; a@b is a product.",
        "Call +1 (555) 555-5555 or 212-555-0147.",
        "17 * 415-867 = 23 and 415-867-530 is no number",
        "The wars of 1861-1865, 1914-1918 and 1939-1945",
        "GB28 NWBK 6016 1331 9268 19 has a wrong check digit",
        "4539 1488 0343 6468 fails Luhn, 4111 1111 1111 1111 is for tests",
        "Connect to 127.0.0.1, 192.168.1.10, 10.0.0.7, 192.0.2.44 or 8.8.8.8.",
        "Version 81.169.145.72 of the driver",
        "Section 2.3.4.5 and std::vector and 12:30:45",
        "::1, fe80::1 and 2001:db8::7",
        "DNI 12345678A, 110105194912310021, 529.982.247-26, 811228-9875, 131052-308U",
        "pi is 3.14159265358979323846264338327950288",
        "the hash d131dd02c5e6eec4693d9a0698aff95c",
        "ISBN 978-3-16-148410-0",
        "rng = default_rng(348932549825235), 4539148803436467 of them",
        "electron mass ratio 206.766 9894 and 105 658 3755",
    ],
)
def test_what_only_looks_like_it_is_left_alone(text: str) -> None:
    assert not found(text)


def test_the_prompt_is_read_too_and_places_are_told() -> None:
    pair = a_pair_proposed(
        messages=(a_message("I am jane.doe@acme.io"), a_message("and joe@acme.io")),
        response_b=a_response("a@acme.io b@acme.io"),
    )
    assert pii(PairTexts(pair)) == (
        "an e-mail address (xxxx.xxx@xxxx.xx) in message 1 at character 6;"
        " an e-mail address (xxx@xxxx.xx) in message 2 at character 5;"
        " an e-mail address (x@xxxx.xx) in response B at character 1; and 1 more"
    )


def test_one_number_is_told_once_as_the_surest_kind() -> None:
    assert found("4539 1488 0343 6467").count(" in response A") == 1
