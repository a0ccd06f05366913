"""A real OpenID provider for tests: oidc-provider on Node, fetched by npm into the tests' cache at the first use."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import re
import secrets
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.infrastructure.mesh import free_ports
from tests.infrastructure.npm import installed

SOURCE = Path(__file__).parent / "oidc_provider"
START_SECONDS = 30.0
CALLBACK = "http://127.0.0.1:1/callback"
CLIENT = "flowmesh"
OTHER_CLIENT = "another-service"


@dataclass(slots=True)
class OidcProvider:
    """A running provider. `users`: claims by the name that is typed at its sign-in page."""

    issuer: str
    users_file: Path

    def set_users(self, **users: dict[str, Any]) -> None:
        """Say who there is, from now on."""
        self.users_file.write_text(json.dumps(users))

    def id_token(self, user: str, client: str = CLIENT) -> str:
        """Sign in as people do, with a browser (authorization code flow with PKCE); return the ID token."""
        verifier = secrets.token_urlsafe(48)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        with httpx.Client(base_url=self.issuer) as browser:
            answer = browser.get(
                "/auth",
                params={
                    "client_id": client,
                    "response_type": "code",
                    "redirect_uri": CALLBACK,
                    "scope": "openid",
                    "code_challenge": challenge,
                    "code_challenge_method": "S256",
                },
            )
            while not (location := answer.headers.get("location", "")).startswith(CALLBACK):
                answer = browser.get(location) if location else _submitted(browser, answer.text, user)
            answer = browser.post(
                "/token",
                data={
                    "grant_type": "authorization_code",
                    "code": httpx.URL(location).params["code"],
                    "redirect_uri": CALLBACK,
                    "code_verifier": verifier,
                },
                auth=(client, f"secret-of-{client}"),
            )
            token: str = answer.json()["id_token"]
            return token


def _submitted(browser: httpx.Client, page: str, user: str) -> httpx.Response:
    action, prompt = re.search(r'action="([^"]*)"', page), re.search(r'name="prompt" value="([^"]*)"', page)
    assert action is not None, page
    assert prompt is not None, page
    return browser.post(action[1], data={"prompt": prompt[1], "login": user, "password": "any"})


@contextlib.contextmanager
def _running(provider_folder: Path, folder: Path) -> Iterator[OidcProvider]:
    (port,) = free_ports(1)
    users, log = folder / "users.json", folder / "provider.log"
    users.write_text("{}")
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["node", "provider.js", str(port), str(users)],
            cwd=provider_folder,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        provider = OidcProvider(f"http://127.0.0.1:{port}", users)
        deadline = time.monotonic() + START_SECONDS
        while not _answers(provider.issuer):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the provider did not start:\n{log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.05)
        yield provider
    finally:
        process.kill()
        process.wait()


def _answers(issuer: str) -> bool:
    try:
        return httpx.get(f"{issuer}/.well-known/openid-configuration", timeout=1).status_code == 200
    except httpx.HTTPError:
        return False


@pytest.fixture(scope="session")
def oidc_provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OidcProvider]:
    """Give a running provider; skip where it cannot be had."""
    try:
        folder = installed(SOURCE, "oidc-provider", "provider.js")
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        if os.environ.get("CI") == "true":
            pytest.fail(f"the OpenID provider is missing: {error}")
        pytest.skip(f"needs an OpenID provider: {error}")
    with _running(folder, tmp_path_factory.mktemp("oidc-provider")) as provider:
        yield provider
