"""A call is named by what it asks, so that asking again finds the recorded answer."""

import pytest

from prefstream.schemas.calls import Call

REQUEST = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


def test_the_same_request_has_the_same_id_in_any_key_order() -> None:
    other = {"messages": [{"content": "hi", "role": "user"}], "model": "m"}
    assert (
        Call(provider="p", request=REQUEST).request_id
        == Call(provider="p", request=other, journalled=False).request_id
    )


@pytest.mark.parametrize(
    "call",
    [
        Call(provider="q", request=REQUEST),
        Call(provider="p", request=REQUEST | {"model": "n"}),
        Call(provider="p", request=REQUEST | {"seed": 1}),
        Call(provider="p", request={}),
    ],
)
def test_another_request_has_another_id(call: Call) -> None:
    assert call.request_id != Call(provider="p", request=REQUEST).request_id
