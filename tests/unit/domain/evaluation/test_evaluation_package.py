import doctest
import importlib
import pkgutil

import pytest

from prefstream.domain import evaluation

MODULES = sorted(module.name for module in pkgutil.iter_modules(evaluation.__path__))


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_docstrings_are_true(name: str) -> None:
    module = importlib.import_module(f"{evaluation.__name__}.{name}")

    assert doctest.testmod(module).failed == 0


def test_every_public_statistic_has_an_example() -> None:
    statistics = [
        evaluation.adoption,
        evaluation.alternative_test,
        evaluation.always,
        evaluation.calibration,
        evaluation.consistency,
        evaluation.length_bias,
        evaluation.people_of,
        evaluation.powered_mean,
        evaluation.ppi_mean,
        evaluation.stacking,
        evaluation.wilson,
    ]

    assert [one for one in statistics if ">>>" not in str(one.__doc__)] == []


def test_public_names_are_sorted_and_there() -> None:
    names = evaluation.__all__

    assert names == sorted(names, key=lambda name: (not name.isupper(), not name[0].isupper(), name))
    assert all(hasattr(evaluation, name) for name in names)
