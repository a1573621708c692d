import sys
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

import orjson
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.domain.gates.examples import an_example

from prefstream.adapters.files import release_parquet
from prefstream.adapters.files.release_rows import Written, row_file
from prefstream.domain.releases.formats import FORMATS, rows
from prefstream.domain.releases.tables import Column, Row
from prefstream.schemas.errors import BadInput
from prefstream.schemas.releases import ReleasePlan

PLAN = ReleasePlan(name="tides", demonstration_margin=1)
Kind = Literal["jsonl", "parquet"]
KINDS: tuple[Kind, ...] = ("jsonl", "parquet")
TEXT = (Column(name="text", kind="string", about=""),)


def written(path: Path, found: list[Row], columns: tuple[Column, ...], kind: Kind) -> Written:
    file = row_file(path, columns, kind)
    for row in found:
        file.add(row)
    return file.close()


def read(path: Path, kind: Kind) -> list[dict[str, Any]]:
    if kind == "parquet":
        found: list[dict[str, Any]] = pq.read_table(path).to_pylist()
        return found
    return [orjson.loads(said) for said in path.read_bytes().splitlines()]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", [name for name in FORMATS if name != "safety"])
def test_what_is_written_is_read_back(tmp_path: Path, kind: Kind, name: Any) -> None:
    found = rows(name, [an_example(soft_label=None, confidence=None)], PLAN)

    said = written(tmp_path / "rows", found, FORMATS[name].columns, kind)

    assert read(tmp_path / "rows", kind) == found
    assert said.rows == len(found)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_rows_give_the_same_bytes(tmp_path: Path, kind: Kind) -> None:
    found = [row for n in range(2_500) for row in rows("preference", [an_example(pair_id=f"pair-{n}")], PLAN)]
    columns = FORMATS["preference"].columns

    first = written(tmp_path / "first", found, columns, kind)
    second = written(tmp_path / "second", [dict(reversed(row.items())) for row in found], columns, kind)

    assert first == second
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", [0, 1, 1_000, 1_001])
def test_the_hash_and_the_size_are_those_of_the_file(tmp_path: Path, kind: Kind, count: int) -> None:
    said = written(tmp_path / "rows", [{"text": f"{n}"} for n in range(count)], TEXT, kind)

    data = (tmp_path / "rows").read_bytes()
    assert said == Written(rows=count, bytes=len(data), sha256=sha256(data).hexdigest())
    assert len(read(tmp_path / "rows", kind)) == count


def test_row_groups_are_of_a_fixed_size(tmp_path: Path) -> None:
    written(tmp_path / "rows", [{"text": "x"}] * 2_001, TEXT, "parquet")

    told = pq.ParquetFile(tmp_path / "rows").metadata

    assert [told.row_group(n).num_rows for n in range(told.num_row_groups)] == [1_000, 1_000, 1]
    assert told.row_group(0).column(0).compression == "ZSTD"


def test_a_column_that_the_file_does_not_have_is_no_silent_loss(tmp_path: Path) -> None:
    file = row_file(tmp_path / "rows", TEXT, "parquet")

    with pytest.raises(ValueError, match="a row has the columns text, label, the file text"):
        file.add({"text": "x", "label": True})
    file.abandon()


def test_long_texts_end_a_row_group_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release_parquet, "GROUP_CHARACTERS", 100)

    written(tmp_path / "rows", [{"text": "x" * 60}] * 5, TEXT, "parquet")

    told = pq.ParquetFile(tmp_path / "rows").metadata
    assert [told.row_group(n).num_rows for n in range(told.num_row_groups)] == [2, 2, 1]


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_is_there_is_not_written_over(tmp_path: Path, kind: Kind) -> None:
    (tmp_path / "rows").write_text("mine")

    with pytest.raises(FileExistsError):
        row_file(tmp_path / "rows", TEXT, kind)

    assert (tmp_path / "rows").read_text() == "mine"


@pytest.mark.parametrize("kind", KINDS)
def test_an_unfinished_file_can_be_let_go(tmp_path: Path, kind: Kind) -> None:
    file = row_file(tmp_path / "rows", TEXT, kind)
    file.add({"text": "x"})

    file.abandon()

    (tmp_path / "rows").unlink()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("kind", KINDS)
def test_a_full_disk_is_told(tmp_path: Path, kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Path.open
    monkeypatch.setattr(Path, "open", lambda _path, _mode: opened(Path("/dev/full"), "wb"))

    def fill() -> None:
        file = row_file(tmp_path / "rows", TEXT, kind)
        try:
            for n in range(5_000):
                file.add({"text": f"{n:0100}"})
            file.close()
        except OSError:
            file.abandon()
            raise

    with pytest.raises(OSError, match="No space left"):
        fill()


def test_parquet_without_pyarrow_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    with pytest.raises(BadInput, match=r"pip install 'prefstream\[parquet\]'"):
        row_file(tmp_path / "rows", TEXT, "parquet")

    assert not (tmp_path / "rows").exists()


@given(text=st.text(st.characters(exclude_categories=["Cs"])))
@pytest.mark.parametrize("kind", KINDS)
def test_any_text_comes_back(tmp_path_factory: pytest.TempPathFactory, kind: Kind, text: str) -> None:
    path = tmp_path_factory.mktemp("text") / "rows"

    written(path, [{"text": text}], TEXT, kind)

    assert read(path, kind) == [{"text": text}]
