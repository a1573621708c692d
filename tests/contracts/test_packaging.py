"""What is built holds all that runs and nothing else."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE_ROOTS = ("schemas", "agents", "streams")
#: What runs needs besides modules, by how its name ends.
DATA = (
    ".sql",
    ".json",
    ".jsonl",
    ".toml",
    ".yaml",
    ".xml",
    "py.typed",
    ".html",
    ".css",
    ".js",
    ".svg",
    ".po",
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with the wheel and the source distribution, built as an installer does."""
    folder = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> set[str]:
    with zipfile.ZipFile(next(built.glob("*.whl"))) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def sdist(built: Path) -> set[str]:
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}


def _sources(*suffixes: str) -> set[str]:
    return {
        path.relative_to(ROOT / root).as_posix()
        for root in SOURCE_ROOTS
        for path in (ROOT / root / "prefstream").rglob("*")
        if path.name.endswith(suffixes)
    }


def test_the_wheel_holds_every_module(wheel: set[str]) -> None:
    assert _sources(".py") - wheel == set()


def test_the_wheel_holds_the_data_that_modules_read(wheel: set[str]) -> None:
    wanted = _sources(*DATA)

    assert {Path(name).suffix for name in wanted} >= {".sql", ".json", ".jsonl", ".yaml", ".xml", ".typed"}
    assert wanted - wheel == set()


def test_the_wheel_holds_nothing_but_the_package(wheel: set[str]) -> None:
    roots = {name.split("/")[0] for name in wheel}

    assert {root for root in roots if not root.endswith(".dist-info")} == {"prefstream"}
    assert "prefstream/__init__.py" not in wheel
    assert {name for name in wheel if "__pycache__" in name or name.endswith(".pyc")} == set()


def test_the_wheel_brings_the_command_and_the_licence(built: Path, wheel: set[str]) -> None:
    entry_points = next(name for name in wheel if name.endswith("entry_points.txt"))
    with zipfile.ZipFile(next(built.glob("*.whl"))) as archive:
        assert b"prefstream = prefstream.cli:main" in archive.read(entry_points)

    assert any(name.endswith("licenses/LICENSE") for name in wheel)


def test_the_source_distribution_holds_no_caches(sdist: set[str]) -> None:
    caches = (
        "__pycache__",
        ".mypy_cache",
        ".ruff_cache",
        ".pytest_cache",
        ".hypothesis",
        ".venv",
        ".coverage",
    )

    assert {name for name in sdist if any(part in caches for part in name.split("/"))} == set()


def test_the_source_distribution_can_build_the_wheel(sdist: set[str]) -> None:
    assert {"pyproject.toml", "README.md", "LICENSE"} <= sdist
    assert {f"{root}/prefstream" for root in SOURCE_ROOTS} <= {
        "/".join(name.split("/")[:2]) for name in sdist
    }
