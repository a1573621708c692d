"""Blended cost: what a usable pair costs, or why nobody can say."""

from dataclasses import replace

from prefstream.domain.cost import NANO, Amount, People, blend

#: Two labels of a minute each on two pairs, at 60 dollars an hour: a dollar a label.
PEOPLE = People(labels=2, timed_labels=2, timed_ms=120_000, pairs=2, nanousd_per_hour=60 * NANO)


def test_judges_and_people_together_beside_people_alone() -> None:
    """Ten pairs decided, eight usable: 4 + 2 dollars over eight, and ten labels of a dollar over eight."""
    found = blend(models_nanousd=4 * NANO, unpriced_calls=0, decided=10, usable=8, people=PEOPLE)

    assert found.people == Amount(nanousd=2 * NANO)
    assert found.blended_per_pair == Amount(nanousd=750_000_000)
    assert found.all_human_per_pair == Amount(nanousd=1_250_000_000)


def test_several_labels_a_pair_make_people_alone_dearer() -> None:
    twice = replace(PEOPLE, labels=4, pairs=2)
    found = blend(models_nanousd=0, unpriced_calls=0, decided=10, usable=10, people=twice)

    assert found.all_human_per_pair == Amount(nanousd=2 * NANO)


def test_a_given_time_goes_before_the_measured_one() -> None:
    given = replace(PEOPLE, ms_per_label=180_000)
    found = blend(models_nanousd=0, unpriced_calls=0, decided=1, usable=1, people=given)

    assert found.people == Amount(nanousd=6 * NANO)


def test_labels_without_a_time_are_reckoned_at_the_mean_of_the_others() -> None:
    found = blend(models_nanousd=0, unpriced_calls=0, decided=1, usable=1, people=replace(PEOPLE, labels=4))

    assert found.people == Amount(nanousd=4 * NANO)


def test_calls_without_a_price_leave_no_cost_rather_than_a_lower_one() -> None:
    found = blend(models_nanousd=4 * NANO, unpriced_calls=1, decided=10, usable=8, people=PEOPLE)

    assert found.models == Amount(nanousd=None, reason="calls_without_price")
    assert found.blended_per_pair == Amount(nanousd=None, reason="calls_without_price")
    assert found.all_human_per_pair.nanousd is not None


def test_without_a_wage_only_what_people_cost_is_unknown() -> None:
    found = blend(
        models_nanousd=NANO, unpriced_calls=0, decided=1, usable=1,
        people=replace(PEOPLE, nanousd_per_hour=None),
    )  # fmt: skip

    assert found.models == Amount(nanousd=NANO)
    assert found.blended_per_pair == Amount(nanousd=None, reason="no_wage")


def test_without_people_the_models_are_all_there_is_to_pay() -> None:
    nobody = People(labels=0, timed_labels=0, timed_ms=0, pairs=0, nanousd_per_hour=None)
    found = blend(models_nanousd=NANO, unpriced_calls=0, decided=2, usable=2, people=nobody)

    assert found.blended_per_pair == Amount(nanousd=NANO // 2)
    assert found.all_human_per_pair == Amount(nanousd=None, reason="no_wage")


def test_without_a_known_time_nobody_can_say_what_people_cost() -> None:
    found = blend(
        models_nanousd=0, unpriced_calls=0, decided=1, usable=1,
        people=replace(PEOPLE, timed_labels=0, timed_ms=0),
    )  # fmt: skip

    assert found.people == Amount(nanousd=None, reason="no_time_of_labels")


def test_without_a_usable_pair_there_is_no_cost_of_one() -> None:
    found = blend(models_nanousd=NANO, unpriced_calls=0, decided=3, usable=0, people=PEOPLE)

    assert found.blended_per_pair == Amount(nanousd=None, reason="no_usable_pair")
    assert found.all_human_per_pair == Amount(nanousd=None, reason="no_usable_pair")
