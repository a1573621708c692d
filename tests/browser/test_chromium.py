"""Getting a Chromium in CI: what goes wrong is said, and it comes to an end."""

from pathlib import Path

import pytest

from tests.browser import chromium


def an_apt_get(folder: Path, body: str) -> str:
    """Write a program that stands where apt-get does, and notes how it was called."""
    program = folder / "apt-get"
    program.write_text(f'#!/bin/sh\necho "$@" >> {folder}/calls\n{body}\n')
    program.chmod(0o755)
    return str(program)


def test_lists_are_brought_up_to_date_before_it_is_installed(tmp_path: Path) -> None:
    assert chromium.install(an_apt_get(tmp_path, "exit 0")) == ""

    update, install = (tmp_path / "calls").read_text().splitlines()
    assert update.endswith(" update")
    assert install.endswith(" install --yes --no-install-recommends chromium")
    assert "DPkg::Lock::Timeout=120" in install


def test_a_list_that_cannot_be_had_does_not_stop_the_installation(tmp_path: Path) -> None:
    assert chromium.install(an_apt_get(tmp_path, 'case "$*" in *update) exit 100;; esac')) == ""


def test_what_goes_wrong_is_said(tmp_path: Path) -> None:
    wrong = chromium.install(
        an_apt_get(tmp_path, "echo 'E: Unable to locate package chromium' >&2; exit 100")
    )

    assert "ended with 100: E: Unable to locate package chromium" in wrong


def test_it_comes_to_an_end(tmp_path: Path) -> None:
    assert "took too long" in chromium.install(an_apt_get(tmp_path, "exec sleep 60"), deadline_s=1.0)


def test_a_machine_without_the_program_says_so(tmp_path: Path) -> None:
    assert "No such file" in chromium.install(str(tmp_path / "nothing"))


@pytest.mark.parametrize(
    ("ci", "there", "wanted"), [("1", False, True), ("", False, False), ("1", True, False)]
)
def test_only_ci_installs_and_only_what_is_missing(
    ci: str, there: bool, wanted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "chromium"
    if there:
        program.touch()
    monkeypatch.setattr(chromium, "CHROMIUM", program)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setenv("CI", ci)

    assert chromium.installable() is wanted
