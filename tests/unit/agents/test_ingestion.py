"""Rows of every kind become the events they should, with ids that repeat."""

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.factories import NOON

from prefstream.agents.ingestion import (
    FIELDS,
    Defaults,
    Findings,
    RecordedVerdict,
    check_names,
    label_event,
    missing_fields,
    pair_event,
    prompt_event,
    recorded_verdict,
)
from prefstream.schemas.errors import BadInput
from prefstream.schemas.labels import LabelSubmitted
from prefstream.schemas.pairs import PairProposed
from prefstream.schemas.prompts import PromptSubmitted
from prefstream.schemas.values import Message, Provenance, Stakes, Verdict

PAIR = {"pair_id": "p1", "prompt": "2+2?", "response_a": "4", "response_b": "5"}
LABEL = {"pair_id": "p1", "annotator": "ann", "verdict": "A"}
VERDICT = {"pair_id": "p1", "judge": "gpt", "verdict": "B"}


def defaults(**changes: Any) -> Defaults:
    given: dict[str, Any] = {"source": "ingest/file", "occurred_at": NOON}
    return Defaults(**(given | changes))


def pair(row: dict[str, Any], **changes: Any) -> PairProposed:
    event = pair_event(row, defaults(**changes))
    assert isinstance(event, PairProposed), str(event)
    return event


def prompt(row: dict[str, Any], **changes: Any) -> PromptSubmitted:
    event = prompt_event(row, defaults(**changes))
    assert isinstance(event, PromptSubmitted), str(event)
    return event


def label(row: dict[str, Any], **changes: Any) -> LabelSubmitted:
    event = label_event(row, defaults(**changes))
    assert isinstance(event, LabelSubmitted), str(event)
    return event


def verdict(row: dict[str, Any], **changes: Any) -> RecordedVerdict:
    recorded = recorded_verdict(row, defaults(**changes))
    assert isinstance(recorded, RecordedVerdict), str(recorded)
    return recorded


def reasons(result: object) -> str:
    assert isinstance(result, Findings), result
    return str(result)


# Pairs --------------------------------------------------------------------------------------------


def test_a_plain_row_becomes_a_proposed_pair() -> None:
    row = PAIR | {"slice": "math", "stakes": "high", "tags": ["a", "b"], "model_a": "m1", "model_b": "m2"}

    event = pair(row)

    assert event.messages == (Message(role="user", content="2+2?"),)
    assert (event.response_a.text, event.response_b.text) == ("4", "5")
    assert (event.response_a.model, event.response_b.model) == ("m1", "m2")
    assert (event.slice, event.stakes, event.tags) == ("math", Stakes.HIGH, ("a", "b"))
    assert (event.subject, event.correlation_id, event.source) == ("p1", "p1", "ingest/file")
    assert (event.occurred_at, event.strategy, event.group_id) == (NOON, "ready_made", event.prompt_id)


def test_what_a_row_does_not_say_has_a_default() -> None:
    event = pair(PAIR)

    assert (event.slice, event.stakes, event.response_a.model) == ("general", Stakes.LOW, "unknown")


def test_an_id_repeats_when_the_row_does_and_differs_when_it_does_not() -> None:
    assert pair(PAIR).event_id == pair(PAIR, occurred_at=datetime(2020, 1, 1, tzinfo=UTC)).event_id
    assert pair(PAIR).event_id != pair(PAIR | {"pair_id": "p2"}).event_id


def test_a_pair_without_an_id_gets_one_from_its_content() -> None:
    row = {name: value for name, value in PAIR.items() if name != "pair_id"}

    assert pair(row).pair_id == pair(dict(row)).pair_id
    assert pair(row).pair_id != pair(row | {"response_b": "6"}).pair_id


def test_the_prompt_id_follows_the_prompt_alone() -> None:
    assert pair(PAIR).prompt_id == pair(PAIR | {"pair_id": "p2", "response_a": "four"}).prompt_id


@pytest.mark.parametrize(
    ("value", "what"),
    [(True, "a boolean"), (4, "a number"), (4.5, "a number"), (["x"], "turn 1"), ({"t": 1}, "an object")],
)
def test_a_response_of_another_type_is_refused_and_never_made_into_text(value: object, what: str) -> None:
    assert what in reasons(pair_event(PAIR | {"response_a": value}, defaults()))


