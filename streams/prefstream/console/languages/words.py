"""Words: messages, numbers, times and money in one language."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from gettext import NullTranslations

from babel import Locale
from babel.core import negotiate_locale
from babel.dates import format_date, format_datetime, format_skeleton, format_timedelta
from babel.numbers import format_currency, format_decimal, format_percent

from prefstream.console.languages.catalogs import LANGUAGES, MIRRORED, translations_of

_NANO = Decimal(1_000_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """How to say something in one language."""

    language: str
    locale: Locale
    translations: NullTranslations

    @property
    def direction(self) -> str:
        """Return how the language is written: "ltr" or "rtl"."""
        return "rtl" if self.language == MIRRORED else self.locale.text_direction

    def gettext(self, message: str, **values: object) -> str:
        """Return a message; values take the places of `%(name)s`.

        >>> words_of("de").gettext("a message that nobody translated: %(n)s", n=2)
        'a message that nobody translated: 2'
        """
        return self._said(self.translations.gettext(message), values)

    def ngettext(self, one: str, many: str, n: int, **values: object) -> str:
        """Return a message that counts; `%(num)s` is the number as it is written in this language.

        >>> words_of("en").ngettext("%(num)s lamp", "%(num)s lamps", 1200)
        '1,200 lamps'
        """
        return self._said(self.translations.ngettext(one, many, n), {"num": self.number(n)} | values)

    def number(self, value: float, digits: int = 2) -> str:
        """Return a number with at most so many digits after the point.

        >>> words_of("de").number(1234.5)
        '1.234,5'
        """
        return format_decimal(round(value, digits), locale=self.locale, decimal_quantization=False)

    def fixed(self, value: float, digits: int = 2) -> str:
        """Return a number with exactly so many digits after the point, so that columns line up.

        >>> words_of("de").fixed(0.8)
        '0,80'
        """
        pattern = "0." + "0" * digits if digits else "0"
        return format_decimal(round(value, digits) + 0.0, pattern, locale=self.locale)

    def share(self, value: float, digits: int = 0) -> str:
        """Return a share as a percentage.

        >>> words_of("en").share(0.125, 1)
        '12.5%'
        """
        return format_percent(round(value, digits + 2), locale=self.locale, decimal_quantization=False)

    def money(self, nanousd: int) -> str:
        """Return billionths of a US dollar as money, with as many digits as small amounts need.

        >>> words_of("en").money(2_500_000)
        '$0.0025'
        """
        pattern = "¤#,##0.00####" if self.language != "de" else "#,##0.00####\xa0¤"
        amount = Decimal(nanousd) / _NANO
        return format_currency(
            amount, "USD", pattern, locale=self.locale, currency_digits=False, decimal_quantization=True
        )

    def moment(self, at: datetime) -> str:
        """Return an instant in UTC, to the second.

        >>> words_of("en").moment(datetime(2026, 3, 1, 9, 30, tzinfo=UTC))
        'Mar 1, 2026, 09:30:00 UTC'
        """
        said = format_datetime(at.astimezone(UTC), self._moments, tzinfo=UTC, locale=self.locale)
        return f"{said} UTC"

    @property
    def _moments(self) -> str:
        # Hours of 24, whatever the language's habit: times stand beside each other in tables.
        day = str(self.locale.date_formats["medium"])
        return f"{day}, HH:mm:ss"

    def day(self, at: datetime) -> str:
        """Return the day of an instant, in UTC."""
        return format_date(at.astimezone(UTC), "medium", locale=self.locale)

    def short(self, at: datetime, step: timedelta) -> str:
        """Return an instant as an axis says it: the hour within a day, else the day.

        >>> words_of("en").short(datetime(2026, 3, 1, 9, tzinfo=UTC), timedelta(hours=1))
        '09:00'
        >>> words_of("de").short(datetime(2026, 3, 1, tzinfo=UTC), timedelta(hours=6))
        '1. März'
        """
        if at.hour or at.minute or step < timedelta(hours=1):
            return format_datetime(at.astimezone(UTC), "HH:mm", tzinfo=UTC, locale=self.locale)
        return format_skeleton("MMMd", at.astimezone(UTC), tzinfo=UTC, locale=self.locale)

    def stretch(self, since: datetime, until: datetime) -> str:
        """Return a stretch of time in UTC: its first instant and its last, days where it is of whole days.

        >>> words_of("en").stretch(datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 3, tzinfo=UTC))
        'Mar 2, 2026'
        """
        first, end = since.astimezone(UTC), until.astimezone(UTC)
        whole = not (first.hour or first.minute or end.hour or end.minute)
        if whole and end > first:
            last = end - timedelta(days=1)
            return self.day(first) if last == first else f"{self.day(first)}\u2013{self.day(last)}"
        near = (end - timedelta(seconds=1)).date() == first.date()
        clock = "HH:mm" if near else f"{self.locale.date_formats['medium']}, HH:mm"
        told = format_datetime(end, clock, tzinfo=UTC, locale=self.locale)
        begun = format_datetime(
            first, f"{self.locale.date_formats['medium']}, HH:mm", tzinfo=UTC, locale=self.locale
        )
        return f"{begun}\u2013{told} UTC"

    def weekday(self, day: int) -> str:
        """Return a day of the week in short, Monday is 0.

        >>> words_of("de").weekday(0)
        'Mo'
        """
        return str(self.locale.days["stand-alone"]["abbreviated"][day])

    def duration(self, seconds: float) -> str:
        """Return a stretch of time in its greatest unit.

        >>> words_of("en").duration(7200)
        '2 hours'
        """
        if 0 < seconds < 1:
            milliseconds = self.number(seconds * 1000, 0)
            return f"{milliseconds} ms"
        return format_timedelta(round(seconds), threshold=1.5, locale=self.locale)

    def _said(self, message: str, values: dict[str, object]) -> str:
        return message % values if values else message


@cache
def words_of(language: str) -> Words:
    """Return the words of a language; English for one that nobody translated."""
    known = language if language in LANGUAGES or language == MIRRORED else "en"
    locale = Locale.parse("en" if known == MIRRORED else known)
    return Words(language=known, locale=locale, translations=translations_of(known))


def direction_of(language: str) -> str:
    """Return how a language is written: "ltr" or "rtl".

    >>> direction_of("de"), direction_of("en-XB")
    ('ltr', 'rtl')
    """
    return words_of(language).direction


def spoken(accept_language: str) -> str:
    """Return which of the languages a browser that asks like this should get.

    >>> spoken("fr, de-CH;q=0.8, en;q=0.5"), spoken("tlh"), spoken("en;q=x, de;q=0")
    ('de', 'en', 'en')
    """
    wanted = [part for part in accept_language[:1000].split(",")[:20] if part.strip()]
    ranked = sorted(wanted, key=_weight, reverse=True)
    names = [part.partition(";")[0].strip() for part in ranked if _weight(part) > 0]
    return negotiate_locale(names, list(LANGUAGES), sep="-") or "en"


def _weight(part: str) -> float:
    _, _, weight = part.partition(";q=")
    try:
        return float(weight.strip() or 1)
    except ValueError:
        return 0.0
