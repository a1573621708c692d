"""The folder of a release: whole or not at all, and no trace of cuts that were killed."""

import fcntl
import subprocess
import sys
from pathlib import Path

import pytest

from prefstream.adapters.files.release_checking import findings
from prefstream.adapters.files.release_folder import ReleaseFolder, facts_of, files_in
from prefstream.adapters.files.release_shards import Shards
from prefstream.adapters.files.release_spool import Spool
from prefstream.domain.releases.tables import Column
from prefstream.schemas.errors import BadInput

COLUMNS = {"c": (Column(name="text", kind="string", about="A text."),)}
#: Writes incompressible rows where no file may grow beyond 200 kB, and says how that ended.
FILLING = """
import resource, secrets, sys
from pathlib import Path
from prefstream.adapters.files.release_folder import ReleaseFolder
from prefstream.adapters.files.release_shards import Shards
from prefstream.domain.releases.tables import Column
from prefstream.schemas.errors import Unavailable
import pyarrow.parquet
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
columns = {"c": (Column(name="text", kind="string", about="A text."),)}
try:
    with ReleaseFolder(Path(sys.argv[1])) as folder:
        shards = Shards(folder=folder, columns=columns, shard_rows=10**6, kind=sys.argv[2])
        try:
            for _ in range(2500):
                shards.write("c", "train", {"text": secrets.token_hex(500)})
            shards.finish()
        finally:
            shards.abandon()
except Unavailable as error:
    print(error)
"""


def hidden(parent: Path) -> list[str]:
    return [path.name for path in parent.iterdir() if path.name.startswith(".")]


def test_a_folder_appears_whole_under_its_name(tmp_path: Path) -> None:
    with ReleaseFolder(tmp_path) as folder:
        facts = folder.write("data/x.jsonl", b"{}\n")
        assert [path.name for path in tmp_path.iterdir()] == hidden(tmp_path)
        placed = folder.finish("r-1")

    assert [path.name for path in tmp_path.iterdir()] == ["r-1"]
    assert files_in(placed) == ["data/x.jsonl"]
    assert facts_of(placed / "data/x.jsonl") == facts
    assert placed.stat().st_mode & 0o777 == 0o755


def test_what_is_not_finished_leaves_nothing(tmp_path: Path) -> None:
    def broken_off() -> None:
        with ReleaseFolder(tmp_path) as folder:
            folder.write("data/x.jsonl", b"{}\n")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken_off()

    assert list(tmp_path.iterdir()) == []


def test_what_stands_under_the_name_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "r-1").mkdir()
    (tmp_path / "r-1" / "mine").write_text("mine")

    with ReleaseFolder(tmp_path) as folder:
        folder.write("x", b"x")
        with pytest.raises(BadInput, match="is there already"):
            folder.finish("r-1")

    assert (tmp_path / "r-1" / "mine").read_text() == "mine"
    assert hidden(tmp_path) == []


def test_the_next_cut_takes_away_what_a_killed_one_left_and_nothing_that_is_being_written(
    tmp_path: Path,
) -> None:
    left = tmp_path / ".prefstream-release-left"
    left.mkdir()
    (left / ".lock").touch()
    busy = tmp_path / ".prefstream-release-busy"
    busy.mkdir()
    with (busy / ".lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        with ReleaseFolder(tmp_path) as folder:
            assert sorted(hidden(tmp_path)) == sorted([busy.name, folder.path.name])

    assert hidden(tmp_path) == [busy.name]


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_a_disk_that_is_full_while_rows_are_written_is_told(tmp_path: Path, kind: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", FILLING, str(tmp_path), kind],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert "there is no room left" in ended.stdout, ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_rows_go_to_so_many_files_as_they_need(tmp_path: Path) -> None:
    with ReleaseFolder(tmp_path) as folder:
        shards = Shards(folder=folder, columns=COLUMNS, shard_rows=2, kind="jsonl")
        for split, count in (("train", 5), ("test", 2)):
            for number in range(count):
                shards.write("c", split, {"text": f"{split} {number}"})
            shards.end_split(split)
        facts = shards.finish()

        assert {path: one.rows for path, one in facts.items()} == {
            "data/c/test-00000-of-00001.jsonl": 2,
            "data/c/train-00000-of-00003.jsonl": 2,
            "data/c/train-00001-of-00003.jsonl": 2,
            "data/c/train-00002-of-00003.jsonl": 1,
        }
        assert shards.rows() == {"c": {"test": 2, "train": 5}}
        assert {path: facts_of(folder.path / path, rows=one.rows) for path, one in facts.items()} == facts


def test_a_spool_gives_back_what_it_was_given_in_any_order(tmp_path: Path) -> None:
    with Spool(tmp_path / "spool") as spool:
        for number in range(1000):
            spool.add({"number": number, "text": "x" * number})
        spool.written()

        assert [spool[number]["number"] for number in (999, 0, 500)] == [999, 0, 500]
        assert len(spool) == 1000


def test_what_is_no_release_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is no release"):
        findings(tmp_path)
