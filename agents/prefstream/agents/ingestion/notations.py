"""How people and judges write which response is better."""

from collections.abc import Mapping

from prefstream.schemas.values import Verdict

#: Every notation, in lower case.
SPELLINGS: Mapping[Verdict, tuple[str, ...]] = {
    Verdict.A_MUCH_BETTER: ("a>>", "a>>b"),
    Verdict.A_BETTER: ("a>", "a>b", "a", "1", "model_a", "response_a", "left", "first"),
    Verdict.TIE: ("=", "a=b", "tie", "tied", "0", "equal"),
    Verdict.B_BETTER: ("b>", "b>a", "b", "2", "model_b", "response_b", "right", "second"),
    Verdict.B_MUCH_BETTER: ("b>>", "b>>a"),
    Verdict.UNSURE: ("unsure", "not sure"),
    Verdict.BOTH_BAD: ("both_bad", "both bad", "bothbad", "tie (bothbad)", "tie (both bad)"),
}
_VERDICTS = {spelling: verdict for verdict, spellings in SPELLINGS.items() for spelling in spellings}


def verdict_of(value: object) -> Verdict | None:
    """Return the verdict that a cell says, or `None` where it says none that we can read.

    Numbers follow the common order: 1 the first is better, 2 the second, 0 a tie. Brackets as in
    "[[A]]" do not matter, nor does case. A boolean is not a verdict, and neither is nothing.

    >>> verdict_of("model_b"), verdict_of(0), verdict_of(2.0), verdict_of("[[A>>B]]")
    (<Verdict.B_BETTER: 'B>'>, <Verdict.TIE: '='>, <Verdict.B_BETTER: 'B>'>, <Verdict.A_MUCH_BETTER: 'A>>'>)
    >>> verdict_of("garbage"), verdict_of(True), verdict_of(None)
    (None, None, None)
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int):
        value = str(value)
    if not isinstance(value, str):
        return None
    return _VERDICTS.get(value.strip().strip("[]").strip().casefold().removesuffix(".0"))
