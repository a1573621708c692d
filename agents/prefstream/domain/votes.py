"""Votes as they are kept: whole where they fit in one record, with their texts cut where they do not."""

from collections.abc import Iterator, Sequence

from prefstream.schemas.judgements import Critique, Finding
from prefstream.schemas.values import ClauseVerdict, Vote

#: Characters that all texts of one judgement may have together: however they are escaped, the record
#: stays well below what a topic takes.
MAX_CHARACTERS = 100_000


def fitted(
    votes: Sequence[Vote], critiques: Sequence[Critique], *, most: int = MAX_CHARACTERS
) -> tuple[tuple[Vote, ...], tuple[Critique, ...], bool]:
    """Return votes and critiques with texts that fit together, and whether they had to be cut.

    A verdict is never touched. Where the texts are too many, each keeps an equal share.

    Args:
        votes: The votes.
        critiques: The critiques.
        most: Characters that all texts may have together.
    """
    sizes = list(_sizes(votes, critiques))
    if sum(sizes) <= most:
        return tuple(votes), tuple(critiques), False
    share = most // len(sizes)
    return (
        tuple(_cut_vote(vote, share) for vote in votes),
        tuple(_cut_critique(critique, share) for critique in critiques),
        True,
    )


def _sizes(votes: Sequence[Vote], critiques: Sequence[Critique]) -> Iterator[int]:
    for vote in votes:
        yield len(vote.rationale)
        yield len(vote.raw or "")
        for said in vote.clause_verdicts:
            yield len(said.quote)
    for critique in critiques:
        for finding in critique.findings:
            yield len(finding.quote)
            yield len(finding.why)


def _cut_vote(vote: Vote, share: int) -> Vote:
    def cut(said: ClauseVerdict) -> ClauseVerdict:
        return said.model_copy(update={"quote": said.quote[:share]})

    texts = {"rationale": vote.rationale[:share], "raw": vote.raw and vote.raw[:share]}
    return vote.model_copy(update=texts | {"clause_verdicts": tuple(map(cut, vote.clause_verdicts))})


def _cut_critique(critique: Critique, share: int) -> Critique:
    def cut(finding: Finding) -> Finding:
        return finding.model_copy(update={"quote": finding.quote[:share], "why": finding.why[:share]})

    return critique.model_copy(update={"findings": tuple(map(cut, critique.findings))})
