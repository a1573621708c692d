import re
from dataclasses import replace
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.factories import a_demonstration_submitted, a_safety_label_submitted, a_task_proposed
from tests.unit.domain.gates.examples import an_example

from prefstream.domain.releases.examples import Example
from prefstream.domain.releases.formats import (
    FORMATS,
    REASONS,
    AnsweredTask,
    LeftOut,
    Made,
    columns_table,
    configs,
    dataset_info,
    dataset_infos,
    made,
    made_of_answers,
    rows,
    sources,
)
from prefstream.domain.releases.tables import MESSAGES, Column, ListOf, features, misfit
from prefstream.schemas.demonstrations import TaskKind
from prefstream.schemas.releases import FormatName, ReleasePlan
from prefstream.schemas.values import Message, Preference, Provenance, Response

PLAN = ReleasePlan(name="tides", formats=get_args(FormatName))
OF_PAIRS: tuple[FormatName, ...] = (
    "preference",
    "preference_implicit",
    "preference_conversational",
    "unpaired",
    "reward",
)
TALK = (
    Message(role="system", content="Be brief."),
    Message(role="user", content="Hi"),
    Message(role="assistant", content="Hello"),
    Message(role="user", content="2 + 2?"),
)


def a_demonstration(**changes: Any) -> AnsweredTask:
    task = a_task_proposed(kind=TaskKind.DEMONSTRATION, candidates=())
    return AnsweredTask(task=task, answers=(a_demonstration_submitted(**changes),))


def a_safety_label(**changes: Any) -> AnsweredTask:
    task = a_task_proposed(kind=TaskKind.SAFETY)
    return AnsweredTask(task=task, answers=(a_safety_label_submitted(**changes),))


def the_row(name: FormatName, *examples: Example, plan: ReleasePlan = PLAN) -> dict[str, Any]:
    (row,) = rows(name, examples, plan)
    return row


def a_group(order: str, labels: dict[str, str]) -> list[Example]:
    """Return the pairs of a group of one-letter responses, each labelled as `labels` says."""
    found = []
    for both, label in labels.items():
        one, other = both[0], both[1]
        found.append(
            an_example(
                pair_id=f"pair-{both}",
                response_a=Response(text=one, model="m"),
                response_b=Response(text=other, model="m"),
                label=Preference(label),
            )
        )
    assert set("".join(labels)) <= set(order)
    return found


class TestPreference:
    def test_the_better_response_is_chosen_whichever_side_it_stood_on(self) -> None:
        example = an_example()
        swapped = replace(
            example,
            response_a=example.response_b,
            response_b=example.response_a,
            label=example.label.swapped,
            soft_label=0.1,
        )

        assert rows("preference", [swapped], PLAN) == rows("preference", [example], PLAN)

    def test_a_lone_user_message_is_written_as_it_is(self) -> None:
        row = the_row("preference", an_example())

        assert row["prompt"] == "May I sublet?"
        assert row["chosen"] == "Yes, with the landlord's consent."
        assert row["rejected"] == "Yes."

    def test_more_turns_name_their_roles(self) -> None:
        row = the_row("preference", an_example(messages=TALK))

        assert row["prompt"] == "System: Be brief.\n\nUser: Hi\n\nAssistant: Hello\n\nUser: 2 + 2?"

    def test_implicit_rows_hold_whole_conversations(self) -> None:
        row = the_row("preference_implicit", an_example(messages=TALK))

        assert "prompt" not in row
        assert row["chosen"][:-1] == row["rejected"][:-1] == [dict(message) for message in TALK]
        assert row["chosen"][-1] == {"role": "assistant", "content": "Yes, with the landlord's consent."}

    def test_conversational_rows_hold_lists_and_single_messages(self) -> None:
        row = the_row("preference_conversational", an_example())

        assert row["prompt"] == [{"role": "user", "content": "May I sublet?"}]
        assert row["chosen"] == [row["chosen_message"]]
        assert row["rejected"] == [{"role": "assistant", "content": "Yes."}] == [row["rejected_message"]]

    @pytest.mark.parametrize("name", OF_PAIRS)
    def test_a_tie_has_no_row_and_is_counted(self, name: FormatName) -> None:
        tie = an_example(label=Preference.TIE)

        assert made(name, [tie], PLAN) == Made(left_out=(LeftOut(id="pair-1", reason="tie"),))


