"""What people's rationales and adjudicated cases say back to those who write the constitution."""

from collections.abc import Mapping, Sequence
from typing import Any

from prefstream.adapters.constitutions.writing import yaml_text
from prefstream.domain.evaluation import EvaluationSet, Judgement, LabelledPair, clause_reports, proposals
from prefstream.schemas.errors import BadInput
from prefstream.streams.evaluation_documents import clause_document, proposal_documents

_HEAD = """\
# Proposed from cases that people settled against the judge. Read each, keep what shows the clause at
# work, shorten it, and put it under the clause of the same id in the constitution.
# The pairs under built_from can no longer audit a judge that reads these exemplars: give their ids to
# `prefstream judge eval --built-from` when you evaluate it.
"""


def feedback_report(evaluated: EvaluationSet, *, most_characters: int) -> dict[str, Any]:
    """Return where judges differ from people, clause by clause, and exemplars to propose.

    Exemplars come from the first judge by name where several are evaluated: choose one with --judge.

    Raises:
        BadInput: There is no judgement of a pair on which people take a side.
    """
    reports = [
        {"judge": name.judge, "strategy": name.strategy, **_of_judge(_cases(evaluated, judgements))}
        for name, judgements in sorted(evaluated.judgements.items())
    ]
    if not any(one["pairs"] for one in reports):
        raise BadInput(
            "no judged pair has a side that people take; give the files of both, with the same ids"
        )
    first = evaluated.judgements[min(evaluated.judgements)]
    proposed = proposals(_cases(evaluated, first), most_characters=most_characters)
    return {
        "judges": reports,
        "proposals": proposal_documents(proposed),
        "built_from": sorted({pair_id for one in proposed for pair_id in one.built_from}),
    }


def exemplar_yaml(proposed: Sequence[Mapping[str, Any]]) -> str:
    """Return proposals as YAML that can be pasted into a constitution."""
    return _HEAD + yaml_text({"principles": list(proposed)})


def _of_judge(cases: Sequence[tuple[LabelledPair, Judgement]]) -> dict[str, Any]:
    sides = [(pair.people.side, judgement.side) for pair, judgement in cases]
    known = [(people, judge) for people, judge in sides if people is not None]
    return {
        "pairs": len(known),
        "differences": sum(people != judge for people, judge in known),
        "clauses": [clause_document(one) for one in clause_reports(cases)],
    }


def _cases(
    evaluated: EvaluationSet, judgements: Mapping[str, Judgement]
) -> list[tuple[LabelledPair, Judgement]]:
    return [(evaluated.pairs[key], one) for key, one in judgements.items()]
