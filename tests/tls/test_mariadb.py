"""MariaDB by TLS, with a server that takes no other connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine_svc.storage import migrations
from launcher.backups import _connect, _execute, _load, _program
from launcher.certificates import Authority
from launcher.distributed.prepare import ensure_database
from mesh.db.database import DatabaseRefused, DatabaseUnavailable
from mesh.db.mariadb_address import parse_mariadb_url
from mesh.db.schema import ensure_schema, open_database
from mesh.db.statements import Fetch, fetch
from mesh.startup import StartupError
from tests.infrastructure.mariadb import MariadbServer, running_mariadb
from tests.tls.files import Certificates

pytestmark = pytest.mark.mariadb

Url = Callable[..., str]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("mariadb-tls"))


@pytest.fixture(scope="module")
def server(authority: Certificates) -> Iterator[MariadbServer]:
    certificate, key = authority.issue("mariadb", ("127.0.0.1",))
    options = [f"--ssl-ca={authority.ca}", f"--ssl-cert={certificate}", f"--ssl-key={key}"]
    with running_mariadb(*options) as running:
        running.execute("CREATE USER 'secret'@'%' IDENTIFIED BY 'p@ss' REQUIRE SSL")
        running.execute("GRANT ALL ON *.* TO 'secret'@'%'")
        running.execute("CREATE USER 'known'@'%' REQUIRE X509")
        running.execute("GRANT ALL ON *.* TO 'known'@'%'")
        yield running


@pytest.fixture
def url(server: MariadbServer) -> Iterator[Url]:
    with server.database() as name:

        def made(*options: str, user: str = "secret:p%40ss", host: str = "127.0.0.1") -> str:
            return f"mariadb://{user}@{host}:{server.port}/{name}" + (f"?{'&'.join(options)}" if options else "")

        yield made


async def cipher_of(url: str) -> str:
    """How a database is talked to; empty without TLS."""
    database = await open_database(url)
    try:
        rows = await database.read(fetch(Fetch("SHOW STATUS LIKE 'Ssl_cipher'")))
    finally:
        await database.close()
    return str(rows[0][1])


async def test_what_is_sent_is_encrypted(url: Url, authority: Certificates) -> None:
    assert await cipher_of(url(f"ca={authority.ca}"))
    assert not await cipher_of(url(user="root"))
    with pytest.raises(DatabaseRefused, match="Access denied"):
        await cipher_of(url())


async def test_a_server_that_is_another_is_not_talked_to(url: Url, tmp_path: Path, authority: Certificates) -> None:
    foreign = Certificates(tmp_path / "foreign")
    with pytest.raises(DatabaseUnavailable, match=r"(?i)certificate verify failed"):
        await cipher_of(url(f"ca={foreign.ca}"))
    with pytest.raises(DatabaseUnavailable, match=r"(?i)certificate verify failed"):
        await cipher_of(url("tls=on"))
    with pytest.raises(DatabaseUnavailable, match=r"(?i)certificate verify failed.*mismatch"):
        await cipher_of(url(f"ca={authority.ca}", host="localhost"))


async def test_a_server_without_tls_gets_no_password(mariadb_server: MariadbServer, authority: Certificates) -> None:
    with mariadb_server.database() as name, pytest.raises(DatabaseUnavailable):
        await cipher_of(mariadb_server.url(name) + f"?ca={authority.ca}")


async def test_a_certificate_of_ones_own(url: Url, authority: Certificates) -> None:
    certificate, key = authority.issue("engine")
    files = (f"ca={authority.ca}", f"certificate={certificate}", f"key={key}")
    assert await cipher_of(url(*files, user="known"))
    with pytest.raises(DatabaseRefused, match="Access denied"):
        await cipher_of(url(files[0], user="known"))
    authority.write("stranger", Authority.new().issue("stranger"))
    strange, strange_key = authority.pair("stranger")
    with pytest.raises(DatabaseUnavailable):
        await cipher_of(url(files[0], f"certificate={strange}", f"key={strange_key}", user="known"))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["ca=/nowhere.pem"], "The file /nowhere.pem does not exist: TLS needs it."),
        (["certificate=/a.pem"], "certificate and key go together"),
        (["ssl_ca=/a.pem"], "knows no option 'ssl_ca'; it knows tls, ca, certificate, key"),
        (["tls=yes"], "tls in the URL of a MariaDB database is on or off, not 'yes'"),
        (["tls=off", "ca=/a.pem"], "tls=off in the URL"),
    ],
)
async def test_options_that_cannot_be(options: list[str], sentence: str) -> None:
    url = f"mariadb://u:geheim@127.0.0.1:1/x?{'&'.join(options)}"
    with pytest.raises(DatabaseRefused) as refused:
        await cipher_of(url)
    assert sentence in str(refused.value)
    assert "geheim" not in str(refused.value)
    with pytest.raises(StartupError, match=r"^--database "):
        await asyncio.to_thread(ensure_database, url)


def test_addresses() -> None:
    assert not parse_mariadb_url("mariadb://u@h/d").tls
    assert not parse_mariadb_url("mariadb://u@h/d?tls=off").tls
    assert parse_mariadb_url("mariadb://u@h/d?tls=on").tls
    assert parse_mariadb_url("mariadb://u@h/d?ca=%2Fa%20b.pem").ca == "/a b.pem"


async def test_databases_are_made_migrated_and_backed_up_by_tls(
    url: Url, server: MariadbServer, authority: Certificates, tmp_path: Path
) -> None:
    encrypted = url(f"ca={authority.ca}")
    name = parse_mariadb_url(encrypted).database
    server.execute(f"DROP DATABASE {name}")
    await asyncio.to_thread(ensure_database, encrypted)
    await ensure_schema(encrypted, migrations.__name__, migrations.HEAD)
    connection = _connect(encrypted)
    assert _execute(connection, "SHOW STATUS LIKE 'Ssl_cipher'")[0][1]
    assert ("outbox",) in _execute(connection, "SHOW TABLES")
    connection.close()
    await _dump_and_load(encrypted, tmp_path)


async def _dump_and_load(url: str, folder: Path) -> Any:
    """With the client programs, which take options of their own."""
    import gzip
    import subprocess

    from launcher.backups import _client_options

    arguments, environment, name = _client_options(url)
    dumped = await asyncio.to_thread(
        subprocess.run,
        [_program("mariadb-dump", "mysqldump"), *arguments, "--no-data", name],
        env=environment,
        capture_output=True,
        check=False,
    )
    assert dumped.returncode == 0, dumped.stderr
    assert b"CREATE TABLE `outbox`" in dumped.stdout
    file = folder / "engine.sql.gz"
    file.write_bytes(gzip.compress(dumped.stdout))
    await _load(_program("mariadb", "mysql"), file, url)