class TestColumns:
    @pytest.mark.parametrize(("label", "margin"), [("A>", 1.0), ("B>>", 2.0)])
    def test_the_margin_is_how_much_better_the_chosen_one_is(self, label: str, margin: float) -> None:
        assert the_row("reward", an_example(label=Preference(label)))["margin"] == margin

    def test_the_soft_label_speaks_of_the_chosen_response(self) -> None:
        assert (
            the_row("preference", an_example(label=Preference.B_BETTER, soft_label=0.1))["soft_label"] == 0.9
        )
        assert the_row("preference", an_example(soft_label=None))["soft_label"] is None

    def test_an_audited_pair_weighs_the_inverse_of_its_propensity(self) -> None:
        audited = an_example(audit=True, propensity=0.1, stratum_weight=2.0)

        assert the_row("preference", audited)["weight"] == 20.0

    def test_a_pair_that_no_coin_chose_weighs_what_its_stratum_weighs(self) -> None:
        assert the_row("preference", an_example(propensity=0.1, stratum_weight=2.0))["weight"] == 2.0

    def test_models_follow_the_label(self) -> None:
        row = the_row("preference", an_example(label=Preference.B_BETTER))

        assert (row["chosen_model"], row["rejected_model"]) == ("model-2", "model-1")

    def test_rows_of_one_pair_have_identities_of_their_own(self) -> None:
        found = [row["row_id"] for name in OF_PAIRS for row in rows(name, [an_example()], PLAN)]

        assert len(found) == len(set(found)) == 6
        assert all(re.fullmatch("[0-9a-f]{32}", row_id) for row_id in found)

    def test_another_label_is_another_row(self) -> None:
        one, other = an_example(), an_example(label=Preference.A_MUCH_BETTER)

        assert the_row("preference", one)["row_id"] != the_row("preference", other)["row_id"]


class TestUnpaired:
    def test_a_pair_gives_a_wanted_and_an_unwanted_completion(self) -> None:
        wanted, unwanted = rows("unpaired", [an_example()], PLAN)

        assert (wanted["completion"], wanted["label"]) == ("Yes, with the landlord's consent.", True)
        assert (unwanted["completion"], unwanted["label"]) == ("Yes.", False)
        assert wanted["prompt"] == unwanted["prompt"] == "May I sublet?"


