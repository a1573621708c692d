"""Plans of generation: what is asked, in which order, how often, and what is left."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from prefstream.domain.generation import Draft, Draw, Fault, Mark, Step, Strategy, next_step
from prefstream.domain.generation.plans import shortfall

VARIES, FIXED = True, False


@dataclass
class Play:
    """A plan played to its end; it keeps what was asked, round by round."""

    strategy: Strategy
    varies: Sequence[bool]
    #: What a draw gives: a text, or a fault with `!` before it.
    text: Callable[[Draw], str]
    scores: Mapping[str, float | None] = field(default_factory=dict)
    rounds: list[list[tuple[int, int]]] = field(default_factory=list)
    scored: list[str] = field(default_factory=list)

    def run(self) -> Step:
        drafts: dict[Draw, Draft] = {}
        marks: dict[str, Mark] = {}

        def mark(draft: Draft) -> Mark | None:
            return marks.get(draft.text)

        while True:
            step = next_step(self.strategy, self.varies, drafts.get, mark)
            if step.final:
                return step
            if step.draws:
                self.rounds.append([(draw.source, draw.number) for draw in step.draws])
            drafts |= {draw: draft_of(draw, self.text(draw)) for draw in step.draws}
            marks |= {draft.text: Mark(score=self.scores.get(draft.text)) for draft in step.unmarked}
            self.scored += [draft.text for draft in step.unmarked]

    @property
    def drawn(self) -> int:
        return sum(len(one) for one in self.rounds)


def draft_of(draw: Draw, said: str) -> Draft:
    faults: Mapping[str, Fault] = {"!empty": "empty", "!truncated": "truncated", "!failed": "failed"}
    return Draft(draw=draw, text="" if said in faults else said, fault=faults.get(said))


def named(draw: Draw) -> str:
    return f"{draw.source}/{draw.number}"


def texts(step: Step) -> list[str]:
    return [one.draft.text for one in step.candidates]


def test_every_source_is_drawn_once_when_nothing_else_is_said() -> None:
    play = Play(Strategy(), [VARIES] * 3, named)

    assert texts(play.run()) == ["0/0", "1/0", "2/0"]
    assert play.rounds == [[(0, 0), (1, 0), (2, 0)]]


def test_n_candidates_are_drawn_of_the_sources_in_turn_and_told_in_their_order() -> None:
    play = Play(Strategy(n=5), [VARIES, VARIES], named)

    assert texts(play.run()) == ["0/0", "0/1", "0/2", "1/0", "1/1"]
    assert play.rounds == [[(0, 0), (1, 0), (0, 1), (1, 1), (0, 2)]]


def test_what_comes_out_the_same_but_for_blanks_is_drawn_again_of_its_own_source() -> None:
    answers = {"0/0": "Yes, it is.", "1/0": "Yes,\n  it is."}
    play = Play(Strategy(), [VARIES, VARIES], lambda draw: answers.get(named(draw), named(draw)))

    assert texts(play.run()) == ["Yes, it is.", "1/1"]
    assert play.rounds == [[(0, 0), (1, 0)], [(1, 1)]]


@pytest.mark.parametrize("spoilt", ["!empty", "!truncated", "the same"])
def test_draws_end_with_the_budget_and_say_why_no_pair_comes_of_them(spoilt: str) -> None:
    play = Play(Strategy(budget=7), [VARIES, VARIES], lambda _: spoilt)
    step = play.run()

    assert play.drawn == 7
    reason, detail = shortfall(play.strategy, step)
    assert reason == "no_contrast"
    assert detail.startswith("7 drawn")
    assert ("the same as another" if spoilt == "the same" else spoilt[1:]) in detail


def test_a_source_that_always_says_the_same_is_drawn_once() -> None:
    play = Play(Strategy(budget=10), [FIXED, FIXED], lambda _: "same")

    assert texts(play.run()) == ["same"]
    assert play.rounds == [[(0, 0), (1, 0)]]


def test_a_source_that_fails_for_good_is_asked_no_more_and_the_others_go_on() -> None:
    play = Play(Strategy(), [VARIES] * 3, lambda draw: "!failed" if draw.source == 1 else named(draw))
    step = play.run()

    assert texts(step) == ["0/0", "2/0"]
    assert play.drawn == 3
    assert [draft.draw.source for draft in step.drawn if draft.fault == "failed"] == [1]


def test_best_of_n_scores_each_candidate_once_after_all_are_drawn() -> None:
    strategy = Strategy(name="best_of_n", n=4)
    scores = {"0/0": 0.2, "0/1": 0.9, "0/2": 0.5, "0/3": None}
    play = Play(strategy, [VARIES], named, scores)
    step = play.run()

    assert play.rounds == [[(0, number) for number in range(4)]]
    assert play.scored == ["0/0", "0/1", "0/2", "0/3"]
    assert texts(step) == ["0/0", "0/1", "0/2"]
    assert step.without_score == 1


def test_a_lone_candidate_is_not_scored() -> None:
    play = Play(Strategy(name="best_of_n", n=2, budget=2), [VARIES], lambda _: "same", {"same": 0.5})
    step = play.run()

    assert play.scored == []
    assert shortfall(play.strategy, step)[0] == "no_contrast"


def test_candidates_that_nobody_could_score_say_so() -> None:
    play = Play(Strategy(name="best_of_n", n=2), [VARIES], named)

    assert shortfall(play.strategy, play.run())[0] == "unscored"


def test_rejection_sampling_stops_at_the_first_split() -> None:
    scores = {"0/0": 0.9, "0/1": 0.8, "0/2": 0.95, "0/3": 0.1, "0/4": 0.1}
    play = Play(Strategy(name="rejection_sampling", n=2, budget=10), [VARIES], named, scores)

    assert texts(play.run()) == ["0/0", "0/1", "0/2", "0/3"]
    assert play.rounds == [[(0, 0), (0, 1)], [(0, 2)], [(0, 3)]]
    assert play.scored == ["0/0", "0/1", "0/2", "0/3"]


@pytest.mark.parametrize(
    ("score", "reason", "told"),
    [
        (0.4, "none_accepted", "the best score is 0.4, 0.7 was asked for"),
        (0.7, "none_rejected", "the worst score is 0.7"),
    ],
)
def test_rejection_sampling_that_never_splits_spends_its_budget_and_says_which_side_lacks(
    score: float, reason: str, told: str
) -> None:
    scores = {f"{source}/{number}": score for source in (0, 1) for number in range(9)}
    play = Play(Strategy(name="rejection_sampling", budget=6), [VARIES, VARIES], named, scores)
    step = play.run()

    assert play.drawn == 6
    assert shortfall(play.strategy, step)[0] == reason
    assert told in shortfall(play.strategy, step)[1]


def test_a_repeated_candidate_of_rejection_sampling_is_scored_once() -> None:
    play = Play(Strategy(name="rejection_sampling", budget=5), [VARIES], lambda _: "same", {"same": 0.9})
    play.run()

    assert (play.drawn, play.scored) == (5, ["same"])


def test_sources_that_are_all_spent_end_a_plan_before_its_budget() -> None:
    scores = {"0/0": 0.9, "1/0": 0.8}
    play = Play(Strategy(name="rejection_sampling", budget=9), [FIXED, FIXED], named, scores)
    play.run()

    assert play.drawn == 2


@pytest.mark.parametrize("name", ["diverse_models", "best_of_n", "rejection_sampling"])
def test_a_plan_asks_the_same_again_when_it_is_played_from_its_start(name: str) -> None:
    """What a crash forgets is asked for by the same draws, whatever later answers are known already."""
    strategy = Strategy(name=name, n=3, budget=8)  # type: ignore[arg-type]
    text = {(0, 0): "a", (0, 1): "a", (0, 2): "!empty"}
    first = Play(strategy, [VARIES], lambda d: text.get((d.source, d.number), named(d)), {"a": 0.1})
    first.run()
    known = {Draw(source=s, number=n): draft_of(Draw(source=s, number=n), "x") for s, n in first.rounds[-1]}

    step = next_step(strategy, [VARIES], known.get, lambda _: None)

    assert {(d.source, d.number) for d in step.draws} <= set(first.rounds[0])
