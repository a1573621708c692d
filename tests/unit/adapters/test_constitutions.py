"""Constitutions as files: what is right is read, what is wrong is told with its line and a way out."""

import time
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from prefstream.adapters.constitutions import (
    EXAMPLES,
    Reading,
    example_text,
    load_constitution,
    parse_constitution,
    read_file,
    read_text,
    shipped_constitution,
    yaml_of,
)
from prefstream.adapters.constitutions.editor import SCHEMA_FILE, editor_schema, schema_text, shipped_schema
from prefstream.schemas import constitutions
from prefstream.schemas.constitutions import Constitution, RefusalKind
from prefstream.schemas.errors import BadInput

GOOD = """
name: house
version: "1"
title: House rules
principles:
  - id: correctness
    rule: The correct answer wins.
    exemplars:
      - {prompt: "2+2?", better: "4", worse: "5"}
      - {prompt: "3+3?", better: "6", worse: "7"}
    counter_examples:
      - {prompt: "Is 0 even?", better: "Yes.", worse: "No."}
curation:
  - {id: sums, pattern: '\\d', slice: arithmetic, stakes: high}
escalation:
  - {id: people, stakes: [high], clause: correctness}
"""

COUNTER_EXAMPLE = GOOD[GOOD.index("    counter_examples") : GOOD.index("curation")]
SECOND = """
  - id: kindness
    rule: The kinder answer wins among equals.
    exemplars:
      - {prompt: "Hi", better: "Hello!", worse: "What."}
      - {prompt: "Thanks", better: "Glad to help.", worse: "ok"}
    counter_examples:
      - {prompt: "Am I right?", better: "Not quite.", worse: "Always!"}
curation:"""


def places(reading: Reading) -> list[tuple[int, int, str, str]]:
    return [(one.line, one.column, one.finding.level, one.finding.code) for one in reading.findings]


def errors(text: str) -> list[tuple[int, int, str, str]]:
    return [place for place in places(read_text(text, where="x")) if place[2] == "error"]


def test_the_shipped_constitution_is_sound() -> None:
    constitution = shipped_constitution()

    assert constitution.name == "general"
    assert {"helpfulness", "correctness", "harmlessness", "conciseness", "format"} <= {
        principle.id for principle in constitution.principles
    }
    assert all(len(p.exemplars) >= 2 and p.counter_examples for p in constitution.principles)
    assert all(text for text in constitution.protocols.model_dump().values())
    assert sum(constitution.dimensions.values()) == pytest.approx(1.0)
    assert {rule.slice for rule in constitution.curation} >= {
        "arithmetic",
        "code",
        "format",
        "refusals",
        "languages",
    }


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_are_free_of_findings(name: str) -> None:
    reading = read_text(example_text(name), where=name)

    assert [str(one) for one in reading.findings] == []
    assert reading.constitution is not None


def test_the_regulated_example_sends_what_is_mandatory_to_people() -> None:
    medical = parse_constitution(example_text("medical"), where="medical")

    clauses = {trigger.clause for trigger in medical.escalation}
    assert clauses <= {principle.id for principle in medical.principles}
    assert len(medical.escalation) >= 3