class TestRanking:
    def test_complete_and_consistent_pairs_are_a_ranking(self) -> None:
        group = a_group("xyz", {"xy": "A>", "zy": "B>", "zx": "B>>"})

        row = the_row("ranking", *group)

        assert [(answer["answer"], answer["rank"]) for answer in row["answers"]] == [
            ("x", 1),
            ("y", 2),
            ("z", 3),
        ]
        assert row["pair_ids"] == ["pair-xy", "pair-zy", "pair-zx"] == list(sources(row))

    def test_ties_share_a_rank(self) -> None:
        row = the_row("ranking", *a_group("xyz", {"xy": "=", "yz": "A>", "xz": "A>"}))

        assert [answer["rank"] for answer in row["answers"]] == [1, 1, 2]

    def test_two_responses_are_a_ranking(self) -> None:
        row = the_row("ranking", an_example(label=Preference.B_BETTER))

        assert [answer["model"] for answer in row["answers"]] == ["model-2", "model-1"]

    @pytest.mark.parametrize(
        ("labels", "reason"),
        [
            ({"xy": "A>", "yz": "A>"}, "ranking_incomplete"),
            ({"xy": "A>", "yz": "A>", "zx": "A>"}, "ranking_inconsistent"),
            ({"xy": "=", "yz": "=", "xz": "A>"}, "ranking_inconsistent"),
            ({"xy": "A>", "yx": "A>"}, "ranking_inconsistent"),
        ],
        ids=["a pair is missing", "a circle", "ties that are not one class", "two labels of one pair"],
    )
    def test_pairs_that_say_no_order_stay_out_and_are_counted(
        self, labels: dict[str, str], reason: str
    ) -> None:
        found = made("ranking", a_group("xyz", labels), PLAN)

        assert found.rows == ()
        assert {left.reason for left in found.left_out} == {reason}
        assert len(found.left_out) == len(labels)

    def test_pairs_of_different_conversations_are_no_ranking(self) -> None:
        group = [an_example(), an_example(pair_id="pair-2", messages=TALK)]

        assert {left.reason for left in made("ranking", group, PLAN).left_out} == {"ranking_prompts_differ"}

    def test_what_the_pairs_do_not_share_is_not_said_of_the_ranking(self) -> None:
        group = a_group("xyz", {"xy": "A>", "yz": "A>", "xz": "A>"})
        group[0] = replace(group[0], method="consensus", constitution_id=None, confidence=None)

        row = the_row("ranking", *group)

        assert (row["method"], row["constitution_id"], row["confidence"]) == ("mixed", None, None)

    @given(st.permutations("vwxyz"), st.randoms(use_true_random=False))
    def test_any_order_is_found_again_from_its_pairs(self, order: list[str], random: Any) -> None:
        places = {text: place for place, text in enumerate(order)}
        both = [f"{one}{other}" for one in "vwxyz" for other in "vwxyz" if one < other]
        random.shuffle(both)
        labels = {pair: "A>" if places[pair[0]] < places[pair[1]] else "B>" for pair in both}

        row = the_row("ranking", *a_group("vwxyz", labels))

        assert [answer["answer"] for answer in row["answers"]] == list(order)


class TestPrompts:
    def test_the_reference_is_the_response_with_the_widest_margin(self) -> None:
        little = an_example()
        much = an_example(pair_id="pair-2", label=Preference.B_MUCH_BETTER, confidence=0.5)

        row = the_row("prompts", little, much)

        assert (row["reference"], row["pair_id"], row["chosen_model"]) == ("Yes.", "pair-2", "model-2")
        assert sources(row) == ("pair-1", "pair-2")

    def test_the_surer_of_two_equal_margins_gives_the_reference(self) -> None:
        sure = an_example(pair_id="pair-2", confidence=0.99)

        assert the_row("prompts", an_example(), sure)["pair_id"] == "pair-2"

    def test_verl_finds_its_columns(self) -> None:
        row = the_row("prompts", an_example())

        assert row["data_source"] == "tides"
        assert row["ability"] == "law"
        assert row["reward_model"] == {"style": "model", "ground_truth": "Yes, with the landlord's consent."}
        assert 0 <= row["extra_info"]["index"] < 2**63

    def test_a_prompt_of_ties_has_no_reference(self) -> None:
        row = the_row("prompts", an_example(label=Preference.TIE))

        assert row["reference"] is row["chosen_model"] is row["reward_model"]["ground_truth"] is None


