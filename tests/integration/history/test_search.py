"""Searches through the API, by the words of both databases and by those of a real search server."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import pytest
from flowmesh.history.v1 import history_query_service_pb2 as pb
from flowmesh.history.v1.history_pb2 import SearchHit

from history_svc.indexing import documents, places
from history_svc.indexing.documents import changed_records, records_behind
from history_svc.queries import search
from history_svc.storage.record_kinds import VARIABLE
from history_svc.storage.search_index import Change
from mesh.access.rows import ALL_ROWS, RowGrant, Rows
from mesh.db.database import Database
from tests.infrastructure.searching import Searched
from tests.unit.history.event_histories import Life


async def _search(stub: Any, query: str, **fields: Any) -> list[tuple[str, str]]:
    """All pages: kind and field of each hit."""
    request = pb.SearchHistoryRequest(query=query, **fields)
    found = []
    while True:
        answer = await stub.SearchHistory(request)
        found += [(SearchHit.Kind.Name(hit.kind).removeprefix("KIND_"), hit.field) for hit in answer.search_hits]
        if not answer.next_page_token:
            return found
        request.page_token = answer.next_page_token


async def _written(searched: Searched) -> Life:
    life = Life(business_key="Antrag 王芳-42", tenant_id="acme")
    life.start("ann", note="The Quick brown fox", deep={"a": ["采购合同审批", {"b": "zebra"}]}, amount=5)
    life.tell(
        "user_task_created",
        task_id=f"{life.id}.2",
        element_id="approve",
        name="部门经理审批",
        description="Straße ＦＵＬＬ width",
        category="urgent",
    )
    life.tell("comment_created", comment_id=f"{life.id}.3", user_id="bob", text="同意，流程继续 quick")
    life.tell("attachment_created", attachment_id=f"{life.id}.4", user_id="bob", name="发票 invoice.pdf")
    life.tell("incident_raised", incident_id=f"{life.id}.5", type="JOB_NO_RETRIES", message="connection refused")
    await searched.take(life.events)
    return life


async def test_words_are_found_wherever_they_stand(searched: Searched) -> None:
    await _written(searched)
    assert sorted(await _search(searched.stub, "quick")) == [("COMMENT", "text"), ("VARIABLE", "value")]
    assert await _search(searched.stub, "QUICK fox") == [("VARIABLE", "value")]
    assert await _search(searched.stub, "quick zebra") == []
    assert await _search(searched.stub, "zebra") == [("VARIABLE", "value")]
    assert await _search(searched.stub, "qui") == []
    assert await _search(searched.stub, '"brown fox"') == [("VARIABLE", "value")]
    assert await _search(searched.stub, '"fox brown"') == []
    assert await _search(searched.stub, "strasse full") == [("TASK", "description")]
    assert await _search(searched.stub, "urgent") == [("TASK", "category")]
    assert await _search(searched.stub, "invoice") == [("ATTACHMENT", "name")]
    assert await _search(searched.stub, "refused connection") == [("INCIDENT", "message")]
    assert await _search(searched.stub, "antrag 42") == [("PROCESS_INSTANCE", "business_key")]


async def test_chinese_words_are_found_by_any_part(searched: Searched) -> None:
    await _written(searched)
    both = [("TASK", "name"), ("VARIABLE", "value")]
    assert sorted(await _search(searched.stub, "审批")) == both
    assert sorted(await _search(searched.stub, "批")) == both
    assert await _search(searched.stub, "经理审批") == [("TASK", "name")]
    assert await _search(searched.stub, "合同审批") == [("VARIABLE", "value")]
    # The pairs of it are there, but not side by side.
    assert await _search(searched.stub, "审批合同") == []
    assert await _search(searched.stub, "王芳") == [("PROCESS_INSTANCE", "business_key")]
    assert await _search(searched.stub, "流程") == [("COMMENT", "text")]
    assert await _search(searched.stub, "发票 pdf") == [("ATTACHMENT", "name")]
    assert await _search(searched.stub, "退回") == []


async def test_searches_are_narrowed(searched: Searched) -> None:
    await _written(searched)
    assert await _search(searched.stub, "审批", kinds=[SearchHit.KIND_TASK]) == [("TASK", "name")]
    assert await _search(searched.stub, "审批", tenant_ids=["acme"], kinds=[SearchHit.KIND_TASK]) == [("TASK", "name")]
    assert await _search(searched.stub, "审批", tenant_ids=["other", ""]) == []
    assert await _search(searched.stub, "审批", process_definition_keys=["order"], kinds=[SearchHit.KIND_TASK]) == [
        ("TASK", "name")
    ]
    assert await _search(searched.stub, "审批", process_definition_keys=["another"]) == []
    for nothing in ("...", '"', "，。"):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await _search(searched.stub, nothing)
        assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT


async def test_what_a_record_has_lost_is_not_found(searched: Searched) -> None:
    life = await _written(searched)
    life.commit()
    life.set(note="slow")
    life.tell("user_task_updated", task_id=f"{life.id}.2", name="Look")
    life.tell("comment_deleted", comment_id=f"{life.id}.3")
    life.tell("variables_deleted", names=["deep"])
    await searched.take(life.events)
    assert await _search(searched.stub, "quick") == []
    assert await _search(searched.stub, "审批") == []
    assert await _search(searched.stub, "slow") == [("VARIABLE", "value")]


async def test_hits_come_newest_first_each_once(searched: Searched, monkeypatch: pytest.MonkeyPatch) -> None:
    events, ids = [], []
    for number in range(30):
        life = Life(business_key=f"common {number % 3}")
        life.start()
        events += life.events
        ids.append(life.id)
        await asyncio.sleep(0.002)
    await searched.take(events)
    for rare, read, looked_at, seconds in ((2_000, 2_000, 200, 10.0), (0, 4, 3, 10.0), (0, 4, 3, -1.0)):
        monkeypatch.setattr(search, "RARE", rare)
        monkeypatch.setattr(search, "READ_WORDS", read)
        monkeypatch.setattr(places, "PAGE", read)
        monkeypatch.setattr(search, "LOOKED_AT", looked_at)
        monkeypatch.setattr(search, "LOOKING_SECONDS", seconds)
        for query, expected in (("common", ids[::-1]), ("common 1", ids[1::3][::-1])):
            for size in (1, 7, 1000):
                request, found = pb.SearchHistoryRequest(query=query, page_size=size), []
                while True:
                    answer = await searched.stub.SearchHistory(request)
                    assert len(answer.search_hits) <= size
                    found += [hit.record_id for hit in answer.search_hits]
                    if not answer.next_page_token:
                        break
                    request.page_token = answer.next_page_token
                assert found == expected, (rare, query, size)


async def test_a_snippet_shows_where_it_was_found(searched: Searched) -> None:
    life = Life()
    life.start(text="x " * 500 + "needle" + " y" * 500)
    await searched.take(life.events)
    (hit,) = (await searched.stub.SearchHistory(pb.SearchHistoryRequest(query="needle"))).search_hits
    assert "needle" in hit.snippet
    assert len(hit.snippet) == 200
    assert hit.title == "text"


async def test_of_long_values_few_are_looked_at_in_one_go(
    searched: Searched, history: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    lives = [Life() for _ in range(9)]
    for number, life in enumerate(lives):
        life.start(rows=["needle", *(["x"] * (60_000 if number % 3 else 1))])
    await searched.take([event for life in lives for event in life.events])
    monkeypatch.setattr(search, "LOOKED_AT_BYTES", 500_000)
    monkeypatch.setattr(search, "LOOKING_SECONDS", -1.0)
    request = pb.SearchHistoryRequest(query="needle")
    pages: list[list[str]] = []
    while not pages or request.page_token:
        answer = await searched.stub.SearchHistory(request)
        pages.append([hit.process_instance_id for hit in answer.search_hits])
        request.page_token = answer.next_page_token
    assert [hit for page in pages for hit in page] == sorted((life.id for life in lives), reverse=True)
    # 240,000 bytes each: two of them, and the short ones between.
    assert [len(page) for page in pages] == [3, 3, 3]
    # So it is where a search server is told of them.
    monkeypatch.setattr(documents, "READ_BYTES", 500_000)
    _, records = await history.read(records_behind(VARIABLE, "", 500))
    ids = [record.record_id for record in records]
    assert len(ids) == 4
    _, rest = await history.read(records_behind(VARIABLE, ids[-1], 500))
    assert [record.process_definition_key for record in rest] == ["order"] * 3
    changes = [Change(record.record_id, VARIABLE, 1) for record in (*records, *rest)]
    _, read, found = await history.read(changed_records(changes))
    assert list(read) == changes[:4]
    assert [record.record_id for record in found] == ids


async def test_walls_stand(searched: Searched) -> None:
    """Each caller finds what is open to it, whoever keeps the words."""
    lives = {}
    for name, tenant, key in (
        ("ours", "acme", "review"),
        ("other process", "acme", "order"),
        ("theirs", "umbrella", "review"),
        ("nobody's", "", "reviews-late"),
    ):
        life = Life(business_key=f"wanted {name}", tenant_id=tenant, key=key)
        life.start("ann" if name == "ours" else "bob")
        lives[name] = life
    await searched.take([event for life in lives.values() for event in life.events])

    async def found(*grants: RowGrant, user_id: str = "") -> set[str]:
        return await searched.found("wanted", Rows(grants, user_id))

    acme = frozenset({"acme"})
    assert await searched.found("wanted", ALL_ROWS) == {f"wanted {name}" for name in lives}
    assert await found(RowGrant(acme)) == {"wanted ours", "wanted other process"}
    assert await found(RowGrant(frozenset({"umbrella", ""}))) == {"wanted theirs", "wanted nobody's"}
    assert await found(RowGrant(acme, ("order",))) == {"wanted other process"}
    assert await found(RowGrant(None, ("review*",))) == {"wanted ours", "wanted theirs", "wanted nobody's"}
    assert await found(RowGrant(acme, ("review",)), RowGrant(frozenset({"umbrella"}), ("rev*",))) == {
        "wanted ours",
        "wanted theirs",
    }
    assert await found(RowGrant(acme, involved_only=True), user_id="ann") == {"wanted ours"}
    assert await found(RowGrant(None, involved_only=True), user_id="bob") == {
        "wanted other process",
        "wanted theirs",
        "wanted nobody's",
    }
    assert await found(RowGrant(acme, involved_only=True), user_id="eve") == set()
    assert await found(RowGrant(acme, ())) == set()
    assert await found(RowGrant(frozenset())) == set()
    assert await found() == set()


async def test_what_was_told_late_and_twice_is_found_once(searched: Searched) -> None:
    life = Life(business_key="late")
    life.start(note="first words")
    life.tell("user_task_created", task_id=f"{life.id}.2", element_id="a", name="Old name")
    life.commit()
    life.set(note="second words")
    life.tell("user_task_updated", task_id=f"{life.id}.2", name="New name")
    life.commit()
    life.terminate("gone wrong")
    for event in [*life.events[::-1], *life.events]:
        await searched.take([event])
    assert await _search(searched.stub, "first") == []
    assert await _search(searched.stub, "old") == []
    assert await _search(searched.stub, "second words") == [("VARIABLE", "value")]
    assert await _search(searched.stub, "new name") == [("TASK", "name")]
    assert await _search(searched.stub, "gone") == [("PROCESS_INSTANCE", "end_reason")]


async def test_words_come_and_go_with_values(searched: Searched) -> None:
    life = Life()
    life.start(note=5, other="apple")
    await searched.take(life.events)
    for value, found in (("pear", True), (7, False), (None, False), (["deep", {"x": "pear"}], True)):
        life.commit()
        life.set(note=value)
        await searched.take(life.events)
        assert (await _search(searched.stub, "pear") == [("VARIABLE", "value")]) is found, value
    assert await _search(searched.stub, "apple") == [("VARIABLE", "value")]


async def test_long_texts_and_many_words_are_found_by_their_beginning(searched: Searched) -> None:
    life = Life()
    life.start(words=" ".join(f"w{number}" for number in range(700)), run="合同" * 1_500 + "审批" * 1_500)
    await searched.take(life.events)
    assert await _search(searched.stub, "w0 w500") == [("VARIABLE", "value")]
    assert await _search(searched.stub, "w600") == []
    assert await _search(searched.stub, "合同审批") == [("VARIABLE", "value")]
