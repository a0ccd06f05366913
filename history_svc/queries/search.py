"""Records by words in their texts, those of the newest instances first.

Words lead to records: the rarest one is read, in the order of the records' ids, which begin with those of their
instances and so with their time. A record may have lost a word since, and two neighbours may stand apart in it, so each
one is looked at before it is told. Walls are conditions of the queries, as everywhere.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

from history_svc.queries.narrowing import one_of
from history_svc.queries.searched_records import SOURCES, Source, fitting, sizes_of
from history_svc.storage.layout import WORD_TABLE
from history_svc.storage.words import is_run, parts_of, plain, words_of_part
from mesh.access.row_conditions import row_condition
from mesh.access.rows import Rows
from mesh.db.statements import Fetch, Program, Row

T = TypeVar("T")

LOOKED_AT: Final = 50
"""So many records are looked at in one go. How long their texts are tells SQLite only by reading them."""
LOOKED_AT_BYTES: Final = 1 << 20
"""So many bytes of long texts are looked at in one go: some 10 ms, in which others wait."""
READ_WORDS: Final = 2_000
"""So many places of a word are read in one go."""
RARE: Final = 2_000
LOOKING_SECONDS: Final = 0.1
"""After which time a page that is not full is answered as it is."""
SNIPPET_CHARACTERS: Final = 200
_BEFORE: Final = 60
MAX_WORDS: Final = 24

HitKey = tuple[str, int]
"""Record and kind: the place of a hit among all of them."""


@dataclass(slots=True, frozen=True)
class Wanted:
    """What a search looks for.

    `words` lead to the records; in one of them `exact` have to stand as words, and `within` as they are.
    """

    words: tuple[str, ...]
    exact: tuple[str, ...]
    within: tuple[str, ...]

    def found_in(self, texts: Sequence[str]) -> bool:
        """Tell whether a record with these plain texts has it all."""
        parts = {part for text in texts for part in parts_of(text)} if self.exact else set()
        return all(word in parts for word in self.exact) and all(
            any(piece in text for text in texts) for piece in self.within
        )

    @property
    def first(self) -> str:
        """What a snippet is made around."""
        return (*self.within, *self.exact)[0]


@dataclass(slots=True, frozen=True)
class Narrowed:
    """Which records are looked for: of these kinds, tenants and definitions; empty for all."""

    kinds: tuple[int, ...] = ()
    tenant_ids: tuple[str, ...] = ()
    process_definition_keys: tuple[str, ...] = ()


@dataclass(slots=True, frozen=True)
class Hit:
    """A record that was found."""

    kind: int
    record_id: str
    process_instance_id: str
    process_definition_key: str
    tenant_id: str
    title: str
    field: str
    snippet: str


class Read(Protocol):
    """Reads the database."""

    async def __call__(self, program: Program[T]) -> T:
        """Run a program that reads."""


class Places(Protocol):
    """Where words are kept: which records have them all, or had."""

    async def read(
        self, words: Sequence[str], narrowed: Narrowed, opened: Rows, after: HitKey | None
    ) -> tuple[list[HitKey], HitKey | None]:
        """Read some of the records behind one, the greatest id first; and where to go on, None at the end.

        Among them are all that are open to a call and are looked for, and there may be others.
        """


def parse_query(text: str) -> Wanted | None:
    """Return what a search looks for, None where there is no word in it."""
    words: dict[str, None] = {}
    exact: dict[str, None] = {}
    within: dict[str, None] = {}
    for place, piece in enumerate(re.split(r'["“”„«»]', plain(text))):
        quoted = place % 2 == 1
        parts = parts_of(piece)
        if quoted and parts:
            within[piece.strip()] = None
        for part in parts:
            words.update(dict.fromkeys(_telling(part)))
            if not quoted:
                (within if is_run(part) else exact)[part] = None
    if not words:
        return None
    return Wanted(tuple(words)[:MAX_WORDS], tuple(exact), tuple(within))


def _telling(part: str) -> list[str]:
    """Return the words that lead to a part: of a run its pairs, which are rarer than its characters."""
    words = words_of_part(part)
    return words[len(part) :] if is_run(part) and len(part) > 1 else words


async def search(
    places: Places, read: Read, wanted: Wanted, narrowed: Narrowed, opened: Rows, after: HitKey | None, size: int
) -> tuple[list[Hit], HitKey | None]:
    """Return records that have it all, at most `size`, and where to go on, None at the end."""
    hits: list[Hit] = []
    deadline = time.monotonic() + LOOKING_SECONDS
    while True:
        keys, end = await places.read(wanted.words, narrowed, opened, after)
        sizes: dict[HitKey, int] = {}
        start = sized = 0
        while start < len(keys):
            if start == sized:
                sized += LOOKED_AT
                sizes = await read(sizes_of(keys[start:sized]))
            count = fitting([sizes.get(key, 0) for key in keys[start:sized]], LOOKED_AT_BYTES)
            part = keys[start : start + count]
            found = await read(_look_at(part, wanted, narrowed, opened))
            start += count
            for key in part:
                hit = found.get(key)
                if hit is not None:
                    if len(hits) == size:
                        return hits, _key(hits[-1])
                    hits.append(hit)
            after = part[-1]
            if time.monotonic() >= deadline and (start < len(keys) or end is not None):
                return hits, after
        if end is None:
            return hits, None
        if time.monotonic() >= deadline:
            return hits, end
        after = end


def _key(hit: Hit) -> HitKey:
    return hit.record_id, hit.kind


def tenants_of(narrowed: Narrowed, opened: Rows) -> tuple[str, ...] | None:
    """Return the tenants in which something can be found, None for all."""
    opened_tenants: set[str] | None = None
    if all(grant.tenants is not None for grant in opened.grants):
        opened_tenants = {tenant for grant in opened.grants for tenant in grant.tenants or ()}
    if narrowed.tenant_ids:
        wanted = set(narrowed.tenant_ids)
        return tuple(sorted(wanted if opened_tenants is None else wanted & opened_tenants))
    return None if opened_tenants is None else tuple(sorted(opened_tenants))


class WordTable:
    """Words kept in a table of the service's own database."""

    def __init__(self, read: Read) -> None:
        self._read = read

    async def read(
        self, words: Sequence[str], narrowed: Narrowed, opened: Rows, after: HitKey | None
    ) -> tuple[list[HitKey], HitKey | None]:
        """See `Places.read`."""
        tenants = tenants_of(narrowed, opened)
        if tenants is not None and not tenants:
            return [], None
        return await self._read(self._places(words, narrowed.kinds, tenants, after))

    def _places(
        self, words: Sequence[str], kinds: Sequence[int], tenants: Sequence[str] | None, after: HitKey | None
    ) -> Program[tuple[list[HitKey], HitKey | None]]:
        leading, rare = yield from self._rarest(words)
        conditions, values = ["w.word=?"], list[Any]([leading])
        if after is not None:
            conditions.append("w.record_id<=? AND (w.record_id<? OR w.kind<?)")
            values += [after[0], after[0], after[1]]
        end: Row | None = None
        if not rare:
            ends: list[Row] = yield Fetch(
                f"SELECT w.record_id,w.kind FROM {WORD_TABLE} w WHERE {' AND '.join(conditions)} "
                f"ORDER BY w.record_id DESC,w.kind DESC LIMIT 1 OFFSET {READ_WORDS - 1}",
                tuple(values),
            )
            if ends:
                end = ends[0]
                conditions.append("w.record_id>=? AND (w.record_id>? OR w.kind>=?)")
                values += [end[0], end[0], end[1]]
        if kinds:
            sql, found = one_of("w.kind", tuple(kinds))
            conditions.append(sql)
            values += found
        if tenants is not None:
            sql, found = one_of("w.tenant_id", tuple(tenants))
            conditions.append(sql)
            values += found
        for word in words:
            if word != leading:
                conditions.append(
                    f"EXISTS(SELECT 1 FROM {WORD_TABLE} o WHERE o.word=? AND o.record_id=w.record_id AND o.kind=w.kind)"
                )
                values.append(word)
        rows: list[Row] = yield Fetch(
            f"SELECT /*! STRAIGHT_JOIN */ w.record_id,w.kind FROM {WORD_TABLE} w WHERE {' AND '.join(conditions)} "
            "ORDER BY w.record_id DESC,w.kind DESC LIMIT ?",
            (*values, READ_WORDS),
        )
        return [(row[0], row[1]) for row in rows], None if end is None else (end[0], end[1])

    def _rarest(self, words: Sequence[str]) -> Program[tuple[str, bool]]:
        """Return the word in the fewest records, and whether these are few."""
        best, least, rare = words[0], RARE + 1, False
        for word in words:
            counted: list[Row] = yield Fetch(
                f"SELECT COUNT(*) FROM (SELECT 1 FROM {WORD_TABLE} WHERE word=? LIMIT ?) some", (word, least)
            )
            count = counted[0][0] if counted else 0
            if count < least:
                best, least, rare = word, count, True
                if not count:
                    break
        return best, rare