class TestDemonstrations:
    def test_what_a_person_wrote_ends_the_conversation(self) -> None:
        (row,) = made_of_answers("sft", a_demonstration(), PLAN).rows

        assert row["messages"][-1] == {"role": "assistant", "content": "17 times 23 is 391."}
        assert (row["origin"], row["pair_id"], row["weight"]) == ("written", None, 1.0)
        assert sources(row) == (row["answer_id"],)

    def test_pairs_are_no_demonstrations_unless_the_plan_says_so(self) -> None:
        wide = an_example(label=Preference.A_MUCH_BETTER)

        assert made("sft", [wide], PLAN).left_out == (LeftOut(id="pair-1", reason="small_margin"),)

    def test_the_plan_takes_the_better_response_of_wide_margins(self) -> None:
        plan = PLAN.model_copy(update={"demonstration_margin": 2})
        wide = an_example(pair_id="pair-2", label=Preference.B_MUCH_BETTER)

        found = made("sft", [an_example(), wide], plan)

        assert [row["messages"][-1]["content"] for row in found.rows] == ["Yes."]
        assert found.rows[0]["origin"] == "chosen"
        assert found.left_out == (LeftOut(id="pair-1", reason="small_margin"),)

    def test_a_simulated_answer_stays_out(self) -> None:
        answered = a_demonstration(provenance=Provenance.SIMULATED)

        assert [left.reason for left in made_of_answers("sft", answered, PLAN).left_out] == ["provenance"]

    def test_an_edited_response_of_an_offline_writer_stays_out(self) -> None:
        candidate = Response(text="391?", model="offline", provenance=Provenance.OFFLINE)
        task = a_task_proposed(kind=TaskKind.DEMONSTRATION, candidates=(candidate,))
        edited = AnsweredTask(task=task, answers=(a_demonstration_submitted(edited=True),))
        written = AnsweredTask(task=task, answers=(a_demonstration_submitted(),))

        assert [left.reason for left in made_of_answers("sft", edited, PLAN).left_out] == ["provenance"]
        assert len(made_of_answers("sft", written, PLAN).rows) == 1

    def test_a_slice_that_the_plan_does_not_take_stays_out(self) -> None:
        plan = PLAN.model_copy(update={"slices": ("law",)})

        assert [left.reason for left in made_of_answers("sft", a_demonstration(), plan).left_out] == ["slice"]


class TestSafety:
    def test_a_label_keeps_its_harm_and_the_response(self) -> None:
        answered = a_safety_label(category="violence", severity=3, response="refuses")

        (row,) = made_of_answers("safety", answered, PLAN).rows

        assert (row["category"], row["severity"], row["conduct"]) == ("violence", 3, "refuses")
        assert row["completion"] == [{"role": "assistant", "content": "391"}]

    def test_a_prompt_alone_has_no_completion(self) -> None:
        task = a_task_proposed(kind=TaskKind.SAFETY, candidates=())
        answered = AnsweredTask(task=task, answers=(a_safety_label_submitted(),))

        assert made_of_answers("safety", answered, PLAN).rows[0]["completion"] is None

    def test_pairs_and_other_tasks_have_no_row(self) -> None:
        assert made("safety", [an_example()], PLAN) == Made()
        assert made_of_answers("safety", a_demonstration(), PLAN) == Made()
        assert made_of_answers("preference", a_safety_label(), PLAN) == Made()


class TestRegistry:
    def test_every_format_of_a_plan_is_there(self) -> None:
        assert tuple(FORMATS) == get_args(FormatName)

    def test_no_group_gives_no_row(self) -> None:
        assert all(made(name, [], PLAN) == Made() for name in FORMATS)

    @pytest.mark.parametrize("name", FORMATS)
    def test_every_row_fits_the_columns(self, name: FormatName) -> None:
        plan = PLAN.model_copy(update={"demonstration_margin": 1})
        found = rows(name, [an_example(messages=TALK)], plan)
        found += [
            row
            for answered in (a_demonstration(), a_safety_label())
            for row in made_of_answers(name, answered, plan).rows
        ]

        assert found
        assert [misfit(row, FORMATS[name].columns) for row in found] == [""] * len(found)

    def test_no_row_names_an_annotator(self) -> None:
        plan = PLAN.model_copy(update={"demonstration_margin": 1})
        named = {"annotator", "annotators", "rationale"}

        assert all(not named & {column.name for column in form.columns} for form in FORMATS.values())
        assert "ann" not in str(rows("sft", [an_example(labels=())], plan))

    def test_every_reason_says_what_it_means(self) -> None:
        assert all(REASONS.values())

    @given(
        margins=st.lists(st.sampled_from(list(Preference)), min_size=1, max_size=4),
        name=st.sampled_from([*OF_PAIRS, "ranking", "prompts"]),
    )
    def test_every_pair_is_in_a_row_or_counted_as_left_out(
        self, margins: list[Preference], name: FormatName
    ) -> None:
        group = [
            an_example(pair_id=f"pair-{n}", response_a=Response(text=f"{n}", model="m"), label=label)
            for n, label in enumerate(margins)
        ]

        found = made(name, group, PLAN)

        within = {pair for row in found.rows for pair in sources(row)}
        without = {left.id for left in found.left_out}
        assert within | without == {example.pair_id for example in group}
        assert not within & without
        assert {left.reason for left in found.left_out} <= REASONS.keys()