def test_a_finding_names_the_column_it_was_read_from() -> None:
    row = {"idx": 3, "prompt": "2+2?", "response1": True, "response2": "5"}

    assert reasons(pair_event(row, defaults())) == "response_a (column 'response1') is a boolean, not text"


def test_a_row_is_refused_with_everything_that_is_the_matter() -> None:
    said = reasons(pair_event(PAIR | {"response_a": 1, "response_b": None}, defaults()))

    assert said == "response_a is a number, not text; response_b is missing"


def test_stakes_are_one_of_three_words() -> None:
    assert "stakes is none of low, medium, high" in reasons(
        pair_event(PAIR | {"stakes": "enormous"}, defaults())
    )


@pytest.mark.parametrize("text", ["", " ", "äö 漢字 🎉", "a\x00b"])
def test_any_text_goes_in_unchanged(text: str) -> None:
    assert pair(PAIR | {"response_a": text}).response_a.text == text


def test_a_whole_number_is_an_id_and_a_boolean_is_not() -> None:
    assert pair(PAIR | {"pair_id": 7}).pair_id == "7"
    assert "pair_id is a boolean" in reasons(pair_event(PAIR | {"pair_id": True}, defaults()))


@pytest.mark.parametrize("name", ["a\x00b", "a\nb", "\ud800"])
def test_an_id_with_control_characters_is_refused(name: str) -> None:
    assert "control characters" in reasons(pair_event(PAIR | {"pair_id": name}, defaults()))


def test_an_id_that_is_too_long_or_begins_with_a_blank_is_refused_by_the_contract() -> None:
    assert "256" in reasons(pair_event(PAIR | {"pair_id": "x" * 257}, defaults()))
    assert "pattern" in reasons(pair_event(PAIR | {"pair_id": " x"}, defaults()))


def test_half_a_surrogate_pair_is_no_text() -> None:
    assert "response_a cannot be read" in reasons(pair_event(PAIR | {"response_a": "x\ud800"}, defaults()))


def test_a_text_beyond_the_limit_is_refused() -> None:
    assert "at most" in reasons(pair_event(PAIR | {"response_a": "x" * 2_000_001}, defaults()))


def test_a_pair_without_a_prompt_is_refused() -> None:
    row = {"pair_id": "p1", "response_a": "4", "response_b": "5"}

    assert reasons(pair_event(row, defaults())) == "prompt is missing"


def test_columns_may_be_mapped_and_constants_are_stronger() -> None:
    row = {"n": "p9", "q": "2+2?", "left": "4", "right": "5", "slice": "other"}
    columns = {"pair_id": "n", "prompt": "q", "response_a": "left", "response_b": "right"}

    event = pair(row, columns=columns, constants={"slice": "math"}, provenance=Provenance.SIMULATED)

    assert (event.pair_id, event.slice, event.response_b.text) == ("p9", "math", "5")
    assert (event.provenance, event.response_a.provenance) == (Provenance.SIMULATED, Provenance.SIMULATED)


def test_column_names_are_matched_whatever_their_case() -> None:
    assert pair({"Pair_ID": "p1", "Prompt": "x", "Response_A": "4", "RESPONSE_B": "5"}).pair_id == "p1"


def test_a_mapped_column_is_not_read_as_something_else_too() -> None:
    row = PAIR | {"category": "x"}

    assert pair(row, columns={"strategy": "category"}).slice == "general"


def test_instruction_and_input_make_one_prompt() -> None:
    row = {"idx": 0, "instruction": "Shorten.", "input": "A long text.", "response1": "x", "response2": "y"}

    assert pair(row).messages[0].content == "Shorten.\n\nA long text."
    assert pair(row | {"input": ""}).messages[0].content == "Shorten."


def test_a_system_message_goes_first() -> None:
    assert [turn.role for turn in pair(PAIR | {"system": "Be brief."}).messages] == ["system", "user"]


def test_chosen_and_rejected_stand_on_sides_a_coin_chose_and_the_label_knows() -> None:
    rows = [{"id": str(n), "prompt": "x", "chosen": "good", "rejected": "bad"} for n in range(200)]

    good_first = [pair(row).response_a.text == "good" for row in rows]
    labels = [label(row, constants={"annotator": "crowd"}).verdict for row in rows]

    assert 60 < sum(good_first) < 140
    assert labels == [Verdict.A_BETTER if first else Verdict.B_BETTER for first in good_first]


