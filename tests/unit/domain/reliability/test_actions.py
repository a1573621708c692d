from prefstream.domain.reliability import GoldRecord, Habits, Work, habits_of, recommended
from prefstream.schemas.values import Verdict


def always_left(labels: int) -> Habits:
    return habits_of(Work(id=f"e{n}", at_s=30.0 * n, verdict=Verdict.A_BETTER) for n in range(labels))


def test_nothing_is_done_about_people_who_work_well() -> None:
    assert recommended(Habits(), GoldRecord().after_all([True] * 30)) == ()


def test_a_habit_is_warned_of_then_paused_then_trained_away_but_costs_no_labels() -> None:
    actions = [
        {one.action for one in recommended(always_left(labels), GoldRecord())} for labels in (24, 46, 70)
    ]
    assert actions == [{"warn"}, {"pause"}, {"retrain"}]


def test_a_recommendation_names_the_labels_and_the_count() -> None:
    one, *_ = recommended(always_left(24), GoldRecord())
    assert (one.why, one.since) == ("left: 21 of 21 labels since e0", "e0")


def test_failed_gold_withdraws_labels_and_says_how_sure_that_is() -> None:
    withdraw, retrain = recommended(Habits(), GoldRecord().after_all([False, True, False, False]))
    assert (withdraw.action, retrain.action) == ("withdraw", "retrain")
    assert withdraw.since_gold == 0
    assert "1 of 4 gold questions were right" in withdraw.why
    assert "one in 20" in withdraw.why


def test_a_fall_withdraws_only_what_came_after_it() -> None:
    record = GoldRecord().after_all([True] * 40 + [False] * 12)
    withdraw, _ = recommended(Habits(), record)
    assert withdraw.action == "withdraw"
    assert withdraw.since_gold == 40
    assert "since gold question 41" in withdraw.why


def test_who_tires_is_offered_rest_however_often() -> None:
    works = [
        Work(
            id=f"e{n}",
            at_s=60.0 * n,
            verdict=Verdict.A_BETTER if n % 4 < 2 else Verdict.B_BETTER,
            seconds=20.0 + n % 7 if n < 100 else 200.0,
            characters=1000,
        )
        for n in range(200)
    ]
    found = recommended(habits_of(works), GoldRecord())
    assert {one.action for one in found} == {"pause"}
    assert "found" in found[0].why
