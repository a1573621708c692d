"""The second look of a cut: chosen rows in the order of the release, into data files, lineage and census."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import IO

from prefstream.adapters.files.release_shards import Shards
from prefstream.domain.gates.census import Census
from prefstream.domain.releases.examples import Example
from prefstream.domain.releases.formats import FORMATS, AnsweredTask, made, made_of_answers, sources
from prefstream.domain.releases.lineage import pair_line, task_line
from prefstream.domain.releases.splitting import SPLITS, Arrangement
from prefstream.domain.releases.tables import Row
from prefstream.schemas.releases import FormatName, ReleasePlan
from prefstream.streams.release_reading import Gathered, Told

_EVERY = 1000
#: Rows of one pair or task: configuration by the id of the row.
_RowsOf = dict[str, dict[str, str]]


@dataclass(slots=True)
class Written:
    """What became of the chosen pairs and tasks."""

    census: Census
    pairs: int = 0
    tasks: int = 0
    #: Pairs by slice and split.
    slices: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    #: Policies that routed the pairs.
    policy_ids: set[str] = field(default_factory=set)
    exclusions: Counter[str] = field(default_factory=Counter)
    #: Pairs and answers without a row in a configuration, by reason.
    left_out: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where rows go; for a look alone they go nowhere."""

    shards: Shards | None
    lineage: IO[bytes] | None


def write_rows(
    gathered: Gathered, arrangement: Arrangement, plan: ReleasePlan, target: Target, told: Told
) -> Written:
    """Write every row, prompt by prompt, and count what was written."""
    written = Written(census=gathered.census)
    written.exclusions.update({"prompt_limit": len(arrangement.dropped)} if len(arrangement.dropped) else {})
    done, before = 0, ""
    for split, prompt in _prompts(gathered, arrangement):
        if split != before and before and target.shards is not None:
            target.shards.end_split(before)
        before = split
        _write_prompt(written, prompt, plan, target, split)
        done += len(prompt)
        if done % _EVERY < len(prompt):
            told(done)
    return written


def _prompts(
    gathered: Gathered, arrangement: Arrangement
) -> Iterator[tuple[str, list[Example | AnsweredTask]]]:
    """Yield what there is of each prompt, in the order of the release."""
    import numpy as np

    ends = np.append(
        np.flatnonzero(arrangement.text[1:] != arrangement.text[:-1]) + 1, len(arrangement.order)
    )
    begin = 0
    for end in ends:
        numbers = arrangement.order[begin:end].tolist()
        yield SPLITS[arrangement.split[begin]], [gathered.spool[number] for number in numbers]
        begin = end


def _write_prompt(
    written: Written,
    prompt: Sequence[Example | AnsweredTask],
    plan: ReleasePlan,
    target: Target,
    split: str,
) -> None:
    examples = [one for one in prompt if isinstance(one, Example)]
    tasks = [one for one in prompt if isinstance(one, AnsweredTask)]
    rows_of: _RowsOf = defaultdict(dict)
    for config, row, subjects in _rows(examples, tasks, plan, written.left_out):
        for subject in subjects:
            rows_of[subject][str(row["row_id"])] = config
        if target.shards is not None:
            target.shards.write(config, split, row)
    for example in examples:
        _count_pair(written, example, rows_of.get(example.pair_id), target, split)
    for task in tasks:
        _count_task(written, task, rows_of.get(task.task.task_id), target, split)


def _rows(
    examples: Sequence[Example],
    tasks: Sequence[AnsweredTask],
    plan: ReleasePlan,
    left_out: Mapping[str, Counter[str]],
) -> Iterator[tuple[str, Row, Sequence[str]]]:
    """Yield configuration, row and the pairs or the task that the row is of."""
    for name in plan.formats:
        config = FORMATS[name].config_name
        for group in _groups(name, examples):
            of_pairs = made(name, group, plan)
            left_out[config].update(one.reason for one in of_pairs.left_out)
            for row in of_pairs.rows:
                yield config, row, sources(row)
        for task in tasks:
            of_task = made_of_answers(name, task, plan)
            left_out[config].update(one.reason for one in of_task.left_out)
            for row in of_task.rows:
                yield config, row, (task.task.task_id,)


def _groups(name: FormatName, examples: Sequence[Example]) -> Iterator[Sequence[Example]]:
    if FORMATS[name].granularity == "prompt":
        yield from [examples] if examples else []
        return
    for _, group in groupby(examples, key=lambda example: example.group_id):
        yield list(group)


def _count_pair(
    written: Written, example: Example, rows_of: Mapping[str, str] | None, target: Target, split: str
) -> None:
    if rows_of is None:
        written.exclusions["no_row"] += 1
        written.census.add(example, taken=False)
        return
    written.pairs += 1
    written.slices[example.slice][split] += 1
    written.census.add(example)
    if example.policy_id is not None:
        written.policy_ids.add(example.policy_id)
    if target.lineage is not None:
        target.lineage.write(pair_line(example, rows_of, split))


def _count_task(
    written: Written, task: AnsweredTask, rows_of: Mapping[str, str] | None, target: Target, split: str
) -> None:
    if rows_of is None:
        written.exclusions["no_row"] += 1
        return
    written.tasks += 1
    if target.lineage is not None:
        answers = {answer.annotator: answer.event_id for answer in task.answers}
        target.lineage.write(task_line(task.task, answers, rows_of, split))