def test_models_follow_the_sides_of_chosen_and_rejected() -> None:
    row = {"prompt": "x", "chosen": "good", "rejected": "bad", "chosen_model": "g", "rejected_model": "b"}

    for number in range(20):
        event = pair(row | {"id": str(number)})
        assert event.response_a.model == event.response_a.text[0]


def test_conversations_that_share_a_prompt_are_taken_apart() -> None:
    asked = {"role": "user", "content": "Hi"}
    row = {
        "id": "1",
        "chosen": [asked, {"role": "assistant", "content": "Hello"}],
        "rejected": [asked, {"role": "assistant", "content": "Go away"}],
    }

    event = pair(row)

    assert event.messages == (Message(role="user", content="Hi"),)
    assert {event.response_a.text, event.response_b.text} == {"Hello", "Go away"}


def test_conversations_after_different_prompts_keep_both() -> None:
    def said(prompt: str) -> list[dict[str, str]]:
        return [{"role": "user", "content": prompt}, {"role": "assistant", "content": "ok"}]

    event = pair({"id": "1", "chosen": said("Hi"), "rejected": said("Bye")})

    assert event.messages == (Message(role="user", content="Hi"),)
    assert event.other_messages == (Message(role="user", content="Bye"),)
    assert pair({"id": "1", "chosen": said("Hi"), "rejected": said("Hi")}).other_messages == ()


def test_conversations_after_another_prompt_than_the_row_names_are_refused() -> None:
    def said(prompt: str) -> list[dict[str, str]]:
        return [{"role": "user", "content": prompt}, {"role": "assistant", "content": "ok"}]

    assert "another prompt" in reasons(
        pair_event({"id": "1", "prompt": "Hm", "chosen": said("Hi"), "rejected": said("Hi")}, defaults())
    )


def test_a_conversation_that_ends_with_the_user_is_no_response() -> None:
    row = PAIR | {"response_a": [{"role": "user", "content": "Hi"}]}

    assert "does not end with the assistant" in reasons(pair_event(row, defaults()))


def test_a_transcript_is_taken_apart() -> None:
    row = {
        "id": "1",
        "chosen": "\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: Bye\n\nAssistant: Farewell",
        "rejected": "\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: Bye\n\nAssistant: No",
    }

    event = pair(row)

    assert [turn.content for turn in event.messages] == ["Hi", "Hello", "Bye"]
    assert {event.response_a.text, event.response_b.text} == {"Farewell", "No"}


def test_a_prefix_keeps_the_ids_of_two_files_apart() -> None:
    row = PAIR | {
        "pair_id": 0,
        "prompt_id": 3,
        "group_id": 4,
        "annotator": "ann",
        "judge": "gpt",
        "verdict": "A",
    }

    event = pair(row, prefix="set1/")

    assert (event.pair_id, event.prompt_id, event.group_id) == ("set1/0", "set1/3", "set1/4")
    assert label(row, prefix="set1/").pair_id == verdict(row, prefix="set1/").pair_id == "set1/0"
    assert prompt({"id": 3, "prompt": "2+2?"}, prefix="set1/").prompt_id == "set1/3"
    assert pair(row).event_id != event.event_id


# Prompts ------------------------------------------------------------------------------------------


def test_a_prompt_has_its_id_from_its_text_unless_it_is_named() -> None:
    assert prompt({"prompt": "x"}).prompt_id == prompt({"prompt": "x", "tags": "a"}).prompt_id
    assert prompt({"prompt": "x", "id": 5}).prompt_id == "5"


@pytest.mark.parametrize(
    "messages",
    [
        [{"role": "user", "content": "Hi"}],
        [{"from": "human", "value": "Hi"}],
        '[{"role": "user", "content": "Hi"}]',
    ],
)
def test_conversations_come_in_several_shapes(messages: object) -> None:
    assert prompt({"messages": messages}).messages == (Message(role="user", content="Hi"),)


@pytest.mark.parametrize(
    ("messages", "said"),
    [
        ([], "empty conversation"),
        ("[]", "empty conversation"),
        ([{"role": "user"}], "turn 1 is not a role with text"),
        (["Hi"], "turn 1 is not a role with text"),
        ([{"role": "judge", "content": "Hi"}], "turn 1 has a role"),
        ([{"role": "assistant", "content": "Hi"}], "ends with the assistant"),
        (5, "a number"),
        (None, "is missing"),
    ],
)
def test_conversations_that_do_not_fit_are_refused(messages: object, said: str) -> None:
    assert said in reasons(prompt_event({"messages": messages}, defaults()))


