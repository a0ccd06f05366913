"""The process that migrates databases: `python -m mesh.db.migrate PACKAGE HEAD …`, their URLs on standard input.

Each URL is a line; they are migrated one after the other, up to the first that fails. The process holds a lock while it
works, so that processes that start at once take turns, and so that a migration whose starter died is not joined by a
second one. On failure it writes one sentence to standard output and exits with 1, or with `UNREADY` where another try
may do better.
Each migration is one transaction together with the version it leads to on SQLite. MariaDB commits every DDL
statement by itself: migrations must be written so that they can be run again after they broke off.
"""

from __future__ import annotations

import contextlib
import fcntl
import sys
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import IO, Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from mesh.db.mariadb_address import OPTIONS, parse_mariadb_url
from mesh.db.schema import UNREADY, SchemaError, SchemaUnready, sqlite_path

LOCK_SECONDS = 5
"""How long a process waits for another one's migration before its starter is told so."""
LOST_CONNECTION = frozenset({2002, 2003, 2006, 2013, 1053, 1927, 4031})
_OTHER = "another process is migrating the database"


def migrate(database_url: str, migrations: str, head: str) -> None:
    """Run the migrations of a package up to `head`. Raises `SchemaError`, `SchemaUnready`."""
    script = _script_directory(migrations)
    if script.get_current_head() != head:
        raise SchemaError(
            f"the code wants version {head} of the database, but the newest migration of {migrations} is "
            f"{script.get_current_head()}"
        )
    engine = _engine(database_url)
    try:
        with _lock(database_url, engine), engine.connect() as connection:
            _refuse_newer(connection, script)
            _upgrade(connection, script, head)
    except OperationalError as error:
        number = error.orig.args[0] if error.orig is not None and error.orig.args else 0
        kind = SchemaUnready if number in LOST_CONNECTION else SchemaError
        raise kind(f"the database could not be migrated to version {head}: {error}") from error
    except (SQLAlchemyError, CommandError, OSError) as error:
        raise SchemaError(f"the database could not be migrated to version {head}: {error}") from error
    finally:
        engine.dispose()


def _script_directory(migrations: str) -> ScriptDirectory:
    package = import_module(migrations)
    folder = Path(next(iter(package.__path__)))
    return ScriptDirectory(str(folder), version_locations=[str(folder / "versions")])


def _engine(database_url: str) -> Engine:
    path = sqlite_path(database_url)
    if path is None:
        url = make_url(database_url).set(drivername="mysql+pymysql").difference_update_query(OPTIONS)
        context = parse_mariadb_url(database_url).context()
        return create_engine(url, connect_args={} if context is None else {"ssl": context})
    engine = create_engine(f"sqlite:///{path}")

    # Left to itself the driver commits before every DDL statement.
    @event.listens_for(engine, "connect")
    def _take_over_transactions(connection: Any, _: Any) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA busy_timeout=60000")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


@contextlib.contextmanager
def _lock(database_url: str, engine: Engine) -> Iterator[None]:
    path = sqlite_path(database_url)
    if path is not None:
        # The system frees the lock where the process dies.
        with path.with_name(f"{path.name}.migrating").open("w") as handle:
            _lock_file(handle)
            yield
        return
    # The server frees the lock where the connection breaks.
    with engine.connect() as connection:
        name = f"flowmesh-schema-{make_url(database_url).database}"[:64]
        taken = connection.execute(text("SELECT GET_LOCK(:name, :seconds)"), {"name": name, "seconds": LOCK_SECONDS})
        if taken.scalar() != 1:
            raise SchemaUnready(_OTHER)
        yield


def _lock_file(handle: IO[str]) -> None:
    end = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                raise SchemaUnready(_OTHER) from None
            time.sleep(0.02)
        else:
            return


def _refuse_newer(connection: Connection, script: ScriptDirectory) -> None:
    with connection.begin():
        stored = MigrationContext.configure(connection).get_current_heads()
    known = {revision.revision for revision in script.walk_revisions()}
    for version in stored:
        if version not in known:
            raise SchemaError(
                f"the database has version {version}, which this release does not know (it ends at "
                f"{script.get_current_head()}): it was written by a newer release; start that one"
            )


def _upgrade(connection: Connection, script: ScriptDirectory, head: str) -> None:
    def steps(revision: Any, _: MigrationContext) -> list[RevisionStep]:
        return list(script._upgrade_revs(head, revision))

    with EnvironmentContext(Config(), script, fn=steps, destination_rev=head) as environment:
        environment.configure(
            connection=connection,
            transactional_ddl=connection.dialect.name == "sqlite",
            transaction_per_migration=True,
        )
        with environment.begin_transaction():
            environment.run_migrations()


def main() -> int:
    """Run the migrations that the command line names; return the exit code."""
    urls = sys.stdin.read().strip().splitlines()
    try:
        for url, migrations, head in zip(urls, sys.argv[1::2], sys.argv[2::2], strict=True):
            migrate(url, migrations, head)
    except SchemaError as error:
        sys.stdout.write(f"{error}\n")
        return UNREADY if isinstance(error, SchemaUnready) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
