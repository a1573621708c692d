"""Readers give every row its line, refuse what is no row, and go on where they are told to."""

import gzip
import json
import os
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from prefstream.adapters.files import (
    START,
    Position,
    Row,
    Unreadable,
    arrays,
    formats,
    open_rows,
    rows,
    sources,
)
from prefstream.adapters.files.jsonl import PipedJsonLines
from prefstream.adapters.files.sources import StandardInput
from prefstream.schemas.errors import BadInput

Write = Callable[[str, bytes], Path]
ROWS = [{"id": str(n), "text": f"row {n}\nä"} for n in range(5)]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(name: str, data: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return written


def read(path: Path, start: Position = START, format_name: str | None = None) -> list[Row | Unreadable]:
    reader = open_rows(str(path), format_name=format_name)
    try:
        return list(reader.rows(start))
    finally:
        reader.close()


def good(found: list[Row | Unreadable]) -> list[object]:
    return [row.cells for row in found if isinstance(row, Row)]


def bad(found: list[Row | Unreadable]) -> list[tuple[int, str]]:
    return [(row.line, row.reason) for row in found if isinstance(row, Unreadable)]


def as_jsonl(table: list[dict[str, str]]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in table)


def as_csv(table: list[dict[str, str]]) -> bytes:
    lines = [",".join(table[0])] + [",".join(f'"{cell}"' for cell in row.values()) for row in table]
    return "\n".join(lines).encode()


def as_parquet(path: Path, table: list[dict[str, str]]) -> Path:
    pq.write_table(pa.Table.from_pylist(table), path, row_group_size=2)
    return path


@pytest.fixture(params=["x.jsonl", "x.ndjson", "x.json", "x.csv", "x.parquet", "x.jsonl.gz", "x.csv.gz"])
def path(request: pytest.FixtureRequest, write: Write, tmp_path: Path) -> Path:
    """Give the same rows in every format."""
    name: str = request.param
    if name.endswith("parquet"):
        return as_parquet(tmp_path / name, ROWS)
    data = as_jsonl(ROWS)
    if ".csv" in name:
        data = as_csv(ROWS)
    elif name.endswith(".json"):
        data = json.dumps(ROWS, indent=1).encode()
    return write(name, gzip.compress(data) if name.endswith(".gz") else data)


def test_every_format_gives_the_same_rows(path: Path) -> None:
    assert good(read(path)) == ROWS


def test_every_format_goes_on_after_any_row(path: Path) -> None:
    whole = read(path)

    for number, row in enumerate(whole, start=1):
        assert read(path, row.end) == whole[number:]


def test_rows_of_json_lines_stand_on_their_lines(write: Write) -> None:
    found = read(write("x.jsonl", b'{"a": 1}\n\n  \n{"a": 2}'))

    assert [row.line for row in found] == [1, 4]


def test_lines_that_are_no_objects_are_named_and_passed_over(write: Write) -> None:
    path = write("x.jsonl", b'{"a": 1}\n{"a": \n[1]\nNaN\n\xff\xfe\n{"a": NaN}\n{"a": 2}\n')

    found = read(path)

    assert good(found) == [{"a": 1}, {"a": 2}]
    assert [line for line, _ in bad(found)] == [2, 3, 4, 5, 6]
    assert bad(found)[1][1] == "the line is JSON, but no object"


def test_nesting_without_end_is_a_finding(write: Write) -> None:
    assert len(bad(read(write("x.jsonl", b"[" * 100_000 + b"\n"), format_name="jsonl"))) == 1
    assert "deeply" in bad(read(write("x.json", b'[{"a":' + b"[" * 100_000)))[0][1]


def test_a_byte_order_mark_is_no_part_of_the_first_row(write: Write) -> None:
    for name, data in (("x.jsonl", b'{"a": "1"}'), ("x.json", b'[{"a": "1"}]'), ("x.csv", b"a\n1\n")):
        assert good(read(write(name, b"\xef\xbb\xbf" + data))) == [{"a": "1"}]


def test_a_huge_line_is_passed_over_without_being_held(write: Write, tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    with path.open("wb") as file:
        file.write(b'{"a": 1}\n{"a": "')
        for _ in range(200):
            file.write(b"x" * (1 << 20))
        file.write(b'"}\n{"a": 2}\n')

    tracemalloc.start()
    found = read(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert good(found) == [{"a": 1}, {"a": 2}]
    assert bad(found) == [
        (2, f"the line has {200 * (1 << 20) + 10} bytes; {rows.MAX_LINE_BYTES} is the limit")
    ]
    assert peak < 3 * rows.MAX_LINE_BYTES


def test_a_line_of_exactly_the_limit_is_read(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MAX_LINE_BYTES", 10)
    path = write("x.jsonl", b'{"a": 123}\n{"a": 1234}\n{"a": 1}')

    found = read(path)

    assert good(found) == [{"a": 123}, {"a": 1}]
    assert bad(found) == [(2, "the line has 12 bytes; 10 is the limit")]


# JSON arrays --------------------------------------------------------------------------------------


def test_elements_of_an_array_stand_on_the_line_they_begin_on(write: Write) -> None:
    found = read(write("x.json", b'[\n{"a": 1},\n\n{\n"a": 2}\n, {"a": 3}]\n'))

    assert [row.line for row in found] == [2, 4, 6]


def test_an_array_may_be_called_json_lines_and_the_other_way_round(write: Write) -> None:
    assert good(read(write("x.jsonl", b' \n[{"a": 1}]'))) == [{"a": 1}]
    assert good(read(write("x.json", b'{"a": 1}\n{"a": 2}\n'))) == [{"a": 1}, {"a": 2}]


def test_elements_that_are_no_objects_are_passed_over(write: Write) -> None:
    found = read(write("x.json", b'[{"a": 1}, 5,\n null, {"a": 2}]'))

    assert good(found) == [{"a": 1}, {"a": 2}]
    assert bad(found) == [(1, "the element is no object"), (2, "the element is no object")]


@pytest.mark.parametrize(
    "tail",
    [b"", b",", b", {", b' {"a": 2}]', b', {"a": NaN}]', b", ]", b"\n", b"}", b', {"a": 2', b", nonsense"],
)
def test_an_array_that_breaks_off_keeps_what_came_before(write: Write, tail: bytes) -> None:
    found = read(write("x.json", b'[{"a": 1}' + tail))

    assert good(found) == [{"a": 1}]
    assert len(bad(found)) == 1
    assert "from here to the end" in bad(found)[0][1]
    assert read(write("y.json", b'[{"a": 1}' + tail), found[-1].end) == []


def test_an_empty_array_has_no_rows(write: Write) -> None:
    assert read(write("x.json", b" [ \n ] ")) == []


def test_an_array_that_is_too_large_says_how_to_stream_it(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrays, "MAX_ARRAY_BYTES", 8)

    with pytest.raises(BadInput, match=r"JSON array of more than .* MiB.*jq"):
        read(write("x.json", b'[{"a": 1}]'))


def test_an_array_that_is_not_utf8_names_the_line(write: Write) -> None:
    with pytest.raises(BadInput, match=r"x\.json:2 is not UTF-8"):
        read(write("x.json", b'[\n"\xe4"]'))


# CSV ----------------------------------------------------------------------------------------------


def test_cells_of_a_table_are_text(write: Write) -> None:
    assert good(read(write("x.csv", b"a,b\n1,true\n,\n"))) == [{"a": "1", "b": "true"}, {"a": "", "b": ""}]


def test_records_stand_on_the_line_they_begin_on(write: Write) -> None:
    found = read(write("x.csv", b'a,b\r\n"1\r\n2",x\r\n\r\n3,y\r\n'))

    assert [(row.line, row.end.line) for row in found] == [(2, 3), (5, 5)]
    assert good(found) == [{"a": "1\r\n2", "b": "x"}, {"a": "3", "b": "y"}]


@pytest.mark.parametrize("delimiter", [b",", b";", b"\t"])
def test_the_header_tells_the_delimiter(write: Write, delimiter: bytes) -> None:
    assert good(read(write("x.csv", b"a" + delimiter + b"b\n1" + delimiter + b"2\n"))) == [
        {"a": "1", "b": "2"}
    ]


def test_records_that_do_not_fit_are_passed_over(write: Write) -> None:
    found = read(write("x.csv", b'a,b\n1\n1,2,3\n"1"x,2\n\xff,2\n1,2\n'))

    assert good(found) == [{"a": "1", "b": "2"}]
    assert [line for line, _ in bad(found)] == [2, 3, 4, 5]
    assert bad(found)[0][1] == "the record has 1 cells, the header 2"
    assert "not UTF-8" in bad(found)[3][1]


def test_a_quote_that_is_never_closed_is_a_finding(write: Write) -> None:
    found = read(write("x.csv", b'a,b\n1,2\n"1,2\n3,4\n'))

    assert good(found) == [{"a": "1", "b": "2"}]
    assert [line for line, _ in bad(found)] == [3]


def test_a_long_cell_is_read(write: Write) -> None:
    assert good(read(write("x.csv", b"a\n" + b"x" * 1_000_000))) == [{"a": "x" * 1_000_000}]


def test_a_huge_line_of_a_table_is_passed_over(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MAX_LINE_BYTES", 10)

    found = read(write("x.csv", b"a,b\n1,2\n" + b"x" * 20 + b",2\n3,4\n"))

    assert good(found) == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]
    assert bad(found) == [(3, "the line has 23 bytes; 10 is the limit")]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"a,b,a\n", "two columns named 'a'"),
        (b'"a\n', "no header"),
        (b"\xff\n", "no header: the text is not UTF-8"),
    ],
)
def test_a_header_that_cannot_be_used_is_refused(write: Write, data: bytes, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        read(write("x.csv", data))


# Parquet ------------------------------------------------------------------------------------------


def test_types_of_parquet_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pq.write_table(pa.Table.from_pylist([{"a": True, "b": [{"role": "user"}], "c": None}]), path)

    assert good(read(path)) == [{"a": True, "b": [{"role": "user"}], "c": None}]


def test_a_file_that_is_no_parquet_is_refused(write: Write) -> None:
    with pytest.raises(BadInput, match=r"x\.parquet cannot be read"):
        read(write("x.parquet", b"not parquet at all"))


def test_a_damaged_parquet_keeps_what_came_before(tmp_path: Path) -> None:
    table = pa.Table.from_pylist([{"a": os.urandom(200).hex()} for _ in range(4)])
    path = tmp_path / "x.parquet"
    pq.write_table(table, path, row_group_size=2, compression="zstd", use_dictionary=False)
    offset = pq.ParquetFile(path).metadata.row_group(1).column(0).data_page_offset
    data = bytearray(path.read_bytes())
    data[offset : offset + 200] = b"\xff" * 200
    path.write_bytes(data)

    found = read(path)

    assert good(found) == table.to_pylist()[: len(good(found))]
    assert [line for line, _ in bad(found)] == [len(good(found)) + 1]


# Files --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["x.jsonl", "x.json", "x.csv"])
def test_an_empty_file_is_refused(write: Write, name: str) -> None:
    with pytest.raises(BadInput, match="is empty"):
        read(write(name, b""))


def test_utf16_is_refused_with_advice(write: Write) -> None:
    with pytest.raises(BadInput, match="UTF-16; save it as UTF-8"):
        read(write("x.csv", "a,b\n1,2".encode("utf-16")))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    for name in ("x.jsonl", "x.csv", "x.parquet"):
        with pytest.raises(BadInput, match=r"cannot be read: .*[Nn]o such file"):
            read(tmp_path / name)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is a folder"):
        read(tmp_path)


def test_a_name_without_a_format_asks_for_one(write: Write) -> None:
    path = write("x.txt", b'{"a": 1}')

    with pytest.raises(BadInput, match="--format"):
        read(path)
    with pytest.raises(BadInput, match="no format 'xlsx'"):
        read(path, format_name="xlsx")
    assert good(read(path, format_name="jsonl")) == [{"a": 1}]


def test_a_compressed_file_that_breaks_off_keeps_what_came_before(write: Write) -> None:
    whole = gzip.compress(
        b"".join(json.dumps({"a": os.urandom(500).hex()}).encode() + b"\n" for _ in range(200))
    )

    found = read(write("x.jsonl.gz", whole[: len(whole) // 2]))

    assert good(found)
    assert "breaks off here" in bad(found)[-1][1]
    for broken in (b"no gzip", whole[:30]):
        with pytest.raises(BadInput, match="cannot be read"):
            read(write("y.jsonl.gz", broken))
    array = gzip.compress(b"[" + os.urandom(20_000).hex().encode())
    with pytest.raises(BadInput, match="cannot be read"):
        read(write("z.json.gz", array[:-2000]))


def test_standard_input_is_read_as_json_lines_only() -> None:
    with pytest.raises(BadInput, match="as JSONL only"):
        open_rows("-", format_name="csv")
    assert isinstance(open_rows("-"), PipedJsonLines)
    assert formats.FORMATS == ("jsonl", "json", "csv", "parquet")


def test_a_pipe_gives_what_it_has_and_says_when_it_has_nothing() -> None:
    reading, writing = os.pipe()
    reader = PipedJsonLines(StandardInput(reading))
    found = reader.rows(START)
    try:
        os.write(writing, b'{"a": 1}\n{"a": 2}\n{"a"')

        assert next(found).line == 1
        assert reader.ready()
        assert next(found).line == 2
        assert not reader.ready()
        os.write(writing, b": 3}")
        os.close(writing)
        assert reader.ready()
        assert good(list(found)) == [{"a": 3}]
    finally:
        os.close(reading)


def test_every_reader_of_a_file_is_always_ready(path: Path) -> None:
    reader = open_rows(str(path))

    assert reader.ready()
    reader.close()


def test_parquet_without_its_library_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)

    with pytest.raises(BadInput, match=r"pip install 'prefstream\[parquet\]'"):
        read(as_parquet(tmp_path / "x.parquet", ROWS))