def test_a_prompt_is_told_from_the_conversation_that_answers_it() -> None:
    answered = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]

    assert len(prompt({"prompt": "Hi", "messages": answered}).messages) == 1


def test_tags_are_a_list_or_text_with_separators() -> None:
    assert prompt({"prompt": "x", "tags": "a; b|c,"}).tags == ("a", "b", "c")
    assert prompt({"prompt": "x", "tags": '["a, b"]'}).tags == ("a, b",)
    assert prompt({"prompt": "x", "tags": "[]"}).tags == ()
    assert prompt({"prompt": "x", "tags": "[a]"}).tags == ("[a]",)
    assert "not a list of names" in reasons(prompt_event({"prompt": "x", "tags": [1]}, defaults()))


def test_a_prompt_with_an_id_that_does_not_fit_is_refused() -> None:
    assert "prompt_id" in reasons(prompt_event({"prompt": "x", "id": " 5"}, defaults()))


def test_a_row_without_a_prompt_is_refused() -> None:
    assert reasons(prompt_event({"text": "x"}, defaults())) == "prompt is missing"


@pytest.mark.parametrize(
    "when",
    [
        "2026-03-01T12:00:00Z",
        "2026-03-01T13:00:00+01:00",
        "2026-03-01T12:00:00",
        NOON,
        NOON.replace(tzinfo=None),
        NOON.timestamp(),
        int(NOON.timestamp() * 1000),
        str(NOON.timestamp()),
    ],
)
def test_times_are_read_as_people_write_them(when: object) -> None:
    later = datetime(2027, 1, 1, tzinfo=UTC)

    assert prompt({"prompt": "x", "created_at": when}, occurred_at=later).occurred_at == NOON


@pytest.mark.parametrize("when", ["yesterday", True, 1e300, [1]])
def test_a_time_that_cannot_be_read_is_refused(when: object) -> None:
    assert "ISO 8601" in reasons(prompt_event({"prompt": "x", "timestamp": when}, defaults()))


def test_a_date_alone_is_its_first_instant() -> None:
    assert prompt({"prompt": "x", "occurred_at": NOON.date()}).occurred_at == NOON.replace(hour=0)


# Labels -------------------------------------------------------------------------------------------


def test_a_label_carries_everything_the_row_says() -> None:
    row = LABEL | {
        "rationale": "shorter",
        "dimensions": {"helpfulness": 4},
        "clauses": "P1,P2",
        "seconds": "12.5",
        "sides": "ba",
        "task_id": 9,
        "round": "review",
    }

    event = label(row)

    assert (event.verdict, event.rationale, event.dimensions) == (
        Verdict.A_BETTER,
        "shorter",
        {"helpfulness": 4},
    )
    assert (event.clauses, event.seconds, event.sides) == (("P1", "P2"), 12.5, "ba")
    assert (event.task_id, event.round) == ("9", "review")


def test_a_label_is_one_per_pair_annotator_and_round() -> None:
    ids = {
        label(LABEL | change).event_id
        for change in ({}, {"verdict": "B"}, {"annotator": "bob"}, {"round": "review"}, {"pair_id": "p2"})
    }

    assert len(ids) == 4


def test_one_wide_file_holds_several_annotators() -> None:
    row = {"idx": 0, "annotator1": 1, "annotator2": 2}

    event = label(row, columns={"verdict": "annotator2"}, constants={"annotator": "annotator2"})

    assert (event.pair_id, event.annotator, event.verdict) == ("0", "annotator2", Verdict.B_BETTER)


def test_an_empty_cell_is_as_good_as_none() -> None:
    event = label(LABEL | {"occurred_at": "", "seconds": "", "sides": "", "task_id": "", "clauses": ""})

    assert (event.occurred_at, event.seconds, event.sides, event.task_id) == (NOON, None, "ab", None)


@pytest.mark.parametrize("value", [None, "", float("nan"), "garbage", True, 3, [1]])
def test_a_label_that_cannot_be_read_is_refused(value: object) -> None:
    assert "verdict" in reasons(label_event(LABEL | {"verdict": value}, defaults()))


