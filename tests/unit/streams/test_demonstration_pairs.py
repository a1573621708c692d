"""The demonstration runs only where it knows what is right."""

from typing import Any

import pytest

from prefstream.adapters.settings import GenerationSettings, JudgeSettings, Settings
from prefstream.schemas.errors import BadInput
from prefstream.streams.demonstration import refuse_other_pairs


def test_the_shipped_writers_make_pairs_whose_truth_is_known() -> None:
    refuse_other_pairs(Settings(judge=JudgeSettings(), generation=GenerationSettings()))


@pytest.mark.parametrize(
    "changes",
    [
        {"generation": GenerationSettings(strategy="best_of_n", scorer="offline")},
        {"judge": JudgeSettings(generators=("offline:hasty", "offline:careful"))},
    ],
)
def test_other_pairs_are_refused_with_what_to_take_away(changes: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match="PREFSTREAM_GENERATION__"):
        refuse_other_pairs(Settings(**changes))