class TestCard:
    FILES: dict[tuple[FormatName, str], list[str]] = {  # noqa: RUF012
        ("unpaired", "train"): ["data/unpaired/train-00000-of-00001.parquet"],
        ("preference", "train"): ["data/preference/train-00000-of-00001.parquet"],
        ("preference", "test"): ["data/preference/test-00000-of-00001.parquet"],
        ("reward", "train"): [],
    }

    def test_configurations_name_the_files_of_each_split(self) -> None:
        first, second = configs(self.FILES)

        assert (first["config_name"], first["default"]) == ("preference", True)
        assert [data["split"] for data in first["data_files"]] == ["train", "test"]
        assert second["config_name"] == "unpaired"
        assert "default" not in second

    def test_features_follow_the_columns(self) -> None:
        infos = {info["config_name"]: info["features"] for info in dataset_infos(self.FILES)}

        assert list(infos) == ["preference", "unpaired"]
        assert {"name": "label", "dtype": "bool"} in infos["unpaired"]

    def test_conversations_and_nested_columns_have_features(self) -> None:
        (info,) = dataset_infos({("prompts", "train"): ["x"]})
        by_name = {feature["name"]: feature for feature in info["features"]}

        parts = [{"name": "role", "dtype": "string"}, {"name": "content", "dtype": "string"}]
        assert by_name["prompt"] == {"name": "prompt", "list": parts}
        assert by_name["reward_model"]["struct"][0] == {"name": "style", "dtype": "string"}

    def test_a_release_without_files_has_no_configuration(self) -> None:
        assert configs({}) == dataset_infos({}) == []

    def test_the_columns_are_told_in_words(self) -> None:
        table = columns_table(FORMATS["unpaired"])

        assert table.count("\n") == len(FORMATS["unpaired"].columns) + 1
        assert "| `label` | Whether it was the better one of its pair. |" in table

    def test_llama_factory_is_told_of_the_formats_it_reads(self) -> None:
        info = dataset_info(self.FILES)

        assert sorted(info) == ["preference_test", "preference_train", "unpaired_train"]
        assert info["preference_train"]["ranking"] is True
        assert info["unpaired_train"]["columns"]["kto_tag"] == "label"

    @pytest.mark.parametrize("name", ["preference", "preference_conversational", "unpaired", "sft"])
    def test_llama_factory_finds_every_column_it_is_told_of(self, name: FormatName) -> None:
        (entry,) = dataset_info({(name, "train"): ["x"]}).values()

        assert set(entry["columns"].values()) <= {column.name for column in FORMATS[name].columns}


class TestMisfits:
    COLUMNS = (
        Column(name="prompt", kind=MESSAGES, about=""),
        Column(name="margin", kind="float64", about=""),
    )

    @pytest.mark.parametrize(
        ("row", "said"),
        [
            ({"prompt": [{"role": "user", "content": "Hi"}], "margin": None}, ""),
            ({"prompt": None}, "the columns are prompt"),
            ({"prompt": "Hi", "margin": 1.0}, "prompt is str, not a list"),
            ({"prompt": [{"role": "user"}], "margin": 1.0}, "prompt[0] is not {role, content}"),
            (
                {"prompt": [{"role": "user", "content": 7}], "margin": 1.0},
                "prompt[0].content is int, not str",
            ),
            ({"prompt": [], "margin": 1}, "margin is int, not float"),
        ],
    )
    def test_what_does_not_fit_its_column_is_named(self, row: dict[str, Any], said: str) -> None:
        assert misfit(row, self.COLUMNS) == said

    def test_lists_of_plain_values_have_features(self) -> None:
        columns = [Column(name="pair_ids", kind=ListOf("string"), about="")]

        assert features(columns) == [{"name": "pair_ids", "list": "string"}]
