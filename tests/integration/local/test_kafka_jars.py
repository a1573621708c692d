"""The jars of Apache Kafka: fetched once, whole or not at all."""

import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path

import pytest

from prefstream.adapters.local import Found, Jars, Missing, fetch, kafka_available
from prefstream.adapters.local.kafka_jars import default_cache, kafka_version, progress_of
from prefstream.schemas.errors import BadInput, Unavailable

OPS_POM = Path(__file__).parents[3] / "ops" / "kafka" / "pom.xml"

#: Stand-ins for Maven: programs, as the real one is. Each notes its runs.
WRITES_JARS = """#!/bin/sh
echo run >> "$0.runs"
for word in "$@"; do case "$word" in -DoutputDirectory=*) out=${word#*=};; esac; done
mkdir -p "$out" && echo x > "$out/kafka_2.13.jar" && echo x > "$out/scala.jar"
echo "[INFO] Downloaded from central: https://maven.test/org/scala.jar (5.9 MB at 30 MB/s)"
"""
FAILS = """#!/bin/sh
echo "[INFO] Scanning"
echo "[ERROR] Could not resolve dependencies: Unknown host maven.test"
exit 1
"""
JAVA = """#!/bin/sh
echo 'openjdk version "{version}" 2025-04-15' >&2
"""


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder that comes first where programs are looked up, and holds Java and no Maven."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in ("sh", "mkdir", "sleep"):
        (folder / name).symlink_to(shutil.which(name) or name)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    install(folder, "java", JAVA.format(version="17.0.15"))
    return folder


def install(folder: Path, name: str, source: str) -> Path:
    program = folder / name
    program.write_text(source, encoding="utf-8")
    program.chmod(0o755)
    return program


def test_the_checkout_and_the_wheel_have_one_pom() -> None:
    ours = OPS_POM.read_text(encoding="utf-8")
    wheel = resources.files("prefstream.adapters.local").joinpath("kafka-pom.xml")
    parent = re.search("<relativePath>(.+)</relativePath>", ours)
    assert parent is not None
    assert (OPS_POM.parent / parent.group(1)).read_bytes() == wheel.read_bytes()
    assert "<dependencies>" not in ours
    assert "<plugins>" not in ours


def test_every_version_in_the_pom_is_exact() -> None:
    pom = resources.files("prefstream.adapters.local").joinpath("kafka-pom.xml").read_text(encoding="utf-8")
    versions = re.findall(r"<(?:\w+\.)?version>(.+?)</", pom)
    assert len(versions) == 3 + pom.count("<dependency>") + pom.count("<plugin>")
    assert all(re.fullmatch(r"[\d.]+|\$\{\w+\.version}", version) for version in versions)
    assert kafka_version().startswith("4.")


def test_what_is_missing_is_named_with_the_fix(programs: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    no_maven = kafka_available(cache)
    assert isinstance(no_maven, Missing)
    assert "Install Maven" in no_maven.fix
    install(programs, "java", JAVA.format(version="11.0.2"))
    old = kafka_available(cache)
    assert isinstance(old, Missing)
    assert "is version 11; Apache Kafka needs 17" in old.reason
    (programs / "java").unlink()
    with pytest.raises(Unavailable, match=r"no Java was found\. Install Java 17"):
        fetch(cache)


def test_a_filled_cache_needs_no_maven(programs: Path, tmp_path: Path) -> None:
    maven = install(programs, "mvn", WRITES_JARS)
    said: list[str] = []
    jars = fetch(tmp_path / "cache", on_progress=said.append)
    assert said == [f"fetching Apache Kafka {kafka_version()} by Maven, once", "fetched scala.jar (5.9 MB)"]
    maven.unlink()
    assert fetch(tmp_path / "cache") == jars
    assert kafka_available(tmp_path / "cache") == Found(java=programs / "java", java_version=17, cached=True)


def test_a_cache_that_lost_a_jar_is_filled_again(programs: Path, tmp_path: Path) -> None:
    install(programs, "mvn", WRITES_JARS)
    jar = fetch(tmp_path / "cache").folder / "scala.jar"
    jar.unlink()
    fetch(tmp_path / "cache")
    assert jar.exists()


def test_a_failed_fetch_leaves_nothing_and_says_what_maven_said(programs: Path, tmp_path: Path) -> None:
    install(programs, "mvn", FAILS)
    with pytest.raises(Unavailable, match=r"(?s)Maven could not fetch.*Unknown host maven\.test"):
        fetch(tmp_path / "cache")
    assert [path.name for path in (tmp_path / "cache").iterdir() if path.suffix != ".lock"] == []


def test_what_a_killed_fetch_left_is_cleared_away(programs: Path, tmp_path: Path) -> None:
    install(programs, "mvn", WRITES_JARS)
    home = fetch(tmp_path / "cache").folder
    (home / "complete").unlink()
    left = home.with_name(f"{home.name}.part-left")
    left.mkdir()
    (left / "half.jar").touch()
    fetch(tmp_path / "cache")
    assert not left.exists()


def test_a_maven_that_hangs_is_ended(programs: Path, tmp_path: Path) -> None:
    install(programs, "mvn", "#!/bin/sh\nexec sleep 600\n")
    with pytest.raises(Unavailable, match="Maven could not fetch"):
        fetch(tmp_path / "cache", deadline_s=0.3)


def test_several_at_once_run_maven_once(programs: Path, tmp_path: Path) -> None:
    maven = install(programs, "mvn", WRITES_JARS)
    with ThreadPoolExecutor(max_workers=3) as threads:
        found = list(threads.map(lambda _: fetch(tmp_path / "cache"), range(3)))
    assert len(set(found)) == 1
    assert Path(f"{maven}.runs").read_text(encoding="utf-8").split() == ["run"]


def test_a_cache_that_cannot_be_written_is_named(programs: Path, tmp_path: Path) -> None:
    install(programs, "mvn", WRITES_JARS)
    (tmp_path / "file").touch()
    with pytest.raises(BadInput, match=f"cache folder {tmp_path}/file cannot be written"):
        fetch(tmp_path / "file")


def test_the_cache_follows_the_xdg_rule(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_cache() == tmp_path / "prefstream"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert default_cache() == Path.home() / ".cache" / "prefstream"


@pytest.mark.parametrize(
    ("line", "meaning"),
    [
        (
            "Downloaded from central: https://maven.test/a/b-1.jar (90 kB at 1.2 MB/s)",
            "fetched b-1.jar (90 kB)",
        ),
        ("Downloaded from central: https://maven.test/a/b-1.pom (9 kB at 1 MB/s)", None),
        ("Downloading from central: https://maven.test/a/b-1.jar", None),
        ("[INFO] BUILD SUCCESS", None),
    ],
)
def test_progress_tells_of_jars_only(line: str, meaning: str | None) -> None:
    assert progress_of(line) == meaning


@pytest.mark.kafka
def test_maven_really_fetches_the_server(kafka_jars: Jars, tmp_path: Path) -> None:
    if shutil.which("mvn") is None:
        pytest.skip("Maven is not here; the jars were in the cache")
    jars = fetch(tmp_path / "cache")
    names = {path.name for path in jars.folder.iterdir()}
    assert {f"kafka_2.13-{kafka_version()}.jar", "complete"} <= names
    assert names == {path.name for path in kafka_jars.folder.iterdir()}
