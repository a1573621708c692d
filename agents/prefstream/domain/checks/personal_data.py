"""Personal data in texts: what can be told by its form and verified by a checksum or a numbering plan.

Names and street addresses have no form of their own and are not looked for. What standards reserve for
examples is left alone: RFC 2606 (domains), RFC 5737 and 3849 (addresses), 555-01xx (telephone numbers).
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from ipaddress import ip_address
from string import ascii_uppercase
from typing import Any, Final

from prefstream.domain.checks.national_ids import luhn, national_ids, near_digits
from prefstream.domain.checks.texts import PairTexts, classes, hits, masked, told

#: Bounded, so that a text of nothing but signs takes no longer than another.
_EMAIL: Final = re.compile(
    r"(?<![\w.+/:-])[A-Za-z0-9][\w.+-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.){1,5}[A-Za-z]{2,24}\b"
)
_RESERVED: Final = re.compile(
    r"(?:@|\.)(?:e?xample|test|invalid|localhost|local)(?:\.(?:com|net|org|edu))?$"
    r"|@(?:your|my|some|the|company|domain|email|mail|e-?mail|host|server|site|website|university|school|business)"
    r"[\w-]*\.(?:com|net|org|edu)$",
    re.IGNORECASE,
)
#: Not a person's, whoever reads it.
_NOBODY: Final = re.compile(
    r"(?:git|noreply|no-reply|donotreply|username|user|your\.?\w*|example|someone)@", re.IGNORECASE
)
_IBAN: Final = re.compile(
    r"(?<![\dA-Za-z])[A-Z]{2}\d\d(?: ?[\dA-Z]{4}){2,7}(?: ?[\dA-Z]{1,4})?(?![\dA-Za-z])"
)
_CARD: Final = re.compile(r"(?<![\d.,-])[2-6]\d{3}(?:[ -]?\d){9,15}(?![\d.,-]?\d)")
_CARD_GROUPS: Final = re.compile(r"\d{4}([ -])\d{4}\1\d{4}\1\d{4}|3\d{3}([ -])\d{6}\2\d{4,5}")
#: Without groups it is a long number like others, unless the text speaks of cards.
_CARD_WORD: Final = re.compile(
    r"card|visa|amex|american express|karte|carte|tarjeta|cart[aã]o|carta|\u5361|\u4fe1\u7528", re.IGNORECASE
)
_CARD_WORD_WITHIN: Final = 80
#: First digits and lengths that issuers use (ISO/IEC 7812): Visa, Mastercard, American Express, Diners Club,
#: Discover, JCB, UnionPay.
_ISSUED: Final = re.compile(
    r"4\d{15}|(?:5[1-5]|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d*(?<=^\d{16})|3[47]\d{13}"
    r"|3(?:0[0-5]|[68]\d)\d{11}|(?:6011|65\d\d|64[4-9]\d)\d{12}|35(?:2[89]|[3-8]\d)\d{12}|62\d{14,17}"
)
#: The numbers that processors of payments publish for tests.
_TEST_CARDS: Final = frozenset(
    (
        *("4111111111111111", "4242424242424242", "4012888888881881", "4000056655665556", "5555555555554444"),
        *("5105105105105100", "2223003122003222", "378282246310005", "371449635398431", "6011111111111117"),
        *("30569309025904", "4222222222222", "1234567812345670", "4000000000000002", "5454545454545454"),
    )
)
_IPV4: Final = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.]*\d)(?!/\d)")
#: Of the addresses that are given out so far (2000::/3).
_IPV6: Final = re.compile(r"(?<![\w:.])[23][0-9A-Fa-f]{3}:[0-9A-Fa-f:]{1,34}(?![\w:])")
_VERSION: Final = re.compile(r"(?:version|release|section|chapter|v|v\.|ver\.?|§)\s*$", re.IGNORECASE)
#: Servers that everybody names.
_RESOLVERS: Final = frozenset(
    ("8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9", "208.67.222.222", "208.67.220.220")
)
#: International, or the way North America writes them: elsewhere a national number has no form of its own.
_PHONE: Final = re.compile(
    r"(?<![\w+.=*/^-])"
    r"(?:\+\d[\d ().-]{7,20}\d|(?:1[ .-]?)?(?:\(\d{3}\) ?\d{3}[ .-]\d{4}|\d{3}([.-])\d{3}\1\d{4}))"
    r"(?![\w.=*/^-]?\d)"
)
#: The exchange 555, which has no subscribers, and numbers nobody has.
_FICTITIOUS: Final = re.compile(r"555\D?\d{4}$|^\D*1?\D*(\d)(?:\D*\1){9,}$|123\D?456\D?7890$")
#: What each kind cannot be without: so many digits with nothing but these between them ...
_DIGITS: Final = classes(b"0123456789")
_BETWEEN: Final = b" ().+-"
_NUMBER: Final = b"x" * 6
#: ... or dots, or colons, with nothing but digits between them ...
_DOTTED: Final = bytes(
    b"x.  "[0 if 0x30 <= byte <= 0x39 else 1 if byte == 0x2E else 2] for byte in range(256)
)
_COLONS: Final = classes(b":", mark=b":")
_HEXADECIMAL: Final = b"0123456789abcdefABCDEF"
#: ... or a run of capitals and digits.
_CAPITALS: Final = classes(b"0123456789", ascii_uppercase.encode())
_CAPITAL_RUN: Final = b"x" * 16

_Span = tuple[int, int, str]


def pii(texts: PairTexts) -> str:
    """Return where personal data stand, of which kind and shape; never what they are."""
    if not (kinds := _possible(texts.encoded)):
        return ""
    return told(hits(texts.all, lambda text: _personal(text, kinds)))


def _possible(encoded: bytes) -> tuple[Callable[[str], Iterator[_Span]], ...]:
    """Return the finders that can find anything in a text with these bytes, the surer kinds first.

    A card's digits may read as a telephone number: what is found first stands.
    """
    number = _NUMBER in encoded.translate(_DIGITS, _BETWEEN)
    dotted = b"x.x.x.x" in encoded.translate(_DOTTED).replace(b"xx", b"x").replace(b"xx", b"x")
    colons = b"::" in encoded or b":::" in encoded.translate(_COLONS, _HEXADECIMAL)
    gates = (
        (b"@" in encoded, _emails),
        (number, _ibans),
        (number, _cards),
        (number or _CAPITAL_RUN in encoded.translate(_CAPITALS), national_ids),
        (dotted or colons, _ip_addresses),
        (number, _phones),
    )
    return tuple([find for possible, find in gates if possible])


def _personal(text: str, kinds: Sequence[Callable[[str], Iterator[_Span]]]) -> Iterator[tuple[int, str]]:
    taken = bytearray(len(text))
    for find in kinds:
        for start, end, what in find(text):
            if not any(taken[start:end]):
                taken[start:end] = b"x" * (end - start)
                yield start, f"{what} ({masked(text[start:end])})"


def _emails(text: str) -> Iterator[_Span]:
    for found in _EMAIL.finditer(text):
        if not _RESERVED.search(found[0]) and not _NOBODY.match(found[0]):
            yield found.start(), found.end(), "an e-mail address"


def _ibans(text: str) -> Iterator[_Span]:
    for found in near_digits(_IBAN, text):
        if iban_checks(found[0]):
            yield found.start(), found.end(), "an IBAN"


def iban_checks(said: str) -> bool:
    """Return whether the check digits of an IBAN are right (ISO 13616, ISO/IEC 7064 mod 97-10).

    >>> iban_checks("GB82 WEST 1234 5698 7654 32"), iban_checks("GB83 WEST 1234 5698 7654 32")
    (True, False)
    """
    plain = said.replace(" ", "")
    return len(plain) >= 15 and int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97 == 1


def _cards(text: str) -> Iterator[_Span]:
    for found in near_digits(_CARD, text):
        digits = re.sub(r"\D", "", found[0])
        if not _ISSUED.fullmatch(digits) or not luhn(digits) or digits in _TEST_CARDS:
            continue
        start, end = found.span()
        if _CARD_GROUPS.fullmatch(found[0]) or (
            digits == found[0] and _CARD_WORD.search(text, max(0, start - _CARD_WORD_WITHIN), end)
        ):
            yield start, end, "a payment card"


def _ip_addresses(text: str) -> Iterator[_Span]:
    for pattern in (_IPV4, _IPV6):
        for found in pattern.finditer(text):
            if _public(found[0]) and not _VERSION.search(text[max(0, found.start() - 10) : found.start()]):
                yield found.start(), found.end(), "an IP address"


def _public(said: str) -> bool:
    try:
        address = ip_address(said)
    except ValueError:
        return False
    if said in _RESOLVERS or not address.is_global or address.is_multicast:
        return False
    # Such as 1.2.3.4 and 5.6.7.8: numbered headings, versions and made-up addresses.
    return address.version == 6 or max(int(part) for part in said.split(".")) > 31


def _phones(text: str) -> Iterator[_Span]:
    for found in near_digits(_PHONE, text):
        if not _FICTITIOUS.search(found[0]) and _is_phone(found[0]):
            yield found.start(), found.end(), "a telephone number"


def _is_phone(said: str) -> bool:
    phones = _phonenumbers()
    try:
        number = phones.parse(said, "US")
    except phones.NumberParseException:
        return False
    return bool(phones.is_valid_number(number))


@lru_cache(maxsize=1)
def _phonenumbers() -> Any:
    """Load the numbering plans; only who meets what looks like a number pays for it."""
    import phonenumbers

    return phonenumbers
