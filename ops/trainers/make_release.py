"""Make a small release by prefstream's own code, for trainers to load: make_release.py FOLDER.

Rows, writers and the card are those that `prefstream release cut` uses; pairs are made up here.
The folder has one release as Parquet and one as JSONL, each with every format and two splits.
"""

import json
import sys
from collections.abc import Iterator
from importlib.metadata import version
from itertools import combinations
from pathlib import Path
from typing import Literal, get_args

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tests.factories import (  # noqa: E402
    a_demonstration_submitted,
    a_safety_label_submitted,
    a_task_proposed,
)
from tests.unit.domain.gates.examples import an_example  # noqa: E402

from prefstream.adapters.files.release_rows import row_file  # noqa: E402
from prefstream.domain.gates.census import Census  # noqa: E402
from prefstream.domain.gates.gates import evaluated  # noqa: E402
from prefstream.domain.releases.card import CardFacts, CardFile, card  # noqa: E402
from prefstream.domain.releases.examples import Example  # noqa: E402
from prefstream.domain.releases.formats import (  # noqa: E402
    FORMATS,
    AnsweredTask,
    dataset_info,
    made,
    made_of_answers,
)
from prefstream.domain.releases.tables import Row  # noqa: E402
from prefstream.schemas.demonstrations import TaskKind  # noqa: E402
from prefstream.schemas.releases import FormatName, ReleasePlan  # noqa: E402
from prefstream.schemas.values import Message, Preference, Response  # noqa: E402

PROMPTS = 12
PLAN = ReleasePlan(name="trainers", formats=get_args(FormatName), demonstration_margin=2)
Files = dict[tuple[FormatName, str], list[str]]


def main() -> None:
    """Write both releases."""
    folder = Path(sys.argv[1])
    write(folder / "parquet", "parquet")
    write(folder / "jsonl", "jsonl")


def write(folder: Path, kind: Literal["jsonl", "parquet"]) -> None:
    """Write one release."""
    files: Files = {}
    counted: list[CardFile] = []
    for name, form in FORMATS.items():
        for split, numbers in (("train", range(PROMPTS - 3)), ("test", range(PROMPTS - 3, PROMPTS))):
            path = f"data/{form.config_name}/{split}-00000-of-00001.{kind}"
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            file = row_file(folder / path, form.columns, kind)
            for row in rows(name, numbers):
                file.add(row)
            written = file.close()
            files[name, split] = [path]
            counted.append(
                CardFile(
                    config=form.config_name,
                    split=split,
                    path=path,
                    rows=written.rows,
                    size_bytes=written.bytes,
                )
            )
    (folder / "README.md").write_text(card(facts(counted)))
    (folder / "dataset_info.json").write_text(json.dumps(dataset_info(files), indent=2) + "\n")


def facts(files: list[CardFile]) -> CardFacts:
    """Return what the card says."""
    census = Census()
    for number in range(PROMPTS):
        for example in pairs(number):
            census.add(example)
    return CardFacts(
        plan=PLAN,
        census=census,
        results=evaluated(census, PLAN, None),
        overrides=(),
        files=files,
        exclusions={},
        code_version=version("prefstream"),
    )


def rows(name: FormatName, numbers: range) -> Iterator[Row]:
    """Yield the rows of some prompts."""
    for number in numbers:
        yield from made(name, pairs(number), PLAN).rows
        for answered in tasks(number):
            yield from made_of_answers(name, answered, PLAN).rows


def pairs(number: int) -> list[Example]:
    """Return three responses to a prompt as pairs: right, nearly right, wrong; every fourth has a tie."""
    total = number + 17
    answers = (f"The sum is {total}.", f"It is {total}, I think.", f"It is {total + 1}.")
    said = [Response(text=text, model=f"model-{place}") for place, text in enumerate(answers)]
    found = []
    for a, b in combinations(range(3), 2):
        label = Preference.TIE if number % 4 == 3 and (a, b) == (0, 1) else Preference.A_BETTER
        if b - a == 2:
            label = Preference.A_MUCH_BETTER
        # Who stands first must not matter to a trainer.
        left, right, label = (said[b], said[a], label.swapped) if number % 2 else (said[a], said[b], label)
        found.append(
            an_example(
                pair_id=f"pair-{number}-{a}{b}",
                prompt_id=f"prompt-{number}",
                group_id=f"prompt-{number}",
                slice="arithmetic",
                messages=conversation(number),
                response_a=left,
                response_b=right,
                label=label,
                # Columns without any value are where loaders guess types wrongly.
                soft_label=None,
            )
        )
    return found


def conversation(number: int) -> tuple[Message, ...]:
    """Return a prompt; every third has a system message and an earlier turn."""
    asked = Message(role="user", content=f"What is 17 + {number}?")
    if number % 3:
        return (asked,)
    earlier = (
        Message(role="system", content="Be brief."),
        Message(role="user", content="Hello"),
        Message(role="assistant", content="Hello. What shall I add up?"),
    )
    return (*earlier, asked)


def tasks(number: int) -> list[AnsweredTask]:
    """Return a demonstration and a safety label."""
    written = a_task_proposed(
        kind=TaskKind.DEMONSTRATION,
        task_id=f"write-{number}",
        messages=conversation(number),
        candidates=(),
    )
    judged = a_task_proposed(kind=TaskKind.SAFETY, task_id=f"judge-{number}", messages=conversation(number))
    return [
        AnsweredTask(
            task=written,
            answers=(a_demonstration_submitted(task_id=written.task_id, response=f"{number + 17}."),),
        ),
        AnsweredTask(task=judged, answers=(a_safety_label_submitted(task_id=judged.task_id),)),
    ]


if __name__ == "__main__":
    main()
