"""Progress and refusals outlive the process that kept them, and nothing half-written does."""

from pathlib import Path

import pytest
from tests.factories import NOON

from prefstream.adapters.files import Checkpoint, Checkpoints, Position, Refusal, Refusals, identity_of
from prefstream.schemas.errors import BadInput


def a_checkpoint(path: Path, **changes: object) -> Checkpoint:
    fields = {"kind": "pairs", "file": str(path), "identity": identity_of(path), "started_at": NOON}
    return Checkpoint.model_validate(fields | changes)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "x.jsonl"
    path.write_text("{}\n")
    return path


def a_refusal(line: int) -> Refusal:
    return Refusal(file="x.jsonl", line=line, row=line, reason="because")


def test_a_checkpoint_comes_back_as_it_was_kept(tmp_path: Path, file: Path) -> None:
    store = Checkpoints(tmp_path / "data", "key")
    kept = a_checkpoint(file, row=7, line=9, offset=120, ingested=6, refused=1, done=True)

    with store.locked():
        store.save(kept)

    assert Checkpoints(tmp_path / "data", "key").load() == kept
    assert kept.position == Position(row=7, line=9, offset=120)


def test_an_unreadable_checkpoint_is_none(tmp_path: Path) -> None:
    store = Checkpoints(tmp_path, "key")

    assert store.load() is None
    (tmp_path / "ingest").mkdir()
    (tmp_path / "ingest" / "key.json").write_bytes(b'{"version": 1, "ki')
    assert store.load() is None


def test_a_file_is_brought_in_by_one_process_at_a_time(tmp_path: Path) -> None:
    with (
        Checkpoints(tmp_path, "key").locked(),
        pytest.raises(BadInput, match="another process"),
        Checkpoints(tmp_path, "key").locked(),
    ):
        pass

    with Checkpoints(tmp_path, "key").locked():
        pass


def test_what_need_not_be_kept_is_forgotten(tmp_path: Path) -> None:
    with Checkpoints(tmp_path, "key").locked(keep=False):
        pass

    assert list((tmp_path / "ingest").iterdir()) == []


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, file: Path) -> None:
    (tmp_path / "ingest").write_text("a file where a folder should be")
    store = Checkpoints(tmp_path, "key")

    with pytest.raises(BadInput, match="progress cannot be kept in"), store.locked():
        pass
    with pytest.raises(BadInput, match="progress cannot be kept in"):
        store.save(a_checkpoint(file))
    with pytest.raises(BadInput, match="refused rows cannot be kept in"):
        Refusals(tmp_path / "ingest" / "x", length=0)


def test_an_edited_file_has_another_identity(file: Path) -> None:
    before = identity_of(file)

    file.write_text("[]\n")

    assert identity_of(file) != before
    with pytest.raises(BadInput, match="cannot be read"):
        identity_of(file.parent / "missing")


def test_refusals_go_on_where_the_checkpoint_left_them(tmp_path: Path) -> None:
    path = tmp_path / "refusals"
    with Refusals(path, length=0) as refusals:
        refusals.add([a_refusal(1), a_refusal(2)])
        kept = refusals.length
        refusals.add([a_refusal(3)])  # the process died before the checkpoint said so

    with Refusals(path, length=kept) as refusals:
        refusals.add([a_refusal(4)])

        assert [refusal.line for refusal in refusals.first(10)] == [1, 2, 4]
        assert [refusal.line for refusal in refusals.first(2)] == [1, 2]
        refusals.copy_to(tmp_path / "copy")

    assert (tmp_path / "copy").read_bytes().count(b"\n") == 3
    assert str(a_refusal(4)) == "x.jsonl:4: because"


def test_a_place_for_refusals_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with (
        Refusals(tmp_path / "refusals", length=0) as refusals,
        pytest.raises(BadInput, match="cannot be written to"),
    ):
        refusals.copy_to(tmp_path / "missing" / "copy")


def test_a_full_disk_is_a_clear_message(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    (tmp_path / "refusals").symlink_to("/dev/full")

    with (
        Refusals(tmp_path / "refusals", length=0) as refusals,
        pytest.raises(BadInput, match="No space left on device; make room"),
    ):
        refusals.add([a_refusal(1)])
