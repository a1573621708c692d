"""Topics, events and shared values fit each other."""

import importlib
import inspect
import pkgutil
from collections import Counter
from types import ModuleType

import pytest
from tests.factories import BUILDERS, one_of_each

from prefstream import schemas
from prefstream.schemas import errors, topics
from prefstream.schemas.envelope import Event
from prefstream.schemas.errors import BadInput, PrefstreamError, Unavailable, Undecodable
from prefstream.schemas.topics import EVENT_TYPES, TOPIC_OF, TOPICS
from prefstream.schemas.values import Preference, Verdict, preference_of

MODULES = [
    importlib.import_module(f"{schemas.__name__}.{module.name}")
    for module in pkgutil.iter_modules(schemas.__path__)
]


#: What the key "id" is; a protected set has one per part, which begins with the set's name.
FIELD_OF_ID = {
    "ConstitutionPublished": "constitution_id",
    "PolicyProposed": "policy_id",
    "PolicyPublished": "policy_id",
    "PolicySuperseded": "policy_id",
    "PolicyRevoked": "policy_id",
    "SamplingPlanPublished": "plan_id",
    "SamplingPlanRevoked": "plan_id",
    "SelectionPublished": "name",
    "ReliabilityPublished": "name",
    "ProtectedSetPublished": "name",
    "ProtectedSetRemoved": "name",
    "CheckPolicyPublished": "policy_id",
    "ContentErased": "id",
}


def defined_in(module: ModuleType) -> list[tuple[str, object]]:
    return [
        (name, thing)
        for name, thing in vars(module).items()
        if (inspect.isclass(thing) or inspect.isfunction(thing))
        and thing.__module__ == module.__name__
        and not name.startswith("_")
    ]


def every_event_defined() -> set[type[Event]]:
    found = [thing for module in MODULES for _, thing in defined_in(module)]
    return {thing for thing in found if isinstance(thing, type) and issubclass(thing, Event)} - {Event}


def test_every_event_type_has_exactly_one_topic() -> None:
    counts = Counter(event for spec in TOPICS for event in spec.events)
    assert set(counts) == every_event_defined()
    assert set(counts.values()) == {1}


def test_every_event_type_has_a_builder() -> None:
    assert set(BUILDERS) == every_event_defined()
    assert [type(event) for event in one_of_each()] == list(TOPIC_OF)


def test_every_event_says_its_own_name_and_a_version() -> None:
    for name, event in EVENT_TYPES.items():
        assert event.model_fields["type"].default == name
        assert event.model_fields["schema_version"].default >= 1


def test_every_topic_defined_is_listed_once_under_its_own_name() -> None:
    defined = [spec for spec in vars(topics).values() if isinstance(spec, topics.TopicSpec)]
    assert sorted(spec.name for spec in defined) == sorted(spec.name for spec in TOPICS)
    assert len({spec.name for spec in TOPICS}) == len(TOPICS)


def test_the_key_of_a_topic_is_the_subject_of_its_events() -> None:
    for event in one_of_each():
        key = TOPIC_OF[type(event)].key
        field = FIELD_OF_ID[event.type] if key == "id" else key
        assert getattr(event, field) == event.subject


def test_configuration_is_kept_for_ever_in_one_order() -> None:
    for spec in topics.CONFIGURATION:
        assert (spec.cleanup, spec.retention_ms, spec.partitions) == ("compact", -1, 1)


def test_events_are_frozen() -> None:
    for event in one_of_each():
        with pytest.raises(ValueError, match="frozen"):
            event.source = "another"  # type: ignore[misc]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_every_public_name_has_a_docstring(module: ModuleType) -> None:
    assert inspect.getdoc(module)
    for name, thing in defined_in(module):
        # Not inspect.getdoc: a class must not pass by its parent's words.
        assert thing.__doc__, f"{module.__name__}.{name}"
        if isinstance(thing, type):
            for member, function in vars(thing).items():
                if not member.startswith("_") and isinstance(function, property):
                    assert function.__doc__, f"{module.__name__}.{name}.{member}"


@pytest.mark.parametrize("preference", Preference)
def test_a_preference_and_its_margin_name_each_other(preference: Preference) -> None:
    assert preference_of(preference.margin) is preference
    assert preference.swapped.margin == -preference.margin
    assert preference.swapped.swapped is preference


def test_a_margin_off_the_scale_is_no_preference() -> None:
    with pytest.raises(KeyError):
        preference_of(3)


def test_unsure_and_both_bad_are_no_preference_and_no_tie() -> None:
    assert Verdict.UNSURE.preference is None
    assert Verdict.BOTH_BAD.preference is None
    assert [verdict.preference for verdict in Verdict][:5] == list(Preference)


def test_an_error_without_a_message_says_what_its_class_means() -> None:
    assert str(Undecodable()) == "These bytes are not an event that this version knows."
    assert str(Undecodable("a reason")) == "a reason"


def test_errors_end_a_command_with_the_code_of_their_kind() -> None:
    classes = [thing for _, thing in defined_in(errors) if isinstance(thing, type)]
    assert all(issubclass(one, PrefstreamError) for one in classes)
    assert {one.exit_code for one in (BadInput, Undecodable)} == {2}
    assert Unavailable.exit_code == 3
