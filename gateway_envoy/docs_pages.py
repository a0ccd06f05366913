"""The browsable OpenAPI page, out of Envoy's memory: its own file server is still work in progress."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gateway_envoy.caching import REVALIDATED, entity_tag
from gateway_envoy.headers import set_header
from gateway_envoy.rate_limiting import no_rate_limit
from gateway_envoy.settings import GatewaySettings
from gateway_envoy.transcoding import no_transcoding

PREFIX = "/api-docs"
_POLICY = "default-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'"
_CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
}


def docs_files(settings: GatewaySettings) -> dict[str, Path]:
    """Return the files by their paths; none where the settings name no OpenAPI document."""
    if settings.openapi is None:
        return {}
    folder = settings.static_folder / "api-docs"
    schema = settings.definition_schema
    return {
        PREFIX: folder / "index.html",
        f"{PREFIX}/": folder / "index.html",
        f"{PREFIX}/page.css": folder / "page.css",
        f"{PREFIX}/page.js": folder / "page.js",
        f"{PREFIX}/openapi.json": settings.openapi,
        **({} if schema is None else {f"{PREFIX}/process-definition.schema.json": schema}),
    }


def docs_routes(settings: GatewaySettings) -> list[dict[str, Any]]:
    """Return a route for each file. Envoy reads the files when it starts."""
    return [route for path, file in docs_files(settings).items() for route in _routes_of(path, file, settings)]


def _routes_of(path: str, file: Path, settings: GatewaySettings) -> Iterator[dict[str, Any]]:
    tag = entity_tag(file.read_bytes())
    common: dict[str, Any] = {
        "name": "api-docs",
        "response_headers_to_add": [
            set_header("content-security-policy", _POLICY),
            set_header("cache-control", REVALIDATED),
            set_header("etag", tag),
        ],
        "typed_per_filter_config": {**no_transcoding(), **no_rate_limit(settings)},
    }
    known = {"name": "if-none-match", "string_match": {"contains": tag}}
    yield {**common, "match": {"path": path, "headers": [known]}, "direct_response": {"status": 304}}
    content_type = set_header("content-type", _CONTENT_TYPES[file.suffix])
    yield {
        **common,
        "match": {"path": path},
        "direct_response": {"status": 200, "body": {"filename": str(file)}},
        "response_headers_to_add": [content_type, *common["response_headers_to_add"]],
    }


def largest_file(settings: GatewaySettings) -> int:
    """Return the size in bytes of the largest file; 0 where there is none. Raises `OSError` for a missing one."""
    return max((file.stat().st_size for file in docs_files(settings).values()), default=0)
