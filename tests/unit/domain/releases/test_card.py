"""The card of a release: readable by the hub, true to the gates, safe with texts of others."""

from datetime import timedelta
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from tests.factories import a_policy
from tests.unit.domain.gates.examples import DAY, an_example, by_two

from prefstream.domain.gates import GATES, Census, evaluated, failing
from prefstream.domain.releases.card import CardFacts, CardFile, card
from prefstream.domain.releases.card_head import LICENCES
from prefstream.domain.releases.plots import plots
from prefstream.schemas.policies import CalibrationWindow, Certificate, SlicePolicy
from prefstream.schemas.releases import GateOverride, GateResult, ReleasePlan
from prefstream.schemas.values import Preference, Provenance

SVG = "{http://www.w3.org/2000/svg}"


def a_census(**changes: Any) -> Census:
    census = Census()
    for number in range(40):
        later = DAY + timedelta(days=number)
        label = Preference.A_BETTER if number % 3 else Preference.B_BETTER
        census.add(an_example(label=label, resolved_at=later, **changes))
        said = "A>" if number % 2 else "B>"
        census.add(by_two(said, said, slice="code", audit=True, resolved_at=later, **changes))
    return census


def facts(**changes: Any) -> CardFacts:
    plan = changes.pop("plan", ReleasePlan(name="helpful", formats=("preference", "reward")))
    census = changes.pop("census", None) or a_census()
    defaults: dict[str, Any] = {
        "plan": plan,
        "census": census,
        "results": evaluated(census, plan),
        "overrides": (),
        "files": tuple(
            CardFile(
                config=name,
                split=split,
                path=f"data/{name}/{split}-00000-of-00001.parquet",
                rows=rows,
                size_bytes=rows * 100,
            )
            for name in plan.formats
            for split, rows in (("train", 70), ("test", 10))
        ),
        "exclusions": {"tie": 3, "rejected: pii": 2},
        "code_version": "0.1.0",
        "plots": tuple(plots(census)),
    }
    return CardFacts(**(defaults | changes))


def head_of(text: str) -> dict[str, Any]:
    head: dict[str, Any] = yaml.safe_load(text.split("---\n")[1])
    return head


def test_the_head_names_every_file_of_every_split() -> None:
    head = head_of(card(facts()))

    assert [one["config_name"] for one in head["configs"]] == ["preference", "reward"]
    assert head["configs"][0]["data_files"] == [
        {"split": "train", "path": ["data/preference/train-00000-of-00001.parquet"]},
        {"split": "test", "path": ["data/preference/test-00000-of-00001.parquet"]},
    ]
    assert head["dataset_info"][1]["splits"] == [
        {"name": "train", "num_bytes": 7000, "num_examples": 70},
        {"name": "test", "num_bytes": 1000, "num_examples": 10},
    ]
    assert {"dpo", "rlhf", "preference", "reward-model"} <= set(head["tags"])
    assert head["annotations_creators"] == ["machine-generated", "expert-generated"]
    assert head["size_categories"] == ["n<1K"]


@pytest.mark.parametrize(
    ("licence", "said"),
    [
        ("CC-BY-4.0", {"license": "cc-by-4.0"}),
        ("our own terms", {"license": "other", "license_name": "our own terms"}),
    ],
)
def test_a_licence_that_the_hub_does_not_know_is_named(licence: str, said: dict[str, str]) -> None:
    head = head_of(card(facts(plan=ReleasePlan(name="helpful", licence=licence))))

    assert {key: head[key] for key in head if key.startswith("license")} == said
    assert "other" in LICENCES


@given(st.text(max_size=60), st.text(max_size=60))
def test_whatever_the_title_says_the_head_says_it_back(title: str, language: str) -> None:
    plan = ReleasePlan(name="helpful", title=title, languages=(language,))
    text = card(facts(plan=plan, census=Census({("pairs", "law"): 1})))
    end = text.index("\n---\n", 4)
    head = yaml.safe_load(text[4:end])

    assert head["pretty_name"] == (title or "helpful")
    assert head["language"] == [language]


def test_texts_of_others_are_text() -> None:
    slice_name = "a|b `c` <script>"
    plan = ReleasePlan(name="helpful", title="<img src=x> *bold*")
    text = card(facts(plan=plan, census=Census({("pairs", slice_name): 9, ("resolved", slice_name): 9})))

    assert "<img" not in text.split("\n---\n")[1]
    assert "`a\\|b 'c' <script>`" in text


def test_an_override_is_told_at_the_top_with_its_reason() -> None:
    census = Census({("pairs", "law"): 9, ("resolved", "law"): 9})
    plan = ReleasePlan(name="helpful", targets={"law": 90})
    results = evaluated(census, plan)
    overrides = [
        GateOverride(gate=one.gate, slice=one.slice, by="lea", reason="a pilot") for one in failing(results)
    ]
    text = card(facts(plan=plan, census=census, results=results, overrides=overrides))
    top = text[: text.index("## What it is")]

    assert "let pass by lea**, who says: a pilot" in top
    assert "slice coverage of slice law is .10, .80 below .90 (9 of 90 pairs)" in top
    assert "**fails**, let pass by lea: a pilot" in text


def test_every_result_of_a_gate_is_in_the_table() -> None:
    some = facts()
    told = [line for line in card(some).splitlines() if line.endswith((" passes |", "**fails** |"))]

    assert len(told) == len(some.results)


@pytest.mark.parametrize(
    ("provenance", "notice"),
    [(Provenance.SIMULATED, "labelled by simulated people"), (Provenance.RECORDED, "recorded judgements")],
)
def test_what_is_not_real_is_said_at_the_top(provenance: Provenance, notice: str) -> None:
    text = card(facts(census=a_census(provenance=provenance)))

    assert notice in text[: text.index("## What it is")]


