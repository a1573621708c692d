from pathlib import Path
from random import Random
from typing import Any

import pytest

from prefstream.adapters.plots.pictures import check_folder, draw_all
from prefstream.adapters.plots.terminal import reliability_lines
from prefstream.domain.evaluation import (
    EvaluationSet,
    HumanLabel,
    JudgeName,
    LabelledPair,
    Reading,
    judgement_of,
)
from prefstream.schemas.errors import BadInput
from prefstream.schemas.values import Provenance, Verdict, Vote
from prefstream.streams.evaluation_report import evaluation_report

PNG = b"\x89PNG\r\n\x1a\n"


def report(
    judges: int, *, slices: tuple[str, ...] = ("a", "b"), said: tuple[str, ...] = ("A>", "B>", "=")
) -> Any:
    chance = Random(1)
    pairs = {
        f"p{n}": LabelledPair(
            pair_id=f"p{n}",
            slice=chance.choice(slices),
            labels=(HumanLabel(annotator="x", verdict=Verdict(chance.choice(said))),),
        )
        for n in range(60)
    }
    judgements = {
        JudgeName(f"judge $k_{k}$", "plain"): {key: judgement_of([reading(chance)]) for key in pairs}
        for k in range(judges)
    }
    evaluated = EvaluationSet(pairs=pairs, judgements=judgements)
    return evaluation_report(evaluated, by_slice=True, epsilon=0.1, gold=None)


def reading(chance: Random) -> Reading:
    verdict = chance.choice(["A>", "B>", "=", None])
    vote = Vote(
        judge="j",
        provenance=Provenance.RECORDED,
        order="ab",
        variant="plain",
        raw=verdict,
        verdict=None if verdict is None else Verdict(verdict),
    )
    return Reading(vote, None if verdict is None else round(chance.random(), 2))


@pytest.mark.parametrize("judges", [1, 5, 45])
def test_pictures_are_drawn_of_one_judge_or_many(tmp_path: Path, judges: int) -> None:
    check_folder(tmp_path / "new")
    files = draw_all(report(judges)["judges"], tmp_path / "new")
    assert [path.name for path in files] == ["reliability.png", "agreement.png"]
    assert all(path.read_bytes().startswith(PNG) for path in files)


def test_names_of_slices_that_begin_alike_do_not_break_the_picture(tmp_path: Path) -> None:
    for slices in (("x/a", "x/b/c"), ("x/a", "x/a"), ("/", "x/"), ("x",)):
        assert draw_all(report(2, slices=slices)["judges"], tmp_path)


def test_a_judge_without_any_label_is_drawn_as_nothing(tmp_path: Path) -> None:
    some = report(1)
    for card in some["judges"]:
        card["calibration"] = {"n": 0}
    assert draw_all(some["judges"], tmp_path)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="cannot be a folder"):
        check_folder(tmp_path / "file")


def test_the_terminal_shows_points_limits_and_the_diagonal() -> None:
    bins = report(1)["judges"][0]["calibration"]["bins"]["equal_mass"]
    lines = reliability_lines(bins)
    assert max(map(len, lines)) <= 72
    assert sum(line.count("●") for line in lines) == len(bins)
    assert any("·" in line for line in lines)


def test_points_at_the_corners_stay_inside() -> None:
    corner = {"value": 1.0, "low": 1.0, "high": 1.0, "of": 3}
    origin = {"value": 0.0, "low": 0.0, "high": 0.0, "of": 3}
    lines = reliability_lines(
        [{"mean_confidence": 1.0, "agreement": corner}, {"mean_confidence": 0.0, "agreement": origin}]
    )
    assert lines[1].endswith("●")
    assert "┤●" in lines[17]