def test_the_identity_follows_the_content_and_not_the_layout() -> None:
    reordered = GOOD.replace('version: "1"\ntitle: House rules', 'title: House rules\nversion: "1"')

    assert parse_constitution(GOOD, where="a").id == parse_constitution(reordered, where="b").id
    assert (
        parse_constitution(GOOD.replace("wins", "loses"), where="a").id
        != parse_constitution(GOOD, where="a").id
    )


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('version: "1"', "version: 1", r"^x:3:1: version: .*string.*quotes"),
        ("    rule: The correct answer wins.\n", "", r"^x:6:5: principles\[0\]\.rule: the field 'rule'"),
        (COUNTER_EXAMPLE, "", r"^x:6:5: principles\[0\]\.counter_examples: .*no counter-example"),
        (COUNTER_EXAMPLE, "    counter_examples: []\n", r"^x:11:5: .*no counter-example"),
        ('      - {prompt: "3+3?", better: "6", worse: "7"}\n', "", r"^x:8:5: .*exemplars: .*at least 2"),
        ('better: "6"', "better: 6", r"^x:10:\d+: principles\[0\]\.exemplars\[1\]\.better: .*quotes"),
        ("slice: arithmetic", "slise: arithmetic", r"^x:14:31: curation\[0\]\.slise: .*did you mean 'slice'"),
        ("title: House rules", "title: H\nzzz: 1", r"^x:5:1: zzz: unknown field 'zzz'; known are: name,"),
        ("stakes: high}", "stakes: huge}", r"curation\[0\]\.stakes: .*'low', 'medium' or 'high'"),
        ("'\\d'", "'('", r"^x:14:16: curation\[0\]\.pattern: not a regular expression"),
        ("'\\d'", "'(\\w+\\s?)*!'", r"^x:14:16: curation\[0\]\.pattern: a repeat inside a repeat"),
        ("clause: correctness", "clause: kindness", r"^x:16:34: escalation\[0\]\.clause: 'kindness'"),
        ("stakes: [high], ", "", r"^x:16:5: escalation\[0\]: .*never fires"),
        (", slice: arithmetic, stakes: high", "", r"curation\[0\]: .*gives nothing"),
        ("pattern: '\\d', ", "", r"curation\[0\]: .*matches everything"),
        ("title: House rules", "title: House rules\ntitle: Again", r"^x:5:1: .*'title' is given twice"),
        ("title: House rules", "title: [", r"^x:\d+:\d+: not YAML"),
        ("title: House rules", "title: &a House\nbrand_voice: *a", r"^x:5:14: .*aliases"),
        ("title: House rules", "title: House\ndimensions: {tone: -1}", r"^x:5:14: .*tone: .*negative"),
        ("title: House rules", "title: House\ndimensions: {tone: 0}", r"^x:5:1: .*: all weights are zero"),
        ("title: House rules", "title: House\ndimensions: {tone: .nan}", r"dimensions\.tone"),
        ("title: House rules", "title: House\n1: one", r"what JSON cannot say"),
        ("title: House rules", "title: House\ndraft: maybe", r"^x:5:1: draft: draft is true or false"),
        ("title: House rules", 'title: House\nrefusal_taxonomy: [{means: x}]', r"refusal_taxonomy\[0\]\.id"),
        ("title: House rules", 'title: House\nrefusal_taxonomy: [""]', r"refusal_taxonomy\[0\]: "),
        ("title: House rules", 'title: House\nrefusal_taxonomy: [7]', r"refusal_taxonomy\[0\]: .*quotes"),
        ('worse: "5"', 'worse: "4"', r"^x:9:39: principles\[0\]\.exemplars\[0\]\.worse: .*the same"),
    ],
)  # fmt: skip
def test_a_broken_constitution_is_told_by_line_and_field(old: str, new: str, told: str) -> None:
    assert old in GOOD

    with pytest.raises(BadInput, match=told):
        parse_constitution(GOOD.replace(old, new), where="x")


def test_all_errors_are_told_at_once_with_their_places() -> None:
    text = GOOD.replace(COUNTER_EXAMPLE, "").replace("clause: correctness", "clause: kindness")

    assert [(line, code) for line, _, _, code in errors(text)] == [
        (6, "no-counter-example"),
        (14, "unknown-clause"),
    ]
    with pytest.raises(BadInput, match=r"^x: not a constitution: line 6:5: .*; line 14:34: "):
        parse_constitution(text, where="x")


def test_cyclic_priorities_are_refused_with_the_line_of_the_first_clause() -> None:
    two = GOOD.replace("curation:", SECOND.lstrip("\n"))
    cyclic = two.replace("  - id: correctness\n", "  - id: correctness\n    outranks: [kindness]\n").replace(
        "  - id: kindness\n", "  - id: kindness\n    outranks: [correctness]\n"
    )

    assert errors(cyclic) == [(7, 5, "error", "priority-cycle")]
    with pytest.raises(BadInput, match="circle: correctness > kindness > correctness"):
        parse_constitution(cyclic, where="x")


