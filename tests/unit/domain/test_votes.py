"""Votes as they are kept: their texts fit one record, their verdicts are never touched."""

from hypothesis import given
from hypothesis import strategies as st
from tests.factories import a_vote

from prefstream.domain.votes import fitted
from prefstream.schemas.judgements import Critique, Finding
from prefstream.schemas.values import ClauseVerdict


def test_texts_that_fit_are_kept_as_they_are() -> None:
    votes = (a_vote(rationale="x" * 40), a_vote(raw=None, rationale=""))
    assert fitted(votes, (), most=41) == (votes, (), False)


@given(st.lists(st.text(max_size=60), min_size=1, max_size=6), st.integers(1, 200))
def test_texts_never_take_more_than_they_may(texts: list[str], most: int) -> None:
    votes = [
        a_vote(
            raw=text,
            rationale=text,
            clause_verdicts=(ClauseVerdict(clause="c", verdict="A", quote=text, quote_found=False),),
        )
        for text in texts
    ]
    critiques = [
        Critique(judge="j", response="a", findings=(Finding(clause="c", finding="ok", quote=t, why=t),))
        for t in texts
    ]
    kept, said, cut = fitted(votes, critiques, most=most)
    total = sum(len(v.raw or "") + len(v.rationale) + len(v.clause_verdicts[0].quote) for v in kept)
    total += sum(len(c.findings[0].quote) + len(c.findings[0].why) for c in said)

    assert total <= most
    assert cut is (5 * sum(map(len, texts)) > most)
    assert [vote.verdict for vote in kept] == [vote.verdict for vote in votes]
    assert all(vote.clause_verdicts[0].quote_found is False for vote in kept)
