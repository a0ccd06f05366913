from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh.commit_token import MAX_INSTANCES, MAX_LENGTH, MAX_REVISION, decode_commit_token, encode_commit_token
from mesh.errors import InvalidField

COMMITS = st.dictionaries(st.uuids().map(str), st.integers(1, MAX_REVISION), max_size=MAX_INSTANCES)


@given(COMMITS)
def test_tokens_tell_what_they_were_made_of(commits: dict[str, int]) -> None:
    token = encode_commit_token(commits.items())
    assert len(token) <= MAX_LENGTH
    assert (decode_commit_token(token) if commits else token) == (commits or "")


def test_a_token_names_so_many_instances_at_most() -> None:
    commits = [(f"00000000-0000-7000-8000-{number:012x}", MAX_REVISION) for number in range(1000)]
    token = encode_commit_token(commits)
    assert decode_commit_token(token) == dict(commits[:MAX_INSTANCES])
    assert len(token) <= MAX_LENGTH


def test_of_one_instance_the_last_revision_counts() -> None:
    instance = "00000000-0000-7000-8000-000000000000"
    assert decode_commit_token(encode_commit_token([(instance, 7), (instance, 5)])) == {instance: 7}


def _token(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "not a token",
        "ü",
        _token(b"\x01"),
        _token(b"\x02" + bytes(16) + b"\x01"),
        _token(b"\x01" + bytes(15)),
        _token(b"\x01" + bytes(16)),
        _token(b"\x01" + bytes(16) + b"\x00"),
        _token(b"\x01" + bytes(16) + b"\x80"),
        _token(b"\x01" + bytes(16) + b"\xff" * 12 + b"\x01"),
        _token(b"\x01" + (bytes(16) + b"\x01") * 200),
    ],
)
def test_what_the_engine_never_gave_is_refused(token: str) -> None:
    with pytest.raises(InvalidField) as refused:
        decode_commit_token(token)
    assert refused.value.reason == "COMMIT_TOKEN_INVALID"


@given(st.text(max_size=40))
def test_no_text_breaks_the_reader(text: str) -> None:
    try:
        decode_commit_token(text)
    except InvalidField:
        return
