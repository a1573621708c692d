"""The checks on a file of pairs that has not been brought in: what they would find, and where."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Literal, get_args

from prefstream.adapters.files import START, Row, open_rows
from prefstream.agents.ingestion import Defaults, Findings, check_names, missing_fields, pair_event
from prefstream.domain.checks.catalog import CATALOG
from prefstream.domain.checks.content import CONTENT_CHECKS, content_checks
from prefstream.domain.checks.duplicates import clusters
from prefstream.domain.checks.policies import DEFAULT_POLICY, severity
from prefstream.domain.curation.normalisation import normalised
from prefstream.schemas.checks import CheckPolicy, Severity
from prefstream.schemas.errors import BadInput
from prefstream.schemas.pairs import PairProposed

#: What of each pair is compared with the others.
Compared = Literal["pair", "prompt", "first_turn"]
COMPARED: Final[tuple[str, ...]] = get_args(Compared)
#: From the least grave on.
GRADES: Final = ("note", "quarantine", "reject")
#: Event time says nothing here.
_ANY_TIME: Final = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One finding and the line of the file it stands on."""

    line: int
    pair_id: str
    finding: str


@dataclass(slots=True, kw_only=True)
class Found:
    """What one check found in the file."""

    check_id: str
    title: str
    severity: Severity
    count: int = 0
    #: The first of them.
    examples: list[Example] = field(default_factory=list)

    def add(self, example: Example, *, most: int) -> None:
        """Count a finding, and keep it among the first."""
        self.count += 1
        if len(self.examples) < most:
            self.examples.append(example)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What the checks found in a file of pairs."""

    file: str
    policy_id: str
    compared: Compared
    rows: int
    pairs: int
    #: Rows that are no pairs: how many for which reason.
    refused: Mapping[str, int]
    refused_lines: tuple[int, ...]
    #: By check, in the order of the catalogue, checks without a finding included.
    found: tuple[Found, ...]

    def failures(self, least: str) -> int:
        """Return how many findings are at least this grave, rows that are no pairs included."""
        grave = GRADES[GRADES.index(least) :]
        return sum(one.count for one in self.found if one.severity in grave) + sum(self.refused.values())


def scan(
    file: str,
    *,
    policy: CheckPolicy = DEFAULT_POLICY,
    compared: Compared = "pair",
    format_name: str | None = None,
    columns: Mapping[str, str] | None = None,
    examples: int = 3,
    on_row: Callable[[int], None] = lambda count: None,  # noqa: ARG005
) -> Scan:
    """Return what the checks find in a file of pairs; nothing is brought in or published.

    Args:
        file: The path, or "-" for JSONL from standard input.
        policy: What becomes of findings, and which checks are off.
        compared: What of each pair is compared with the others for duplicates.
        format_name: The format, where the file's name does not say it.
        columns: Column by field, where a column has a name of its own.
        examples: Findings of each check that are kept.
        on_row: Told how many rows were read.

    Raises:
        BadInput: The file cannot be read as pairs, or holds none.
    """
    tally = _Tally(policy=policy, compared=compared, examples=examples)
    rows = 0
    for rows, (line, event) in enumerate(_pairs(file, format_name, columns), start=1):
        on_row(rows)
        tally.add(line, event)
    if not tally.seen:
        raise BadInput(f"{file} holds no pairs{_why(tally.refused)}")
    tally.add_repeats()
    found = tally.found
    return Scan(
        file=file,
        policy_id=policy.id,
        compared=compared,
        rows=rows,
        pairs=len(tally.seen),
        refused=dict(tally.refused),
        refused_lines=tuple(tally.refused_lines),
        found=tuple(found[one] for one in CATALOG if one in found and found[one].severity != "off"),
    )


class _Tally:
    """What was found so far."""

    def __init__(self, *, policy: CheckPolicy, compared: Compared, examples: int) -> None:
        self._policy, self._compared, self._most = policy, compared, examples
        self.found = {one: _nothing(one, policy) for one in CONTENT_CHECKS} | _no_repeats(compared, policy)
        self.refused: Counter[str] = Counter()
        self.refused_lines: list[int] = []
        self.seen: list[_Seen] = []

    def add(self, line: int, event: PairProposed | str) -> None:
        """Take up a row: a pair, or why it is none."""
        if isinstance(event, str):
            self.refused[event] += 1
            if len(self.refused_lines) < self._most:
                self.refused_lines.append(line)
            return
        for check in content_checks(event, self._policy):
            if not check.passed:
                self._note(self.found[check.check], line, event.pair_id, check.finding)
        self.seen.append(_Seen(line, event, self._compared))

    def add_repeats(self) -> None:
        """Find the pairs that say what an earlier one says, or nearly so."""
        exact = self.found["exact_duplicate" if self._compared == "pair" else "duplicate_prompt"]
        first: dict[str, _Seen] = {}
        fresh: list[_Seen] = []
        for one in self.seen:
            earlier = first.setdefault(one.content, one)
            if earlier is one:
                fresh.append(one)
            else:
                self._note(exact, one.line, one.pair_id, f"says what line {earlier.line} says")
        if self.found["near_duplicate"].severity != "off":
            self._add_near(fresh)

    def _add_near(self, fresh: Sequence["_Seen"]) -> None:
        near = self.found["near_duplicate"]
        groups = clusters([one.text for one in fresh], least=self._policy.near_duplicate)
        for one, group in zip(fresh, groups, strict=True):
            earlier = fresh[group]
            # Several pairs are cut from one prompt on purpose.
            if earlier is not one and (self._compared != "pair" or earlier.prompt_id != one.prompt_id):
                self._note(near, one.line, one.pair_id, f"says nearly what line {earlier.line} says")

    def _note(self, found: Found, line: int, pair_id: str, finding: str) -> None:
        found.add(Example(line=line, pair_id=pair_id, finding=finding), most=self._most)


class _Seen:
    """What is remembered of a pair to find its like."""

    __slots__ = ("content", "line", "pair_id", "prompt_id", "text")

    def __init__(self, line: int, pair: PairProposed, compared: Compared) -> None:
        self.line, self.pair_id, self.prompt_id = line, pair.pair_id, pair.prompt_id
        self.text = _compared(pair, compared)
        self.content = pair.fingerprint if compared == "pair" else normalised(self.text)


def _nothing(check_id: str, policy: CheckPolicy) -> Found:
    return Found(check_id=check_id, title=CATALOG[check_id].title, severity=severity(check_id, policy))


def _no_repeats(compared: Compared, policy: CheckPolicy) -> dict[str, Found]:
    if compared == "pair":
        return {one: _nothing(one, policy) for one in ("exact_duplicate", "near_duplicate")}
    grade = severity("duplicate_prompt", policy)
    what = "prompt" if compared == "prompt" else "first turn"
    return {
        "duplicate_prompt": Found(
            check_id="duplicate_prompt", title=f"The same {what} as an earlier one", severity=grade
        ),
        "near_duplicate": Found(
            check_id="near_duplicate", title=f"Nearly the same {what} as an earlier one", severity=grade
        ),
    }


def _compared(pair: PairProposed, compared: Compared) -> str:
    if compared == "first_turn":
        return next((one.content for one in pair.messages if one.role == "user"), "")
    said = [message.content for message in pair.messages]
    if compared == "pair":
        said += sorted((pair.response_a.text, pair.response_b.text))
    return "\n".join(said)


def _pairs(
    file: str, format_name: str | None, columns: Mapping[str, str] | None
) -> Iterator[tuple[int, PairProposed | str]]:
    """Yield line and pair of every row, or why it is none."""
    defaults = Defaults(source="file", occurred_at=_ANY_TIME, columns=columns or {})
    check_names("pairs", defaults)
    reader = open_rows(file, format_name=format_name)
    try:
        if reader.header is not None and (lacks := missing_fields("pairs", reader.header, defaults)):
            raise BadInput(f"{file}: {'; '.join(lacks)}; its columns are {', '.join(reader.header)}")
        for row in reader.rows(START):
            event = pair_event(row.cells, defaults) if isinstance(row, Row) else row.reason
            yield row.line, str(event) if isinstance(event, Findings) else event
    finally:
        reader.close()


def _why(refused: Counter[str]) -> str:
    return f": {refused.most_common(1)[0][0]}" if refused else ""
