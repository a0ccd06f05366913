"""The search server: OpenSearch, or Elasticsearch, which answers the same calls.

An index has a document for each record with the words that it is found by, and none of its texts. Documents have the
versions of their records, and the server takes none that is older than what it has; so it does no harm that one is sent
twice, late, or by two processes.
"""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import orjson

from history_svc.indexing.address import SearchAddress
from history_svc.indexing.documents import Document
from history_svc.queries.search import HitKey, Narrowed, tenants_of
from mesh.access.rows import RowGrant, Rows
from mesh.logs import get_log

SEARCH_SECONDS: Final = 1.0
SEND_SECONDS: Final = 30.0
ADMIN_SECONDS: Final = 30.0
KEPT_DELETES: Final = "1h"
"""How long the server knows the version of a document that was removed."""
OLDEST_SECONDS: Final = 600.0
"""What was read longer ago is not sent: well before the server forgets what was removed meanwhile."""
_OK: Final = range(200, 300)
_NOT_FOUND: Final = 404
_CONFLICT: Final = 409
_TOO_MANY: Final = 429
_SERVER_ERRORS: Final = 500

_log = get_log(__name__)


class SearchServerAway(Exception):
    """The search server does not answer, or says that it cannot work now."""


class IndexMissing(Exception):
    """The search server has no such index."""


