"""What an event of figures says when there are many people."""

from prefstream.adapters.postgres.projections.figures import Said, said_of
from prefstream.adapters.postgres.projections.metrics import MOST_PEOPLE_SAID, told_of
from prefstream.domain.agreement import Statistic


def a_figure(statistic: str, subject: str, n_units: int) -> Said:
    figure = Statistic(value=0.5, low=None, high=None, bounds_reason="small", n_units=n_units)
    return said_of(statistic, subject, figure)


def test_an_event_speaks_of_the_pairs_of_people_with_most_in_common_and_of_every_figure_of_the_slice() -> (
    None
):
    people = [a_figure("cohen_kappa", f"{number:04}|x", number) for number in range(MOST_PEOPLE_SAID + 50)]
    of_slice = [a_figure("alpha_nominal", "", 3)]

    said = told_of([*people, *of_slice])

    assert len(said) == MOST_PEOPLE_SAID + 1
    assert said[-1] == of_slice[0]
    assert min(one.measurement.n for one in said if one.subject) == 50
    assert [one.subject for one in said[:-1]] == sorted(one.subject for one in said[:-1])
