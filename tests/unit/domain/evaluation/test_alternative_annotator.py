from random import Random

import pytest
from scipy.stats import false_discovery_control, ttest_1samp  # type: ignore[import-untyped]

from prefstream.domain.evaluation import Side, alternative_test
from prefstream.domain.evaluation.alternative_annotator import discoveries

SIDES: tuple[Side, ...] = ("A", "B", "=")


def crowd(
    chance: Random, *, people: int = 4, pairs: int = 80, noise: float = 0.2
) -> dict[str, dict[str, Side]]:
    truth = {f"p{n}": chance.choice(SIDES) for n in range(pairs)}
    return {
        f"h{k}": {
            key: chance.choice(SIDES) if chance.random() < noise else side
            for key, side in truth.items()
            if chance.random() < 0.9
        }
        for k in range(people)
    } | {"truth": dict(truth)}


def published(
    people: dict[str, dict[str, Side]], judge: dict[str, Side | None], epsilon: float
) -> tuple[dict[str, float], float]:
    """Follow the paper step by step with scipy; return p values and the advantage."""
    p_values, advantages = {}, []
    for name, own in people.items():
        llm, human = [], []
        for key, side in own.items():
            rest = [said[key] for other, said in people.items() if other != name and key in said]
            if rest:
                ours = sum(judge[key] == one for one in rest) / len(rest)
                theirs = sum(side == one for one in rest) / len(rest)
                llm.append(int(ours >= theirs))
                human.append(int(theirs >= ours))
        differences = [h - m for h, m in zip(human, llm, strict=True)]
        p_values[name] = float(ttest_1samp(differences, epsilon, alternative="less").pvalue)
        advantages.append(sum(llm) / len(llm))
    return p_values, sum(advantages) / len(advantages)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("epsilon", [0.0, 0.1, 0.2])
def test_it_follows_the_paper(seed: int, epsilon: float) -> None:
    chance = Random(seed)
    people = crowd(chance)
    truth = people.pop("truth")
    judge: dict[str, Side | None] = {
        key: chance.choice((*SIDES, None)) if chance.random() < 0.25 else side for key, side in truth.items()
    }
    found = alternative_test(people, judge, epsilon=epsilon)
    p_values, advantage = published(people, judge, epsilon)

    assert {one.annotator: one.p_value for one in found.against} == pytest.approx(p_values, abs=1e-12)
    assert found.advantage == pytest.approx(advantage)
    adjusted = false_discovery_control(list(p_values.values()), method="by")
    assert [
        one.won for one in sorted(found.against, key=lambda one: list(p_values).index(one.annotator))
    ] == [value <= 0.05 for value in adjusted]


def test_a_judge_as_good_as_the_truth_passes_and_a_coin_does_not() -> None:
    chance = Random(3)
    people = crowd(chance, noise=0.3)
    truth = people.pop("truth")
    right = alternative_test(people, dict(truth), epsilon=0.1)
    coin = alternative_test(people, {key: chance.choice(SIDES) for key in truth}, epsilon=0.1)
    assert (right.passed, coin.passed) == (True, False)
    assert (right.winning_rate, coin.winning_rate) == (1.0, 0.0)


def test_people_and_a_judge_who_never_differ_need_no_variance() -> None:
    same: dict[str, Side] = {f"p{n}": "A" for n in range(40)}
    found = alternative_test({"x": same, "y": same}, dict(same), epsilon=0.1)
    assert (found.winning_rate, found.passed) == (1.0, True)


def test_verdicts_that_name_no_side_agree_with_nobody() -> None:
    same: dict[str, Side] = {f"p{n}": "A" for n in range(40)}
    found = alternative_test({"x": same, "y": same}, dict.fromkeys(same), epsilon=0.1)
    assert (found.winning_rate, found.advantage) == (0.0, 0.0)


def test_annotators_with_few_pairs_are_named_and_not_tested() -> None:
    same: dict[str, Side] = {f"p{n}": "A" for n in range(40)}
    found = alternative_test({"x": same, "y": same, "z": {"p1": "A"}}, dict(same), epsilon=0.1)
    assert found.too_few == {"z": 1}
    assert {one.annotator for one in found.against} == {"x", "y"}


def test_one_annotator_is_not_enough() -> None:
    same: dict[str, Side] = {f"p{n}": "A" for n in range(40)}
    found = alternative_test({"x": same}, dict(same), epsilon=0.1)
    assert (found.winning_rate, found.passed) == (None, None)
    assert "fewer than two annotators" in (found.reason or "")


def test_discoveries_agree_with_scipy() -> None:
    chance = Random(1)
    for _ in range(200):
        p_values = [chance.random() ** 4 for _ in range(chance.randrange(1, 9))]
        assert discoveries(p_values) == [
            one <= 0.05 for one in false_discovery_control(p_values, method="by")
        ]