def _look_at(keys: Sequence[HitKey], wanted: Wanted, narrowed: Narrowed, opened: Rows) -> Program[dict[HitKey, Hit]]:
    """Return those of some records that are open to a call and have it all."""
    found: dict[HitKey, Hit] = {}
    by_kind: dict[int, list[str]] = {}
    for record_id, kind in keys:
        by_kind.setdefault(kind, []).append(record_id)
    for kind, ids in by_kind.items():
        source = SOURCES[kind]
        listed, values = one_of(f"{source.table}.id", tuple(ids))
        conditions, parameters = [listed, source.extra], [*values]
        if narrowed.process_definition_keys:
            sql, keys_asked = one_of("process_definition_key", narrowed.process_definition_keys)
            conditions.append(sql)
            parameters += keys_asked
        wall = row_condition(opened, "tenant_id", "process_definition_key", source.open_to(opened))
        if wall is not None:
            conditions.append(wall[0])
            parameters += wall[1]
        columns = ("id", source.instance_id, "process_definition_key", "tenant_id", source.title)
        rows: list[Row] = yield Fetch(
            f"SELECT {','.join((*columns, *source.texts.values()))} FROM {source.table} "
            f"WHERE {' AND '.join(conditions)}",
            parameters,
        )
        for row in rows:
            hit = _hit(kind, source, row, wanted)
            if hit is not None:
                found[hit.record_id, kind] = hit
    return found


def _hit(kind: int, source: Source, row: Row, wanted: Wanted) -> Hit | None:
    texts = [source.read(value) for value in row[5:]]
    plain_texts = [plain(text) for text in texts]
    if not wanted.found_in(plain_texts):
        return None
    place = next((place for place, text in enumerate(plain_texts) if wanted.first in text), 0)
    return Hit(
        kind,
        row[0],
        row[1],
        row[2],
        row[3],
        row[4],
        list(source.texts)[place],
        _snippet(texts[place], plain_texts[place], wanted.first),
    )


def _snippet(text: str, plain_text: str, piece: str) -> str:
    """Return the text around a piece; by the plain text, whose places are nearly the same."""
    start = min(max(0, plain_text.find(piece) - _BEFORE), max(0, len(text) - SNIPPET_CHARACTERS))
    return text[start : start + SNIPPET_CHARACTERS]
