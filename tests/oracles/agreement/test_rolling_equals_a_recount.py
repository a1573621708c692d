"""Windows that roll, against a count from nothing, after everything that can happen to a label.

Labels of 1970 and of the future, labels that come late, twice or in any order, corrections, labels taken
back, a person of whom all is taken back, pairs that move to another slice, a slice of one rater, and one in
which all say the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.oracles.agreement.recount import recounted

from prefstream.domain.agreement import Rolling, UnitLabel, change, figures, kappas
from prefstream.schemas.values import Verdict

LENGTHS = (60, 24 * 60, 7 * 24 * 60)
#: The minute in which the streams end; the first minute of 1970 is 0.
NOW = 29_500_000
MINUTES = st.one_of(
    st.just(0),
    st.integers(NOW - 70, NOW + 3),
    st.integers(NOW - 1500, NOW),
    st.integers(NOW - 8 * 24 * 60, NOW),
    st.integers(NOW + 10, NOW + 10_000_000),
)
SLICES = ("code", "prose", "alone", "alike")
PEOPLE = ("ann", "bob", "cem", "dee")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A label that is given, or taken back."""

    pair: int
    label: UnitLabel
    stands: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A pair whose slice has another name now; of several the one with the highest revision holds."""

    pair: int
    slice_name: str
    revision: int


Happening = Said | Moved


@dataclass
class Board:
    """Rolling windows of every slice, told of one thing at a time, in any order and any number of times."""

    rolling: dict[str, Rolling] = field(
        default_factory=lambda: {name: Rolling(LENGTHS, until_minute=0) for name in SLICES}
    )
    given: dict[int, set[UnitLabel]] = field(default_factory=dict)
    gone: dict[int, set[UnitLabel]] = field(default_factory=dict)
    places: dict[int, tuple[int, str]] = field(default_factory=dict)

    def take(self, one: Happening) -> None:
        before, place = self.labels(one.pair), self.slice_of(one.pair)
        match one:
            case Said(stands=True):
                self.given.setdefault(one.pair, set()).add(one.label)
            case Said():
                self.gone.setdefault(one.pair, set()).add(one.label)
            case Moved():
                self.places[one.pair] = max(
                    self.places.get(one.pair, (-1, "")), (one.revision, one.slice_name)
                )
        after, now_at = self.labels(one.pair), self.slice_of(one.pair)
        if place == now_at:
            self.rolling[place].add(change(before, after))
        else:
            self.rolling[place].add(change(before, []))
            self.rolling[now_at].add(change([], after))

    def labels(self, pair: int) -> list[UnitLabel]:
        return [*(self.given.get(pair, set()) - self.gone.get(pair, set()))]

    def slice_of(self, pair: int) -> str:
        return self.places[pair][1] if pair in self.places else first_slice(pair)

    def units(self, slice_name: str) -> list[list[UnitLabel]]:
        return [self.labels(pair) for pair in self.given if self.slice_of(pair) == slice_name]


def first_slice(pair: int) -> str:
    return SLICES[pair % len(SLICES)]


@st.composite
def labels(draw: st.DrawFn) -> Said:
    pair, minute, within = draw(st.integers(0, 11)), draw(MINUTES), draw(st.integers(0, 59_999_999))
    alone, alike = first_slice(pair) == "alone", first_slice(pair) == "alike"
    return Said(
        pair=pair,
        label=UnitLabel(
            annotator="ann" if alone else draw(st.sampled_from(PEOPLE)),
            category="A>" if alike else str(draw(st.sampled_from(Verdict))),
            minute=minute,
            order=(minute * 60_000_000 + within, f"{draw(st.integers(0, 99)):02}"),
        ),
    )


histories = st.lists(labels(), min_size=20, max_size=60, unique_by=lambda said: (said.pair, said.label.order))


@settings(max_examples=300, deadline=None)
@given(histories, st.integers(0, 2**32))
def test_windows_equal_a_recount_whatever_happened(history: list[Said], seed: int) -> None:
    chance, board = Random(seed), Board()
    for one in arrivals(history, chance):
        board.take(one)
        if chance.random() < 0.3:
            until = chance.choice((NOW - chance.randrange(20_000), NOW - chance.randrange(100), 10))
            for rolling in board.rolling.values():
                rolling.roll(until_minute=until)
    for rolling in board.rolling.values():
        rolling.roll(until_minute=NOW)

    for name, rolling in board.rolling.items():
        for length in (*LENGTHS, None):
            found = rolling.window(length)
            expected = recounted(
                board.units(name),
                since=None if length is None else NOW - length,
                until=None if length is None else NOW,
            )
            assert found == expected
            assert figures(found) == figures(expected)
            assert kappas(found) == kappas(expected)


def arrivals(history: Sequence[Said], chance: Random) -> list[Happening]:
    """Return all labels twice, some taken back, one person's all, and pairs moved; in an order by chance."""
    left = chance.choice((*PEOPLE, "nobody"))
    happened: list[Happening] = [*history, *history]
    happened += [
        Said(pair=said.pair, label=said.label, stands=False)
        for said in history
        if said.label.annotator == left or chance.random() < 0.15
    ]
    for pair in {said.pair for said in history}:
        # The slices of one rater and of one verdict stay as they are.
        if first_slice(pair) in {"code", "prose"} and chance.random() < 0.5:
            happened += [
                Moved(pair=pair, slice_name=chance.choice(("code", "prose")), revision=revision)
                for revision in range(chance.randrange(3))
            ]
    chance.shuffle(happened)
    return happened


@settings(max_examples=100, deadline=None)
@given(histories, st.integers(0, 2**32))
def test_one_rater_and_constant_raters_have_no_coefficient_and_a_reason(
    history: list[Said], seed: int
) -> None:
    board = Board()
    for one in arrivals(history, Random(seed)):
        board.take(one)

    alone, alike = (figures(board.rolling[name].window(None)) for name in ("alone", "alike"))
    coefficients = ("alpha_nominal", "alpha_ordinal", "fleiss_kappa", "gwet_ac1")
    for name in (*coefficients, "percent_agreement"):
        assert (alone[name].value, alone[name].reason) == (None, "no unit has two ratings")
    for name in coefficients:
        assert alike[name].value is None
        assert alike[name].reason
    assert kappas(board.rolling["alone"].window(None)) == {}
    assert {figure.value for figure in kappas(board.rolling["alike"].window(None)).values()} <= {None}
