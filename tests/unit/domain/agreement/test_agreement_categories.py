import pytest

from prefstream.domain.agreement import MARGINS, NOMINAL_CATEGORIES, ORDINAL_CATEGORIES, nominal, ordinal
from prefstream.schemas.errors import BadInput
from prefstream.schemas.values import Verdict


def test_every_verdict_has_a_nominal_category_or_is_missing() -> None:
    categories = {str(verdict): nominal(verdict) for verdict in Verdict}

    assert categories == {
        "A>>": "A",
        "A>": "A",
        "=": "=",
        "B>": "B",
        "B>>": "B",
        "both_bad": "both_bad",
        "unsure": None,
    }
    assert set(categories.values()) - {None} == set(NOMINAL_CATEGORIES)


def test_only_the_five_points_are_ordered() -> None:
    assert ORDINAL_CATEGORIES == ("A>>", "A>", "=", "B>", "B>>")
    assert [ordinal(point) for point in ORDINAL_CATEGORIES] == list(ORDINAL_CATEGORIES)
    assert (ordinal("both_bad"), ordinal("unsure")) == (None, None)
    assert [MARGINS[point] for point in ORDINAL_CATEGORIES] == [2, 1, 0, -1, -2]


@pytest.mark.parametrize("word", ["", "tie", "A", "a>", "TIE", "garbage", "None"])
def test_an_unknown_label_is_refused_and_never_a_tie(word: str) -> None:
    with pytest.raises(BadInput, match="is not a verdict"):
        nominal(word)
    with pytest.raises(BadInput, match="is not a verdict"):
        ordinal(word)
