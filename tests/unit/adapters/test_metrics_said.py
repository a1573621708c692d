"""What an event of figures says when there are many people."""

from prefstream.adapters.postgres.projections.metrics import MOST_PEOPLE_SAID, said_of
from prefstream.domain.agreement import Statistic


def a_figure(n_units: int) -> Statistic:
    return Statistic(value=0.5, low=None, high=None, bounds_reason="small", n_units=n_units)


def test_an_event_speaks_of_the_pairs_of_people_with_most_in_common_and_of_every_figure_of_the_slice() -> (
    None
):
    people = [("cohen_kappa", f"{number:04}|x", a_figure(number)) for number in range(MOST_PEOPLE_SAID + 50)]
    of_slice = [("alpha_nominal", "", a_figure(3))]

    said = said_of([*people, *of_slice])

    assert len(said) == MOST_PEOPLE_SAID + 1
    assert said[-1] == of_slice[0]
    assert min(figure.n_units for _, subject, figure in said if subject) == 50
    assert [subject for _, subject, _ in said[:-1]] == sorted(subject for _, subject, _ in said[:-1])