class SearchServer:
    """A search server, reached over HTTP."""

    def __init__(
        self, address: SearchAddress, ca_file: Path | None = None, *, search_seconds: float = SEARCH_SECONDS
    ) -> None:
        """`search_seconds`: how long a search may take before the server counts as away."""
        # Loaded where a search server is set: it takes a third of a second.
        from opensearchpy import AsyncOpenSearch, exceptions

        # What goes wrong is told by who asked.
        logging.getLogger("opensearch").setLevel(logging.CRITICAL)
        self.address = address
        self._errors = exceptions
        self._search_seconds = search_seconds
        self._client = AsyncOpenSearch(
            hosts=[
                {"host": host, "port": port, "use_ssl": address.tls, "url_prefix": address.path}
                for host, port in address.hosts
            ],
            http_auth=(address.user, address.password) if address.user else None,
            ssl_context=ssl.create_default_context(cafile=ca_file) if address.tls else None,
            max_retries=len(address.hosts) - 1,
            retry_on_timeout=False,
            timeout=SEND_SECONDS,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def create(self, name: str) -> None:
        """Make an index where it is not there. Raises `SearchServerAway`."""
        text = {"type": "keyword", "doc_values": False, "norms": False}
        body = {
            "settings": {
                "index": {
                    "number_of_shards": self.address.shards,
                    "auto_expand_replicas": "0-1",
                    "refresh_interval": "1s",
                    "gc_deletes": KEPT_DELETES,
                    # Documents lie in the order in which they are asked for, so that a page ends the search.
                    "sort.field": ["record", "kind"],
                    "sort.order": ["desc", "desc"],
                }
            },
            "mappings": {
                "dynamic": "strict",
                "_source": {"enabled": False},
                "properties": {
                    "record": {"type": "keyword"},
                    "kind": {"type": "byte"},
                    "tenant": text,
                    "definition": text,
                    "words": text,
                },
            },
            "aliases": {_inlet(name): {}},
        }
        try:
            await self._call("PUT", f"/{name}", body, seconds=ADMIN_SECONDS)
        except self._errors.RequestError as error:
            if error.error != "resource_already_exists_exception":
                raise SearchServerAway(f"the index {name} could not be made: {error}") from error

    async def remove(self, name: str) -> None:
        """Remove an index where it is there. Raises `SearchServerAway`."""
        try:
            await self._call("DELETE", f"/{name}", None, seconds=ADMIN_SECONDS)
        except IndexMissing:
            return

    async def refresh(self, name: str) -> None:
        """Let everything that was sent be found. Raises `SearchServerAway`, `IndexMissing`."""
        await self._call("POST", f"/{name}/_refresh", None, seconds=ADMIN_SECONDS)

    async def send(self, name: str, documents: Sequence[Document], read_at: float) -> int:
        """Tell an index of records whose rows were read at a time of `time.monotonic`; return how many it refused.

        What it refuses is logged and would be refused again. Raises `SearchServerAway`, `IndexMissing`.
        """
        if not documents:
            return 0
        lines: list[bytes] = []
        for document in documents:
            record = document.record
            about = {
                "_id": f"{record.kind}.{record.record_id}",
                "version": record.version,
                # What is equal is taken: it says the same.
                "version_type": "external_gte",
            }
            if not document.words:
                lines.append(orjson.dumps({"delete": about}))
                continue
            lines.append(orjson.dumps({"index": about}))
            fields = {
                "record": record.record_id,
                "kind": record.kind,
                "tenant": record.tenant_id,
                "definition": record.process_definition_key,
                "words": document.words,
            }
            lines.append(orjson.dumps(fields))
        body = b"\n".join((*lines, b""))
        if time.monotonic() - read_at > OLDEST_SECONDS:
            raise SearchServerAway("what was to be sent was read too long ago and is read again")
        # Without the alias the server would make an index of its own for a name that it does not know.
        answer = await self._call(
            "POST", f"/{_inlet(name)}/_bulk", body, {"require_alias": "true"}, seconds=SEND_SECONDS
        )
        return self._refused(name, answer) if answer["errors"] else 0

    def _refused(self, name: str, answer: Mapping[str, Any]) -> int:
        refused = 0
        for item in answer["items"]:
            (result,) = item.values()
            status, error = result["status"], result.get("error")
            if error is None or status == _CONFLICT:
                continue
            if status == _NOT_FOUND:
                raise IndexMissing(name)
            if status == _TOO_MANY or status >= _SERVER_ERRORS:
                raise SearchServerAway(f"{name}: {error.get('type')}: {error.get('reason')}")
            refused += 1
            _log.error("The search server refused a record", index=name, record=result["_id"], problem=str(error)[:500])
        return refused

    async def search(
        self, name: str, words: Sequence[str], narrowed: Narrowed, opened: Rows, after: HitKey | None, size: int
    ) -> list[HitKey]:
        """Return the records behind one that have all words, the greatest id first.

        Of walls those of tenants and definitions are kept here; who takes part is not known. Raises `SearchServerAway`,
        `IndexMissing`.
        """
        if not opened.grants:
            return []
        conditions: list[dict[str, Any]] = [{"term": {"words": word}} for word in words]
        if narrowed.kinds:
            conditions.append({"terms": {"kind": list(narrowed.kinds)}})
        tenants = tenants_of(narrowed, opened)
        if tenants is not None:
            conditions.append({"terms": {"tenant": list(tenants)}})
        if narrowed.process_definition_keys:
            conditions.append({"terms": {"definition": list(narrowed.process_definition_keys)}})
        if not opened.unrestricted:
            grants = [_of_grant(grant) for grant in opened.grants]
            conditions.append({"bool": {"should": grants, "minimum_should_match": 1}})
        body: dict[str, Any] = {
            "query": {"bool": {"filter": conditions}},
            "sort": [{"record": "desc"}, {"kind": "desc"}],
            "size": size,
            "_source": False,
            "track_total_hits": False,
        }
        if after is not None:
            body["search_after"] = list(after)
        answer = await self._call(
            "POST", f"/{name}/_search", body, {"allow_partial_search_results": "false"}, seconds=self._search_seconds
        )
        return [(hit["sort"][0], hit["sort"][1]) for hit in answer["hits"]["hits"]]

    async def _call(
        self, method: str, path: str, body: object, parameters: Mapping[str, str] | None = None, *, seconds: float
    ) -> Any:
        data = body if isinstance(body, bytes) or body is None else orjson.dumps(body)
        errors = self._errors
        try:
            return await self._client.transport.perform_request(
                method,
                path,
                params={"request_timeout": seconds, **(parameters or {})},
                body=data,
                headers={"content-type": "application/json"},
            )
        except errors.NotFoundError as error:
            raise IndexMissing(path) from error
        except errors.RequestError:
            raise
        except (errors.OpenSearchException, OSError) as error:
            # Also where the credentials are wrong: an operator has to see to it, and searches find another way.
            raise SearchServerAway(f"{type(error).__name__}: {error}") from error


def _inlet(name: str) -> str:
    """Return the alias by which an index is written."""
    return f"{name}-in"


def _of_grant(grant: RowGrant) -> dict[str, Any]:
    parts: list[dict[str, Any]] = []
    if grant.tenants is not None:
        parts.append({"terms": {"tenant": sorted(grant.tenants)}})
    if grant.keys is not None:
        exact = [key for key in grant.keys if not key.endswith("*")]
        patterns: list[dict[str, Any]] = [{"terms": {"definition": exact}}] if exact else []
        patterns += [{"prefix": {"definition": key[:-1]}} for key in grant.keys if key.endswith("*")]
        parts.append({"bool": {"should": patterns, "minimum_should_match": 1}} if patterns else {"match_none": {}})
    return {"bool": {"filter": parts}} if parts else {"match_all": {}}
