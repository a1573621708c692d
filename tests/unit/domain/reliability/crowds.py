"""Simulated people and their labels."""

from collections.abc import Sequence
from random import Random

from prefstream.domain.reliability import CrowdLabel

CLASSES = ("A", "=", "B", "both_bad")


def crowd(
    seed: int,
    *,
    items: int = 60,
    skills: Sequence[float] = (0.9, 0.8, 0.7, 0.6, 0.5),
    per_item: int = 3,
    classes: Sequence[str] = ("A", "=", "B"),
    slices: Sequence[str] = ("",),
) -> tuple[list[CrowdLabel], dict[str, str]]:
    """Return labels, and the class of each item."""
    chance = Random(seed)
    labels: list[CrowdLabel] = []
    truth: dict[str, str] = {}
    for n in range(items):
        item, true = f"p{n:03}", chance.choice(classes)
        truth[item] = true
        for annotator in chance.sample(range(len(skills)), per_item):
            right = chance.random() < skills[annotator]
            said = true if right else chance.choice([one for one in classes if one != true])
            labels.append(
                CrowdLabel(
                    item=item,
                    annotator=f"ann{annotator}",
                    label=said,
                    slice=slices[n % len(slices)],
                    order=(len(labels), "e"),
                )
            )
    return labels, truth