def test_a_label_without_pair_or_annotator_is_refused() -> None:
    assert reasons(label_event({"verdict": "A"}, defaults())) == "pair_id is missing; annotator is missing"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"seconds": -1}, "seconds"),
        ({"seconds": "soon"}, "seconds is text, not a number"),
        ({"sides": "left"}, "sides is none of ab, ba"),
        ({"round": "fourth"}, "round is none of"),
        ({"dimensions": {"helpfulness": "high"}}, "dimensions.helpfulness"),
        ({"dimensions": "high"}, "dimensions is text, not an object"),
        ({"clauses": 5}, "clauses is a number"),
        ({"rationale": 5}, "rationale is a number, not text"),
    ],
)
def test_details_of_a_label_that_do_not_fit_are_refused(change: dict[str, Any], said: str) -> None:
    assert said in reasons(label_event(LABEL | change, defaults()))


def test_ratings_in_a_table_are_written_as_json() -> None:
    assert label(LABEL | {"dimensions": '{"helpfulness": 4}'}).dimensions == {"helpfulness": 4}
    assert label(LABEL | {"dimensions": ""}).dimensions == {}


def test_a_label_finds_the_pair_that_has_no_id_by_its_content() -> None:
    row = {"prompt": "x", "response_a": "4", "response_b": "5", "annotator": "ann", "verdict": "A"}

    assert label(row).pair_id == pair(row).pair_id


# Recorded verdicts --------------------------------------------------------------------------------


def test_a_recorded_verdict_keeps_what_the_judge_said() -> None:
    row = VERDICT | {"order": "ba", "strategy": "cot", "p_a": "0.25", "rationale": "why"}

    recorded = verdict(row)

    vote = recorded.vote
    assert (recorded.judge, recorded.pair_id) == ("gpt", "p1")
    assert (vote.judge, vote.order, vote.variant, vote.p_a) == ("gpt", "ba", "cot", 0.25)
    assert (vote.raw, vote.verdict, vote.rationale) == ("B", Verdict.B_BETTER, "why")
    assert vote.provenance is Provenance.RECORDED


@pytest.mark.parametrize(
    ("value", "raw"), [(None, None), ("garbage", "garbage"), (True, "true"), ("", ""), ([1], "[1]"), (7, "7")]
)
def test_an_unreadable_verdict_is_no_verdict_and_never_a_tie(value: object, raw: str | None) -> None:
    vote = verdict(VERDICT | {"verdict": value}).vote

    assert (vote.verdict, vote.raw) == (None, raw)


def test_a_row_without_a_column_for_the_verdict_is_refused() -> None:
    assert reasons(recorded_verdict({"pair_id": "p1", "judge": "gpt"}, defaults())) == "verdict is missing"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"p_a": 1.5}, "p_a"),
        ({"p_a": True}, "p_a is a boolean"),
        ({"order": "first"}, "order is none of"),
        ({"judge": ""}, "judge is missing"),
        ({"judge": "x" * 300}, "256"),
        ({"rationale": "a\x00b"}, "NUL"),
        ({"verdict": "a\x00b"}, "NUL"),
    ],
)
def test_details_of_a_verdict_that_do_not_fit_are_refused(change: dict[str, Any], said: str) -> None:
    assert said in reasons(recorded_verdict(VERDICT | change, defaults()))


# Names of fields ----------------------------------------------------------------------------------


def test_an_unknown_field_is_named_together_with_the_known_ones() -> None:
    with pytest.raises(BadInput, match="no field 'respnse_a'; their fields are pair_id"):
        check_names("pairs", defaults(columns={"respnse_a": "x"}))


def test_fields_that_exist_may_be_mapped_and_set() -> None:
    check_names("pairs", defaults(columns={"slice": "x"}, constants={"model_a": "y"}))


def test_a_field_is_either_mapped_or_set() -> None:
    with pytest.raises(BadInput, match="slice is both"):
        check_names("pairs", defaults(columns={"slice": "x"}, constants={"slice": "y"}))


def test_a_header_is_checked_before_its_rows() -> None:
    assert missing_fields("labels", ["pair_id", "verdict"], defaults(constants={"annotator": "x"})) == ()
    assert missing_fields("labels", ["pair_id"], defaults(columns={"annotator": "who"})) == (
        "there is no column 'who' to read annotator from",
        "there is no column for annotator",
        "there is no column for verdict or chosen",
    )


def test_a_mapped_column_that_is_absent_leaves_the_field_empty() -> None:
    assert pair(PAIR | {"category": "x"}, columns={"slice": "topic"}).slice == "general"


def test_no_two_fields_of_a_kind_look_for_the_same_column() -> None:
    for kind, fields in FIELDS.items():
        names = [name for field in fields for name in (field.name, *field.synonyms)]
        assert len(names) == len(set(names)), kind
