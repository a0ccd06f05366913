"""A real OpenID provider for tests: oidc-provider on Node, fetched by npm into the tests' cache at the first use."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import hashlib
import json
import os
import re
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.infrastructure.mesh import free_ports

SOURCE = Path(__file__).parent / "oidc_provider"
CACHE = Path(__file__).parents[2] / ".cache" / "oidc-provider"
FETCH_SECONDS = 180.0
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


def _installed() -> Path:
    """Return the folder with the provider, fetched if need be. Raises RuntimeError where that cannot be done."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise RuntimeError("there is no node or no npm on this machine")
    wanted = (SOURCE / "package-lock.json").read_bytes()
    folder = CACHE / hashlib.sha256(wanted).hexdigest()[:16]
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            fresh = CACHE / "fresh"
            shutil.rmtree(fresh, ignore_errors=True)
            shutil.copytree(SOURCE, fresh, ignore=shutil.ignore_patterns("node_modules"))
            fetched = subprocess.run(
                ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"],
                cwd=fresh,
                capture_output=True,
                timeout=FETCH_SECONDS,
                text=True,
            )
            if fetched.returncode != 0:
                raise RuntimeError(f"npm could not fetch the provider:\n{fetched.stderr[-2000:]}")
            fresh.rename(folder)
        shutil.copy(SOURCE / "provider.js", folder)
    return folder


@contextlib.contextmanager
def _running(installed: Path, folder: Path) -> Iterator[OidcProvider]:
    (port,) = free_ports(1)
    users, log = folder / "users.json", folder / "provider.log"
    users.write_text("{}")
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["node", "provider.js", str(port), str(users)],
            cwd=installed,
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
        installed = _installed()
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        if os.environ.get("CI") == "true":
            pytest.fail(f"the OpenID provider is missing: {error}")
        pytest.skip(f"needs an OpenID provider: {error}")
    with _running(installed, tmp_path_factory.mktemp("oidc-provider")) as provider:
        yield provider
