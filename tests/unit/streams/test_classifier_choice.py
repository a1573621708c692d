"""Which classifier the settings name, and what follows from it."""

import pytest
from pydantic import SecretStr

from prefstream.adapters.settings import CurationSettings, PostgresSettings, Settings
from prefstream.agents.classification import ModelClassifier, OfflineClassifier
from prefstream.schemas.errors import BadInput
from prefstream.streams.panel import classifier_of
from prefstream.streams.places import find_places


def test_without_a_name_rules_decide_alone() -> None:
    assert classifier_of(CurationSettings()) is None


@pytest.mark.parametrize(
    ("name", "provider"), [("anthropic:claude-x", "anthropic"), ("openai:m:7b", "openai")]
)
def test_a_model_is_named_with_its_provider(name: str, provider: str) -> None:
    settings = CurationSettings(classifier=name, slices={"law": "contracts"})
    found = classifier_of(settings)
    assert isinstance(found, ModelClassifier)
    assert (found.provider, f"{found.provider}:{found.model}") == (provider, name)
    assert found.remote
    assert settings.asks_models


def test_the_offline_one_waits_for_nobody() -> None:
    settings = CurationSettings(classifier="offline")
    found = classifier_of(settings)
    assert isinstance(found, OfflineClassifier)
    assert not settings.asks_models


@pytest.mark.parametrize("name", ["claude", "anthropic", "anthropic:", "recorded:x", "offline:reader", ":"])
def test_a_name_that_is_none_is_refused_and_says_where_it_is_set(name: str) -> None:
    with pytest.raises(BadInput, match="PREFSTREAM_CURATION__CLASSIFIER"):
        classifier_of(CurationSettings(classifier=name))


def test_another_description_of_the_slices_is_another_classifier() -> None:
    one, other = (
        classifier_of(CurationSettings(classifier="openai:m", slices=slices))
        for slices in ({"law": "contracts"}, {"law": "courts"})
    )
    assert isinstance(one, ModelClassifier)
    assert isinstance(other, ModelClassifier)
    assert one.id != other.id
    assert one.id.startswith("openai:m#")


@pytest.mark.parametrize(("name", "classifying"), [("", False), ("offline", False), ("openai:m", True)])
def test_where_things_are_says_whether_curation_waits_for_a_model(name: str, classifying: bool) -> None:
    settings = Settings(
        postgres=PostgresSettings(dsn=SecretStr("postgresql://u@127.0.0.1:1/d")),
        curation=CurationSettings(classifier=name),
    )
    assert find_places(settings).classifying is classifying
