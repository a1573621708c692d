import json
from pathlib import Path

import pytest

from prefstream.adapters.files.labels import read_labels
from prefstream.schemas.errors import BadInput

FIELDS = ("task", "worker", "label")


def file(folder: Path, text: str, name: str = "labels.csv") -> str:
    path = folder / name
    path.write_text(text)
    return str(path)


def test_rows_are_read_in_the_order_of_the_fields(tmp_path: Path) -> None:
    table = read_labels(file(tmp_path, "label,worker,task,more\n A ,ann,t1,x\nB,bob,t1,y\n"), FIELDS)

    assert table.rows == (("t1", "ann", "A"), ("t1", "bob", "B"))


def test_other_columns_are_named(tmp_path: Path) -> None:
    path = file(tmp_path, "item;who;said\nt1;ann;A\n")
    columns = {"task": "item", "worker": "who", "label": "said"}

    assert read_labels(path, FIELDS, columns=columns).rows == (("t1", "ann", "A"),)


def test_labels_that_are_numbers_are_texts(tmp_path: Path) -> None:
    rows = [{"task": 7, "worker": "ann", "label": 2}, {"task": 7, "worker": "bob", "label": None}]
    table = read_labels(file(tmp_path, "\n".join(map(json.dumps, rows)), "labels.jsonl"), FIELDS)

    assert (table.rows, table.n_missing) == ((("7", "ann", "2"),), 1)


def test_labels_that_say_nothing_are_left_out_and_counted(tmp_path: Path) -> None:
    path = file(tmp_path, "task,worker,label\nt1,ann,A\nt1,bob,\nt1,cem,unsure\n")
    table = read_labels(path, FIELDS, missing=["unsure"])

    assert (table.rows, table.n_missing) == ((("t1", "ann", "A"),), 2)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("task,worker,label\n", "has no row; there is nothing to count"),
        ("task,worker,label\nt1,ann,\n", "has no row with a label"),
        ("task,worker\nt1,ann\n", "has no column 'label'; its columns are task, worker"),
        ("task,worker,label\nt1,,A\n", "labels.csv:2: the row has a label but no worker"),
        ("task,worker,label\nt1,ann\n", "labels.csv:2: the record has 2 cells"),
    ],
)
def test_files_that_cannot_be_used_are_refused_with_the_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        read_labels(file(tmp_path, text), FIELDS)


def test_a_label_that_is_a_list_is_refused(tmp_path: Path) -> None:
    row = json.dumps({"task": "t", "worker": "ann", "label": ["A"]})

    with pytest.raises(BadInput, match="holds a list or an object"):
        read_labels(file(tmp_path, row, "labels.jsonl"), FIELDS)


def test_fields_that_are_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="--map names 'rater'; the fields are task, worker, label, slice"):
        read_labels(file(tmp_path, "task\n"), FIELDS, columns={"rater": "who"})


def test_progress_is_told(tmp_path: Path) -> None:
    told: list[tuple[int, float | None]] = []
    rows = "".join(f"t{n},ann,A\n" for n in range(5000))
    read_labels(
        file(tmp_path, f"task,worker,label\n{rows}"),
        FIELDS,
        told=lambda rows, share: told.append((rows, share)),
    )

    assert told == [(5000, 1.0)]
