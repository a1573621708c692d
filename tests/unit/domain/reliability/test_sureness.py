from collections.abc import Sequence
from random import Random

import pytest
from tests.unit.domain.reliability.crowds import crowd

from prefstream.domain.reliability import CrowdLabel, Estimate, OverlapRule, certified_sure, estimated
from prefstream.domain.reliability.overlap import overlap_step
from prefstream.schemas.errors import BadInput

RULE = OverlapRule(fewest=2, most=6)
PEOPLE = 8
Item = tuple[str, list[tuple[str, str]]]


def hard_and_easy(chance: Random, items: int) -> list[Item]:
    """Return true classes and ballots; on one item in four people err together."""
    drawn = []
    for _ in range(items):
        true = chance.choice("AB")
        skill = 0.25 if chance.random() < 0.25 else 0.93
        people = chance.sample(range(PEOPLE), 6)
        said = [(f"ann{who}", true if chance.random() < skill else "AB".replace(true, "")) for who in people]
        drawn.append((true, said))
    return drawn


def stopped_wrong(estimate: Estimate, items: Sequence[Item], rule: OverlapRule) -> float:
    """Return the share wrong of the items at which a rule stops as sure."""
    outcomes = []
    for true, said in items:
        for n in range(1, len(said) + 1):
            posterior = estimate.posterior_of(said[:n])
            step = overlap_step(posterior, given=n, rule=rule)
            if not step.ask:
                if step.why == "sure":
                    outcomes.append(max(posterior, key=posterior.__getitem__) != true)
                break
    return sum(outcomes) / max(1, len(outcomes))


def learnt(chance: Random) -> Estimate:
    items = hard_and_easy(chance, 300)
    return estimated(
        [
            CrowdLabel(item=f"p{n}", annotator=who, label=label)
            for n, (_, said) in enumerate(items)
            for who, label in said
        ]
    )


def test_where_people_err_together_the_certificate_holds_and_the_posterior_does_not() -> None:
    broken, certified = 0, 0
    for seed in range(40):
        chance = Random(seed)
        estimate = learnt(chance)
        gold_items, others = hard_and_easy(chance, 150), hard_and_easy(chance, 600)
        assert stopped_wrong(estimate, others, RULE) > 0.1
        certificate = certified_sure(
            estimate,
            {f"g{n}": said for n, (_, said) in enumerate(gold_items)},
            {f"g{n}": true for n, (true, _) in enumerate(gold_items)},
            rule=RULE,
            error=0.25,
        )
        if certificate.sure is not None:
            certified += 1
            rule = OverlapRule(fewest=2, most=6, sure=certificate.sure)
            # The true share, up to what 600 items tell of it.
            broken += stopped_wrong(estimate, others, rule) > 0.25 + 0.04
    assert certified > 10
    assert broken <= 8


def test_nothing_is_certified_where_nothing_is_sure_enough() -> None:
    chance = Random(1)
    items = hard_and_easy(chance, 150)
    found = certified_sure(
        learnt(chance),
        {f"g{n}": said for n, (_, said) in enumerate(items)},
        {f"g{n}": true for n, (true, _) in enumerate(items)},
        rule=RULE,
        error=0.02,
    )
    assert found.sure is None
    assert len(found.walked) <= 1


def test_too_few_gold_items_certify_nothing_and_say_how_many_it_takes() -> None:
    found = certified_sure(learnt(Random(2)), {}, {}, rule=RULE)
    assert (found.sure, found.walked, found.needed) == (None, (), 45)


def test_good_people_are_certified_to_stop_early() -> None:
    labels, truth = crowd(1, items=400, skills=(0.95,) * 6, per_item=6)
    said: dict[str, list[tuple[str, str]]] = {}
    for one in labels:
        said.setdefault(one.item, []).append((one.annotator, one.label or ""))
    gold = {item: truth[item] for item in list(truth)[:200]}
    found = certified_sure(estimated(labels), said, gold, rule=RULE)
    assert found.sure is not None
    assert found.sure < 0.95
    assert all(one.p_value <= 0.1 for one in found.walked[:-1])


def test_a_share_that_is_none_is_refused() -> None:
    with pytest.raises(BadInput, match="between 0 and 1"):
        certified_sure(learnt(Random(3)), {}, {}, rule=RULE, error=0.0)
