"""Text is cut into the words by which it is found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from history_svc.queries.dialect import Dialect, literal_prefix
from history_svc.queries.search import parse_query
from history_svc.storage.words import (
    MAX_TEXT_CHARACTERS,
    MAX_WORD_CHARACTERS,
    MAX_WORDS,
    beginning_of,
    parts_of,
    plain,
    words_of,
)

TEXTS = st.text(alphabet="ab Z1-_审批流程。，éＡ\n", max_size=30)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ()),
        ("... ，。", ()),
        ("Approve the Order", ("approve", "the", "order")),
        ("B-42", ("b", "42")),
        ("审批", ("审", "批", "审批")),
        ("审批order流", ("审", "批", "审批", "order", "流")),
        ("ＦＵＬＬ Straße", ("full", "strasse")),
        ("one one", ("one",)),
    ],
)
def test_words(text: str, words: tuple[str, ...]) -> None:
    assert words_of(text) == words


def test_long_texts_are_found_by_their_beginning() -> None:
    assert words_of("x" * 100) == ("x" * MAX_WORD_CHARACTERS,)
    assert len(words_of(" ".join(f"word{number}" for number in range(2_000)))) == MAX_WORDS


@given(st.lists(st.integers(0, 3_000)))
def test_no_more_texts_are_asked_for_than_are_looked_into(lengths: list[int]) -> None:
    texts = ["x" * length for length in lengths]
    asked = iter(texts)
    assert beginning_of(asked) == "\n".join(texts)[:MAX_TEXT_CHARACTERS]
    assert sum(map(len, texts)) - sum(map(len, asked)) <= MAX_TEXT_CHARACTERS + 3_000


@given(TEXTS, st.integers(0, 29), st.integers(1, 10))
def test_what_is_taken_out_of_a_text_finds_it(text: str, start: int, length: int) -> None:
    """Any piece between the words' ends, and any piece of an unspaced run, leads to the text and is found in it."""
    piece = "".join(part for part in parts_of(plain(text))[start : start + 1])[:length]
    if piece and (piece in parts_of(plain(text)) or not piece.isascii()):
        wanted = parse_query(piece)
        assert wanted is not None
        if all(part in parts_of(plain(text)) for part in wanted.exact):
            assert set(wanted.words) <= set(words_of(text))
            assert wanted.found_in([plain(text)])


@pytest.mark.parametrize(
    ("query", "words", "exact", "within"),
    [
        ("Order 42", ("order", "42"), ("order", "42"), ()),
        ('"Order 42" x', ("order", "42", "x"), ("x",), ("order 42",)),
        ("审批流程", ("审批", "批流", "流程"), (), ("审批流程",)),
        ("批", ("批",), (), ("批",)),
        ("“审批 通过”", ("审批", "通过"), (), ("审批 通过",)),
    ],
)
def test_queries(query: str, words: tuple[str, ...], exact: tuple[str, ...], within: tuple[str, ...]) -> None:
    wanted = parse_query(query)
    assert wanted is not None
    assert (wanted.words, wanted.exact, wanted.within) == (words, exact, within)


def test_a_query_without_words_is_none() -> None:
    assert parse_query(' "" ... ') is None


@pytest.mark.parametrize(
    ("pattern", "prefix", "glob", "like"),
    [
        ("abc", "abc", "abc", "abc"),
        ("a%b_c", "a", "a*b?c", "a%b_c"),
        (r"100\%_", "100%", "100%?", "100!%_"),
        ("[*]?!", "[*]?!", "[[][*]][?]!", "[*]?!!"),
        ("\\", "\\", "\\", "\\"),
        ("", "", "", ""),
    ],
)
def test_patterns(pattern: str, prefix: str, glob: str, like: str) -> None:
    assert literal_prefix(pattern) == prefix
    assert Dialect(sqlite=True).like("c", pattern) == ("c GLOB ?", (glob,))
    assert Dialect(sqlite=False).like("c", pattern) == ("c LIKE ? ESCAPE '!'", (like,))
