"""The house keeps its shape: folders, packages, tools and sizes as they were decided."""

import ast
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from prefstream.adapters.settings import Settings

ROOT = Path(__file__).parents[2]
SOURCE_ROOTS = ("schemas", "agents", "streams")
#: Names that only a machine of ours knows, put together here so that this file does not hold them.
MACHINE_WORDS = tuple(
    "".join(parts)
    for parts in (
        # Not the bare folder: the console has pages under a path of that name.
        ("/wo", "rk/main"),
        ("/wo", "rk/shared"),
        ("/wo", "rk/."),
        ("files.python", "hosted.org"),
        ("pypi.", "org"),
        ("registry.", "npmjs"),
        ("index.", "crates"),
        ("repo.maven.", "apache"),
        ("repo1.", "maven"),
        ("proxy.", "golang"),
    )
)
MODULE_LINES = 400
FUNCTION_LINES = 60


def tracked() -> list[Path]:
    """Return the files of the house, those not yet added included."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"not a git checkout: {done.stderr.strip()}")
    return [path for name in done.stdout.splitlines() if (path := ROOT / name).is_file()]


def code() -> list[Path]:
    return [path for root in SOURCE_ROOTS for path in sorted((ROOT / root).rglob("*.py"))]


def packages() -> set[str]:
    """Return the portions of `prefstream` that the source roots hold."""
    return {
        f"prefstream.{folder.name}"
        for root in SOURCE_ROOTS
        for folder in (ROOT / root / "prefstream").iterdir()
        if folder.is_dir() and folder.name != "__pycache__"
    }


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def test_no_folder_claims_the_namespace() -> None:
    """One `prefstream/__init__.py` would hide the portions of the other source roots."""
    assert [root for root in SOURCE_ROOTS if (ROOT / root / "prefstream" / "__init__.py").exists()] == []


def test_the_import_linter_watches_every_package() -> None:
    assert set(project()["tool"]["importlinter"]["root_packages"]) == packages()


def test_every_package_has_its_ring() -> None:
    layers = next(
        contract["layers"]
        for contract in project()["tool"]["importlinter"]["contracts"]
        if contract["type"] == "layers"
    )

    assert {name.strip() for layer in layers for name in layer.split("|")} == packages()


def test_mypy_is_told_files_and_checks_all_source_roots() -> None:
    """With `packages` it would check one portion of the namespace only."""
    mypy = project()["tool"]["mypy"]

    assert mypy["strict"] is True
    assert "packages" not in mypy
    assert {*SOURCE_ROOTS, "tests"} <= set(mypy["files"])


def test_every_package_says_that_it_is_typed() -> None:
    untyped = [
        name
        for name in packages()
        if not any((ROOT / root / name.replace(".", "/") / "py.typed").is_file() for root in SOURCE_ROOTS)
    ]

    assert untyped == []


def test_every_folder_of_modules_is_a_package() -> None:
    folders = {path.parent for path in code()}

    assert [folder for folder in sorted(folders) if not (folder / "__init__.py").is_file()] == []


def test_nothing_tracked_names_a_machine_or_a_package_registry() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {word}"
        for path in tracked()
        for word in MACHINE_WORDS
        if word.encode() in path.read_bytes()
    ]

    assert found == []


def test_modules_are_short_enough_to_read() -> None:
    lengths = {path: len(path.read_text("utf-8").splitlines()) for path in code()}

    assert {str(path): length for path, length in lengths.items() if length > MODULE_LINES} == {}


def test_functions_are_short_enough_to_read() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name} has {lines} lines"
        for path in code()
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > FUNCTION_LINES
    ]

    assert long == []


def test_modules_are_named_for_things() -> None:
    forbidden = {"utils", "util", "helpers", "helper", "manager", "misc", "common"}

    assert [path for path in code() if path.stem in forbidden or path.parent.name in forbidden] == []


def variables(model: type[BaseModel], prefix: str = "PREFSTREAM_") -> Iterator[str]:
    """Return the environment variable of every setting."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from variables(field.annotation, f"{prefix}{name.upper()}__")
        else:
            yield f"{prefix}{name.upper()}"


def test_every_setting_is_documented() -> None:
    page = (ROOT / "docs" / "reference" / "settings.md").read_text("utf-8")

    assert [name for name in variables(Settings) if f"`{name}`" not in page] == []
