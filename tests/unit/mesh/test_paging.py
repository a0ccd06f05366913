from __future__ import annotations

import base64

import pytest
from flowmesh.history.v1 import history_service_pb2 as pb
from hypothesis import given
from hypothesis import strategies as st

from mesh.errors import InvalidField
from mesh.paging import decode_page_token, encode_page_token, page_size_of

Request = pb.ListHistoricProcessInstancesRequest


@given(st.text(st.characters(exclude_categories=["Cs"])), st.integers(-(2**63), 2**63 - 1))
def test_round_trip(text: str, number: int) -> None:
    token = encode_page_token(Request(business_key="b", page_size=10), (text, number, None))
    request = Request(business_key="b", page_size=20, page_token=token)
    assert decode_page_token(request, str, int, str) == (text, number, None)


def test_first_page() -> None:
    assert decode_page_token(Request(), str) is None


def test_page_size() -> None:
    assert page_size_of(Request()) == 50
    assert page_size_of(Request(), 20) == 20
    assert page_size_of(Request(page_size=7)) == 7


TOKEN = encode_page_token(Request(business_key="b"), ("k", 1))


def forged(key: bytes) -> str:
    from mesh.paging import _checksum

    return base64.urlsafe_b64encode(_checksum(Request(business_key="b"), key) + key).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "request_",
    [
        Request(business_key="c", page_token=TOKEN),
        pb.ListHistoricTasksRequest(page_token=TOKEN),
        pb.ListHistoricTasksRequest(page_token=encode_page_token(Request(), ("k", 1))),
        Request(business_key="b", page_token=TOKEN[:-2]),
        Request(business_key="b", page_token="x" + TOKEN[1:]),
        Request(business_key="b", page_token="?!"),
        Request(business_key="b", page_token="é"),
        Request(business_key="b", page_token="A"),
        Request(business_key="b", page_token=encode_page_token(Request(business_key="b"), ("k",))),
        Request(business_key="b", page_token=encode_page_token(Request(business_key="b"), (1, "k"))),
        Request(business_key="b", page_token=forged(b"{")),
        Request(business_key="b", page_token=forged(b'{"a":1}')),
        Request(business_key="b", page_token=forged(b'["k",true]')),
    ],
)
def test_foreign_and_damaged_tokens(request_: Request) -> None:
    with pytest.raises(InvalidField) as raised:
        decode_page_token(request_, str, int)
    assert raised.value.reason == "PAGE_TOKEN_INVALID"
    assert raised.value.violations[0].field == "page_token"