def test_a_real_release_has_no_notice() -> None:
    text = card(facts())

    assert "> **" not in text


def test_the_card_says_no_id_for_it_is_part_of_it_and_is_the_same_again() -> None:
    assert card(facts()) == card(facts())
    assert "helpful-1-" not in card(facts())


def test_policies_tell_their_thresholds_and_what_they_promise() -> None:
    text = card(facts(policies={"policy-1#0": a_policy()}))

    assert "| `policy-1#0` | `arithmetic` | .8000 | nothing: it was chosen by hand |" in text


def test_what_was_left_out_is_told_by_reason() -> None:
    text = card(facts())

    assert "| its label is a tie, and the plan drops ties | 3 |" in text
    assert "| a check rejected it (pii) | 2 |" in text


def test_the_plots_are_well_formed_and_said_in_words_too() -> None:
    census, plan = a_census(), ReleasePlan(name="helpful")
    drawn = plots(census, evaluated(census, plan))

    assert set(drawn) == {
        f"plots/{name}.svg" for name in ("slices", "margins", "confidence", "agreement", "labels")
    }
    for text in drawn.values():
        root = ET.fromstring(text)
        assert root.tag == f"{SVG}svg"
        assert root.find(f"{SVG}desc").text  # type: ignore[union-attr]  # it is there, or the test fails
        assert "prefers-color-scheme:dark" in text
    assert "code: 0 judge, 40 people; law: 40 judge, 0 people" in drawn["plots/slices.svg"]


def test_nothing_is_drawn_of_nothing() -> None:
    assert plots(Census()) == {}


@given(st.text(max_size=40, min_size=1).filter(lambda text: text[0].strip() != ""))
def test_a_slice_of_any_name_is_drawn(name: str) -> None:
    (text,) = plots(Census({("pairs", name): 3})).values()

    ET.fromstring(text)


def test_a_slice_far_below_chance_stays_in_the_picture() -> None:
    one = GateResult(gate="alpha", slice="law", passed=False, value=-0.83, low=-1.0, high=-0.2, limit=0.75)
    root = ET.fromstring(plots(Census(), [one])["plots/agreement.svg"])
    places = [float(line.attrib["x1"]) for line in root.iter(f"{SVG}line")]

    assert min(places) >= 330


def test_years_of_labels_fit_in_one_picture() -> None:
    census = Census({("day", "judge", (DAY + timedelta(days=n)).date().isoformat()): 1 for n in range(2000)})
    text = plots(census)["plots/labels.svg"]

    assert "by 56 days" in text
    assert text.count('<rect class="one"') <= 61


def test_a_certified_policy_tells_its_bound_and_where_people_decide() -> None:
    certificate = Certificate(method="fixed sequence", window=CalibrationWindow(), spent=0.1)
    slices = {"law": SlicePolicy(threshold=0.91234), "code": SlicePolicy(threshold=None)}
    text = card(facts(policies={"policy-1#0": a_policy(slices=slices, certificate=certificate)}))

    assert "| `code` | none | nothing is certified: people decide |" in text
    assert "| `law` | .9123 | at most 10% of what is accepted differs from people" in text


def test_a_card_of_nearly_nothing_stands() -> None:
    plan = ReleasePlan(name="helpful", formats=("safety",), previous="helpful-0-0123456789abcdef")
    text = card(facts(plan=plan, census=Census(), results=(), files=(), exclusions={}, plots=()))

    assert "It follows `helpful-0-0123456789abcdef`." in text
    assert "Load it" not in text
    assert head_of(text)["annotations_creators"] == ["no-annotation"]


def test_only_formats_that_trl_trains_name_a_trainer() -> None:
    files = (CardFile(config="safety", split="test", path="data/safety/test-00000-of-00001.jsonl", rows=1),)
    text = card(facts(plan=ReleasePlan(name="helpful", formats=("safety",)), files=files))

    assert 'load_dataset("FOLDER", "safety", split="test")' in text
    assert "In TRL" not in text


def test_a_figure_without_limits_is_told_and_drawn_by_itself() -> None:
    one = GateResult(gate="alpha", slice="law", passed=False, value=0.5, n=1)
    text = card(facts(results=(one,)))

    assert "| `law` | .50 |  | 1 | **fails** |" in text
    assert "reach" not in plots(Census(), [one])["plots/agreement.svg"].split("</style>")[1].split("</desc>")[
        -1
    ].replace("reaches its limit", "")


def test_what_is_known_to_be_off_is_among_the_limits() -> None:
    unknown = GateResult(gate="alpha", slice="law", passed=False, reason="no unit has two ratings")
    wordy = GateResult(gate="length_bias", slice="law", passed=False, value=0.3, low=0.2, high=0.4, limit=0.1)
    text = card(facts(results=(unknown, wordy)))

    assert "- How far people agree is not known in `law`." in text
    assert "- Longer responses beyond people's own liking, slice `law`: .30 (.20 to .40)." in text


def test_more_slices_than_have_room_are_counted() -> None:
    census = Census({("pairs", f"slice-{n}"): n + 1 for n in range(33)})

    assert "and 3 smaller slices" in plots(census)["plots/slices.svg"]


def test_a_card_with_every_gate_and_one_pair_labelled_twice_stands() -> None:
    counts = {("pairs", "law"): 1, ("overlap", "law", "2"): 1, ("ordinal", "law", "A> B>"): 1}
    results = [GateResult(gate=gate, passed=True) for gate in GATES]
    text = card(facts(census=Census(counts), results=results))

    assert "| `law` | 1 | - | 0.0 % | 0 | .00 | - | - |" in text
    assert "Not asked" not in text
