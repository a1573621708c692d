from tests.unit.domain.evaluation.judged import judged, label, pair, vote

from prefstream.domain.evaluation import Mistake, Reading, Texts, clause_reports, judgement_of, proposals
from prefstream.domain.evaluation.clauses import NO_CLAUSE, settled
from prefstream.schemas.values import ClauseVerdict

TEXTS = Texts(prompt="What is 2 + 2?", response_a="4", response_b="It is surely 5.")
SAYS_B = ClauseVerdict(clause="P1", verdict="B", quote="surely", quote_found=True)
INVENTED = ClauseVerdict(clause="P1", verdict="B", quote="certainly", quote_found=False)


def test_a_clause_collects_the_pairs_that_people_or_the_judge_name_it_for() -> None:
    cited = (pair("p1", label("x", "A>", clauses=("P1",), rationale="5 is wrong")), judged("B>", "B>"))
    decided = (pair("p2", label("x", "A>")), judgement_of([Reading(vote("B>", "ab", SAYS_B))]))
    other = (pair("p3", label("x", "A>")), judged("A>", "A>"))
    by_clause = {one.clause: one for one in clause_reports([cited, decided, other])}

    assert (by_clause["P1"].agreement.hits, by_clause["P1"].agreement.of) == (0, 2)
    assert by_clause[NO_CLAUSE].agreement.value == 1.0
    assert by_clause["P1"].mistakes == {Mistake.WRONG_SIDE: 2}
    assert by_clause["P1"].examples[0].human_rationales == ("5 is wrong",)
    assert by_clause["P1"].examples[1].quotes == ("surely",)


def test_the_clause_with_the_most_differences_comes_first() -> None:
    wrong = [(pair(f"w{n}", label("x", "A>", clauses=("P2",))), judged("B>", "B>")) for n in range(3)]
    right = [(pair(f"r{n}", label("x", "A>", clauses=("P1",))), judged("A>", "A>")) for n in range(9)]
    assert [one.clause for one in clause_reports(right + wrong)] == ["P2", "P1"]


def test_a_judge_whose_clause_verdict_is_wrong_and_quotes_are_invented_is_seen() -> None:
    case = (
        pair("p", label("x", "A>", clauses=("P1",))),
        judgement_of([Reading(vote("A>", "ab", SAYS_B)), Reading(vote("A>", "ba", INVENTED))]),
    )
    (report,) = clause_reports([case])
    assert (report.agreement.value, report.clause_errors.value, report.invented_quotes.value) == (
        1.0,
        1.0,
        0.5,
    )


def test_kinds_of_mistakes_are_told_apart() -> None:
    cases = [
        (pair("wrong", label("x", "A>")), judged("B>", "B>")),
        (pair("win", label("x", "=")), judged("B>", "B>")),
        (pair("tie", label("x", "A>")), judged("=", "=")),
        (pair("none", label("x", "A>")), judged(None, None)),
        (pair("split", label("x", "A>"), label("y", "B>")), judged("A>", "A>")),
    ]
    (report,) = clause_reports(cases)
    assert report.mistakes == dict.fromkeys(Mistake, 1)
    assert report.agreement.of == 4


def test_labels_are_settled_by_an_adjudicator_or_by_agreement() -> None:
    assert settled([label("x", "A>"), label("j", "B>", "adjudicate")])
    assert settled([label("x", "A>"), label("y", "A>>")])
    assert not settled([label("x", "A>"), label("y", "B>")])
    assert not settled([label("x", "A>")])
    assert not settled([label("x", "unsure"), label("y", "unsure")])


def adjudicated(pair_id: str, verdict: str, *, texts: Texts | None = TEXTS, why: str = "5 is wrong"):  # type: ignore[no-untyped-def]
    return pair(pair_id, label("j", verdict, "adjudicate", clauses=("P1",), rationale=why), texts=texts)


def test_a_false_win_becomes_a_counter_example_with_the_adjudicators_reason() -> None:
    (found,) = proposals([(adjudicated("p1", "A>"), judged("B>", "B>"))])
    (case,) = found.counter_examples
    assert (case.better, case.worse, case.why) == ("4", "It is surely 5.", "5 is wrong")
    assert (found.clause, found.exemplars, found.built_from) == ("P1", (), ("p1",))


def test_a_difference_the_judge_missed_becomes_an_exemplar() -> None:
    (found,) = proposals([(adjudicated("p1", "B>"), judged("=", "="))])
    assert (found.exemplars[0].better, found.counter_examples) == ("It is surely 5.", ())


def test_only_settled_cases_against_the_judge_with_short_known_texts_are_proposed() -> None:
    long = Texts(prompt="?", response_a="x" * 3000, response_b="y")
    cases = [
        (adjudicated("right", "A>"), judged("A>", "A>")),
        (adjudicated("tie", "="), judged("A>", "A>")),
        (adjudicated("long", "A>", texts=long), judged("B>", "B>")),
        (adjudicated("unknown", "A>", texts=None), judged("B>", "B>")),
        (pair("one", label("x", "A>", clauses=("P1",)), texts=TEXTS), judged("B>", "B>")),
    ]
    assert proposals(cases) == ()


def test_few_are_proposed_those_with_a_reason_and_short_ones_first() -> None:
    texts = [Texts(prompt="?", response_a="x" * n, response_b="y") for n in (30, 10, 20, 5, 1)]
    whys = ["because", "because", "because", "because", ""]
    cases = [
        (adjudicated(f"p{n}", "A>", texts=one, why=why), judged("B>", "B>"))
        for n, (one, why) in enumerate(zip(texts, whys, strict=True))
    ]
    (found,) = proposals(cases)
    assert [len(one.better) for one in found.counter_examples] == [5, 10, 20]
    assert found.built_from == ("p1", "p2", "p3")


def test_the_rationale_shown_is_one_for_the_label_the_judge_came_to() -> None:
    readings = [Reading(vote("A>", "ab", rationale="for A"))]
    readings += [Reading(vote("B>", order, rationale="for B")) for order in ("ba", "ab")]
    (report,) = clause_reports([(pair("p", label("x", "A>")), judgement_of(readings))])
    assert report.examples[0].judge_rationale == "for B"
