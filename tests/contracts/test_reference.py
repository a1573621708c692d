"""The pages of settings and commands say what the code says."""

from pathlib import Path

import pytest
from ops.reference.make_reference import FOLDER, main, pages, stale, undocumented


@pytest.mark.parametrize("name", sorted(pages()))
def test_the_page_is_what_the_code_says(name: str) -> None:
    assert name not in stale(), "run python ops/reference/make_reference.py"


def test_a_page_that_drifted_or_is_missing_is_named(tmp_path: Path) -> None:
    (tmp_path / "commands.md").write_text(pages()["commands.md"] + "drift", "utf-8")

    assert stale(tmp_path) == ["settings.md", "commands.md"]


def test_check_writes_nothing() -> None:
    before = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.md")}

    main(["--check"])

    assert {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.md")} == before


def test_nested_settings_are_named_as_the_environment_names_them() -> None:
    assert "| `PREFSTREAM_KAFKA__BOOTSTRAP` | `bootstrap` |" in pages()["settings.md"]


def test_no_page_shows_the_machine_it_was_made_on() -> None:
    assert str(Path.home()) not in "".join(pages().values())


def test_settings_without_a_meaning_are_found() -> None:
    assert "stall_s" not in undocumented()
