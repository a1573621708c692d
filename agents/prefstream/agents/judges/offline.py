"""The offline judge: a modest reader for demonstrations, free, instant and always the same."""

from collections.abc import Sequence
from dataclasses import dataclass

from prefstream.agents.judging import Answers
from prefstream.agents.stage import Call, Configuration
from prefstream.domain.curation import last_user_text
from prefstream.domain.offline.votes import votes_on
from prefstream.schemas.pairs import PairProposed
from prefstream.schemas.values import Vote

#: Bump whenever the reader would vote differently: a policy is certified for one judge.
OFFLINE_VERSION = "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfflineJudge:
    """A judge that checks sums, forms, languages and refusals by rules and reads code badly."""

    @property
    def id(self) -> str:
        """Return the identity; it says offline wherever it shows."""
        return f"offline:reader-{OFFLINE_VERSION}"

    def calls(self, pair: PairProposed, configuration: Configuration, answers: Answers) -> Sequence[Call]:  # noqa: ARG002
        """Return nothing: it reads the pair itself."""
        return ()

    def votes(self, pair: PairProposed, configuration: Configuration, answers: Answers) -> Sequence[Vote]:  # noqa: ARG002
        """Return six votes: three variants in both orders."""
        return votes_on(
            last_user_text(pair.messages),
            pair.response_a.text,
            pair.response_b.text,
            judge=self.id,
            clauses=[principle.id for principle in configuration.constitution.principles],
        )
