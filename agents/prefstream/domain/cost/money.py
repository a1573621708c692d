"""Money: whole billionths of a US dollar, so that sums do not depend on their order."""

from decimal import ROUND_HALF_UP, Decimal

#: Billionths of a dollar in a dollar.
NANO = 10**9
#: More dollars than any budget or bill here; beyond it an amount no longer fits its column.
MOST_USD = 10**9


def nanousd_of(usd: Decimal) -> int:
    """Return an amount in billionths of a dollar; what is smaller than one of them is dropped.

    >>> nanousd_of(Decimal("2.5"))
    2500000000
    """
    return int(usd * NANO)


def usd_of(nanousd: int) -> Decimal:
    """Return an amount in dollars, exactly.

    >>> usd_of(2_500_000_000)
    Decimal('2.500000000')
    """
    return Decimal(nanousd).scaleb(-9)


def shown(nanousd: int | None) -> str:
    """Return an amount for people: to the cent, and below a dollar to three digits.

    >>> shown(12_345_678_900), shown(3_456_000), shown(0), shown(None)
    ('$12.35', '$0.00346', '$0.00', 'unknown')
    """
    if nanousd is None:
        return "unknown"
    usd = usd_of(nanousd)
    digits = -2 if abs(nanousd) >= NANO or nanousd == 0 else max(-9, usd.adjusted() - 2)
    return f"{'-' if nanousd < 0 else ''}${abs(usd).quantize(Decimal((0, (1,), digits)), ROUND_HALF_UP):,f}"
