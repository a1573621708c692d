import doctest
import importlib
import pkgutil

import pytest

from prefstream.domain import aggregation

MODULES = sorted(module.name for module in pkgutil.iter_modules(aggregation.__path__))


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_docstrings_are_true(name: str) -> None:
    module = importlib.import_module(f"{aggregation.__name__}.{name}")

    assert doctest.testmod(module).failed == 0
