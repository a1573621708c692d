from pathlib import Path

import pytest

from prefstream.adapters.constitutions import load_constitution, parse_constitution, shipped_constitution
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


def test_the_shipped_constitution_is_sound() -> None:
    constitution = shipped_constitution()

    assert constitution.name == "general"
    assert {"helpfulness", "correctness", "harmlessness", "conciseness", "format"} <= {
        principle.id for principle in constitution.principles
    }
    assert all(len(p.exemplars) >= 2 and p.counter_examples for p in constitution.principles)
    assert {rule.slice for rule in constitution.curation} >= {
        "arithmetic",
        "code",
        "format",
        "refusals",
        "languages",
    }


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
        ('version: "1"', "version: 1", r"version: .*string.*quotes"),
        ("    rule: The correct answer wins.\n", "", r"principles\[0\]\.rule: Field required"),
        (
            COUNTER_EXAMPLE,
            "",
            r"principles\[0\]\.counter_examples: Field required",
        ),
        ('      - {prompt: "3+3?", better: "6", worse: "7"}\n', "", r"\[0\]\.exemplars: .*at least 2"),
        ('better: "6"', "better: 6", r"constitution: principles\[0\]\.exemplars\[1\]\.better: [^;]*$"),
        ("slice: arithmetic", "slise: arithmetic", r"curation\[0\]\.slise: unknown field \(known: id,"),
        ("stakes: high}", "stakes: huge}", r"curation\[0\]\.stakes: .*'low', 'medium' or 'high'"),
        ("'\\d'", "'('", r"curation\[0\]\.pattern: not a regular expression"),
        ("clause: correctness", "clause: kindness", r"escalation\[0\]\.clause: 'kindness' is no principle"),
        ("stakes: [high], ", "", r"escalation\[0\]: never fires"),
        (", slice: arithmetic, stakes: high", "", r"curation\[0\]: gives nothing"),
        ("pattern: '\\d', ", "", r"curation\[0\]: matches everything"),
        ("title: House rules", "title: House rules\ntitle: Again", r"^x:5:1: .*'title' is given twice"),
        ("title: House rules", "title: [", r"^x:\d+:\d+: not YAML"),
        ("title: House rules", "title: &a House\nbrand_voice: *a", r"aliases"),
        ("title: House rules", "title: House\ndimensions: {tone: -1}", r"dimensions\.tone: the weight is -1"),
        ("title: House rules", "title: House\ndimensions: {tone: .nan}", r"dimensions\.tone"),
        ("title: House rules", "title: House\n1: one", r"what JSON cannot say"),
    ],
)  # fmt: skip
def test_a_broken_constitution_is_told_by_its_field(old: str, new: str, told: str) -> None:
    assert old in GOOD

    with pytest.raises(BadInput, match=told):
        parse_constitution(GOOD.replace(old, new), where="x")


@pytest.mark.parametrize("text", ["", "- 1", "just words", "\x00"])
def test_what_is_no_mapping_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="x"):
        parse_constitution(text, where="x")


def test_two_clauses_of_one_id_are_refused() -> None:
    start, end = GOOD.index("  - id: correctness"), GOOD.index("curation:")
    with pytest.raises(BadInput, match="principles: the id 'correctness' is given 2 times"):
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
