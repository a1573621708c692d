"""`prefstream checks publish` and `show` on a real log."""

import json
from pathlib import Path

from tests.cli.command import prefstream


def test_a_published_policy_is_shown_as_the_one_in_force(tmp_path: Path, postgres_dsn: str) -> None:
    dsn = {"PREFSTREAM_POSTGRES__DSN": postgres_dsn}
    assert prefstream(tmp_path, "db", "upgrade", **dsn).code == 0
    before = json.loads(prefstream(tmp_path, "checks", "show", "--json", **dsn).out)
    assert (before["name"], before["published"]) == ("default", False)
    (tmp_path / "checks.yaml").write_text("name: strict\nseverities: {pii: reject, secret: off}\n")

    first = prefstream(tmp_path, "checks", "publish", "checks.yaml", **dsn)
    again = prefstream(tmp_path, "checks", "publish", "checks.yaml", **dsn)
    shown = prefstream(tmp_path, "checks", "show", **dsn)

    assert (first.code, first.err) == (0, "")
    assert first.out.startswith("in force: strict#")
    assert again.out.startswith("already in force: strict#")
    assert shown.out.splitlines()[0] == first.out.strip()
    assert "secret                 off" in shown.out