def test_outranks_against_the_numbers_is_refused() -> None:
    two = GOOD.replace("curation:", SECOND.lstrip("\n"))
    against = two.replace(
        "  - id: kindness\n", "  - id: kindness\n    priority: 2\n    outranks: [correctness]\n"
    )

    assert errors(against) == [(15, 16, "error", "priority-contradiction")]


@pytest.mark.parametrize("text", ["", "- 1", "just words", "\x00", "a: \x07", "[" * 5000, "{a: " * 200])
def test_what_is_no_mapping_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match=r"^x:1:"):
        parse_constitution(text, where="x")


def test_a_yaml_bomb_is_refused_at_once() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    began = time.perf_counter()

    with pytest.raises(BadInput, match="aliases"):
        parse_constitution("\n".join(lines), where="x")

    assert time.perf_counter() - began < 1


def test_two_clauses_of_one_id_are_refused() -> None:
    start, end = GOOD.index("  - id: correctness"), GOOD.index("curation:")
    with pytest.raises(
        BadInput, match=r"^x:13:5: principles\[1\]\.id: the id 'correctness' is given 2 times"
    ):
        parse_constitution(GOOD[:end] + GOOD[start:], where="x")


def test_a_file_is_read_with_or_without_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "house.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())

    assert load_constitution(path).name == "house"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"missing\.yaml: the constitution cannot be read: No such file"):
        load_constitution(tmp_path / "missing.yaml")
    path = tmp_path / "latin.yaml"
    path.write_bytes(b"name: caf\xe9")
    with pytest.raises(BadInput, match="not UTF-8 at byte 9"):
        load_constitution(path)
    path.write_bytes(b"#" * 1_000_001)
    with pytest.raises(BadInput, match="larger than"):
        load_constitution(path)


def test_a_draft_can_be_read_and_checked_but_not_loaded_to_be_used(tmp_path: Path) -> None:
    path = tmp_path / "draft.yaml"
    path.write_text("draft: true\n" + GOOD, encoding="utf-8")

    reading = read_file(path)
    assert reading.draft
    assert reading.constitution == parse_constitution(GOOD, where="x")
    assert (1, 1, "warning", "draft") in places(reading)
    with pytest.raises(BadInput, match="this is a draft; read and edit every clause"):
        load_constitution(path)


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_is_written_as_yaml_reads_back_the_same(name: str) -> None:
    constitution = parse_constitution(example_text(name), where=name)

    assert parse_constitution(yaml_of(constitution), where="again") == constitution


@settings(deadline=None)
@given(st.text(st.characters(codec="utf-8")))
@example("a\n")
@example("  a\nb ")
@example("a: b\n- c\n\n\nd")
@example("tab\there\nx")
@example("#!\u2028x")
@example("no")
@example("1")
@example("\x00\ufeff\x85\x07\n")
def test_any_text_survives_writing_and_reading(text: str) -> None:
    constitution = parse_constitution(GOOD, where="x").model_copy(update={"brand_voice": text})

    assert parse_constitution(yaml_of(constitution), where="again").brand_voice == text


def test_a_kind_of_refusal_has_a_meaning_or_only_a_name() -> None:
    text = GOOD + "refusal_taxonomy: [plain, {id: kind, means: It says why.}]\n"

    assert parse_constitution(text, where="x").refusal_taxonomy == (
        "plain",
        RefusalKind(id="kind", means="It says why."),
    )


def test_the_shipped_schema_for_editors_is_that_of_the_model() -> None:
    drift = "drift; run prefstream constitution schema > streams/prefstream/adapters/constitutions/"
    assert shipped_schema() == schema_text(), drift + SCHEMA_FILE


def test_the_schema_for_editors_names_every_field_and_allows_no_other() -> None:
    schema = editor_schema()
    objects = [schema, *(one for one in schema["$defs"].values() if one["type"] == "object")]

    assert all(one["additionalProperties"] is False for one in objects)
    assert set(schema["properties"]) == {*Constitution.model_fields, "draft"}
    for name in ("Principle", "Exemplar", "CurationRule", "EscalationTrigger", "Protocols", "RefusalKind"):
        model = getattr(constitutions, name)
        assert set(schema["$defs"][name]["properties"]) == set(model.model_fields)
    assert schema["$defs"]["Principle"]["properties"]["counter_examples"]["minItems"] == 1
