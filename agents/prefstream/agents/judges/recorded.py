"""The recorded judge: verdicts that another judge gave before, read by pair id."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from prefstream.agents.judging import Answers
from prefstream.agents.stage import Call, Configuration, Reply
from prefstream.schemas.pairs import PairProposed
from prefstream.schemas.values import Vote

_VOTES: TypeAdapter[tuple[Vote, ...]] = TypeAdapter(tuple[Vote, ...])


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedJudge:
    """A judge whose votes were recorded; a pair without a recorded vote gets no verdict.

    The provider "recorded" answers with `{"votes": [...]}`, the votes as the contract has them.
    """

    judge: str

    @property
    def id(self) -> str:
        """Return the identity of the recorded judge."""
        return f"recorded:{self.judge}"

    def calls(self, pair: PairProposed, configuration: Configuration, answers: Answers) -> Sequence[Call]:  # noqa: ARG002
        """Return the one look-up."""
        return (self._call(pair),)

    def votes(self, pair: PairProposed, configuration: Configuration, answers: Answers) -> Sequence[Vote]:  # noqa: ARG002
        """Return the recorded votes; none when there is no record of the pair."""
        answer = answers[self._call(pair).request_id]
        if not isinstance(answer, Reply):
            return ()
        try:
            return _VOTES.validate_python(answer.content["votes"], strict=False)
        except (KeyError, ValidationError):
            return ()

    def _call(self, pair: PairProposed) -> Call:
        request = {"judge": self.judge, "pair_id": pair.pair_id}
        return Call(provider="recorded", request=request, journalled=False)
