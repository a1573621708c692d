"""Registry: the formats a release may have, and what each makes of pairs and answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from prefstream.domain.releases.examples import Example
from prefstream.domain.releases.formats import answers, pairs
from prefstream.domain.releases.formats.answers import SAFETY, SFT, AnsweredTask
from prefstream.domain.releases.formats.made import LeftOut, Made, identified
from prefstream.domain.releases.formats.prompts import PROMPTS, prompt_row
from prefstream.domain.releases.formats.rankings import RANKING, ranking
from prefstream.domain.releases.tables import Column, Row
from prefstream.schemas.demonstrations import DemonstrationSubmitted
from prefstream.schemas.releases import FormatName, ReleasePlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One shape of a release's rows."""

    name: FormatName
    #: The configuration that `datasets` loads it by; also its folder.
    config_name: str
    columns: tuple[Column, ...]
    #: What one call of `made` is given: one pair, all pairs of a group or of a prompt; or no pair at all.
    granularity: Literal["pair", "group", "prompt", "task"]
    #: Whether answers to tasks other than pairs have rows too: `made_of_answers`.
    answers: bool = False
    #: One sentence for the card: what it is for.
    about: str


_ALL: Final = (
    Format(
        name="preference",
        config_name="preference",
        columns=pairs.PREFERENCE,
        granularity="pair",
        about="Preferences as strings: DPO, IPO, CPO, ORPO.",
    ),
    Format(
        name="preference_implicit",
        config_name="preference_implicit",
        columns=pairs.IMPLICIT,
        granularity="pair",
        about="Preferences as two whole conversations.",
    ),
    Format(
        name="preference_conversational",
        config_name="preference_conversational",
        columns=pairs.CONVERSATIONAL,
        granularity="pair",
        about="Preferences as messages, for chat templates: DPO, IPO, CPO, ORPO.",
    ),
    Format(
        name="unpaired",
        config_name="unpaired",
        columns=pairs.UNPAIRED,
        granularity="pair",
        about="Single responses, wanted or not: KTO, BCO.",
    ),
    Format(
        name="reward",
        config_name="reward",
        columns=pairs.IMPLICIT,
        granularity="pair",
        about="Two whole conversations and a margin: reward models, and with the prompts PPO.",
    ),
    Format(
        name="ranking",
        config_name="ranking",
        columns=RANKING,
        granularity="group",
        about="All responses to a prompt in order: listwise losses.",
    ),
    Format(
        name="sft",
        config_name="sft",
        columns=SFT,
        granularity="pair",
        answers=True,
        about="Demonstrations: supervised fine-tuning.",
    ),
    Format(
        name="prompts",
        config_name="prompts",
        columns=PROMPTS,
        granularity="prompt",
        about="Prompts with a reference: GRPO, RLOO, PPO.",
    ),
    Format(
        name="safety",
        config_name="safety",
        columns=SAFETY,
        granularity="task",
        answers=True,
        about="Harm of prompts and responses: classifiers, refusal training.",
    ),
)
FORMATS: Final[Mapping[FormatName, Format]] = {form.name: form for form in _ALL}


def rows(format_name: FormatName, group: Sequence[Example], plan: ReleasePlan) -> list[Row]:
    """Return the rows that a format makes of a group; see `made`."""
    return list(made(format_name, group, plan).rows)


def made(format_name: FormatName, group: Sequence[Example], plan: ReleasePlan) -> Made:
    """Return what a format makes of chosen examples: rows with their identity, and what has none.

    Args:
        format_name: The format.
        group: Examples in order, as many as the format's granularity says; more than one pair may be
            given where it is "pair".
        plan: The release's plan.
    """
    if not group or format_name == "safety":
        return Made()
    if format_name == "ranking":
        found = ranking(group)
    elif format_name == "prompts":
        found = Made(rows=(prompt_row(group, plan),))
    else:
        found = _of_pairs(format_name, group, plan)
    return Made(rows=tuple(identified(format_name, row) for row in found.rows), left_out=found.left_out)


def made_of_answers(format_name: FormatName, answered: AnsweredTask, plan: ReleasePlan) -> Made:
    """Return what a format makes of the answers to a task: a row for each that the plan takes."""
    if answers.KINDS.get(format_name) is not answered.task.kind:
        return Made()
    found: list[Row] = []
    left: list[LeftOut] = []
    for place, answer in enumerate(answered.answers):
        if reason := answers.exclusion(answered, place, plan):
            left.append(LeftOut(id=answer.event_id, reason=reason))
        elif isinstance(answer, DemonstrationSubmitted):
            found.append(answers.demonstration(answered.task, answer))
        else:
            found.append(answers.safety_label(answered.task, answer))
    return Made(rows=tuple(identified(format_name, row) for row in found), left_out=tuple(left))


def _of_pairs(format_name: FormatName, group: Sequence[Example], plan: ReleasePlan) -> Made:
    found: list[Row] = []
    left: list[LeftOut] = []
    for example in group:
        if reason := _unfit(format_name, example, plan):
            left.append(LeftOut(id=example.pair_id, reason=reason))
        elif format_name == "sft":
            found.append(answers.chosen_demonstration(example))
        else:
            found += [row | pairs.about(example) for row in pairs.SHAPES[format_name](example)]
    return Made(rows=tuple(found), left_out=tuple(left))


def _unfit(format_name: FormatName, example: Example, plan: ReleasePlan) -> str:
    if example.margin == 0:
        return "tie"
    least = plan.demonstration_margin
    if format_name == "sft" and (least is None or abs(example.margin) < least):
        return "small_margin"
    return ""
