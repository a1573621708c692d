import doctest
import importlib
import pkgutil

import pytest

from prefstream.domain import agreement

MODULES = sorted(module.name for module in pkgutil.iter_modules(agreement.__path__))


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_docstrings_are_true(name: str) -> None:
    module = importlib.import_module(f"{agreement.__name__}.{name}")

    assert doctest.testmod(module).failed == 0


def test_every_public_statistic_has_an_example() -> None:
    statistics = [
        agreement.alpha_interval,
        agreement.alpha_nominal,
        agreement.alpha_ordinal,
        agreement.cohen_kappa,
        agreement.fleiss_kappa,
        agreement.gwet_ac1,
        agreement.gwet_ac2,
        agreement.percent_agreement,
    ]

    assert all(">>>" in str(statistic.__doc__) for statistic in statistics)


def test_public_names_are_sorted_and_there() -> None:
    names = agreement.__all__

    assert names == sorted(names, key=lambda name: (not name.isupper(), not name[0].isupper(), name))
    assert all(hasattr(agreement, name) for name in names)
