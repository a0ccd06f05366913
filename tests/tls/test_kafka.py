"""Kafka by TLS: with certificates on both sides, and with a password by SCRAM or PLAIN."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from mesh.bus.kafka import KafkaBus
from mesh.bus.kafka_address import BadAddress, parse_address
from mesh.bus.port import BusError
from tests.bus.conftest import TOPICS
from tests.bus.reading import messages, take
from tests.infrastructure.kafka import (
    SASL_PASSWORD,
    SASL_USER,
    SCRAM_PASSWORD,
    KafkaBroker,
    KafkaTls,
    libraries,
    running_cluster,
    unavailable,
)
from tests.tls.connections import connections
from tests.tls.files import Certificates

pytestmark = [pytest.mark.kafka, pytest.mark.slow]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("kafka-tls"))


@pytest.fixture(scope="module")
def broker(authority: Certificates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    try:
        libraries()
    except RuntimeError as error:
        unavailable(str(error))
    issued = authority.authority.issue("kafka", ("127.0.0.1",))
    keystore = authority.folder / "keystore.pem"
    keystore.write_bytes(issued.key + issued.certificate)
    with running_cluster(tmp_path_factory.mktemp("kafka"), tls=KafkaTls(keystore, authority.ca)) as cluster:
        yield cluster.brokers[0]


@pytest.fixture
def certificate(authority: Certificates) -> str:
    own, key = authority.issue("engine")
    return f"certificate={own}&key={key}"


async def _works(url: str, prefix: str) -> None:
    """Make topics, publish and read, by every kind of client."""
    bus = await KafkaBus.open(parse_address(f"{url}&prefix={prefix}."))
    try:
        await bus.ensure_topics(TOPICS)
        await bus.publish(messages(10))
        assert len(await take(await bus.consumer("group", ["events"]), 10)) == 10
        assert sum(offset.lag for offset in await bus.group_offsets("group")) == 0
    finally:
        await bus.close()


async def _is_refused(url: str, port: int) -> None:
    with pytest.raises(BusError):
        await KafkaBus.open(parse_address(url))
    # TLS takes leave before it closes, and the loop of the test must not end before that.
    async with asyncio.timeout(20):
        while connections(port):
            await asyncio.sleep(0.02)


async def test_certificates_on_both_sides(broker: KafkaBroker, authority: Certificates, certificate: str) -> None:
    await _works(f"kafka://127.0.0.1:{broker.ssl_port}?security=SSL&ca={authority.ca}&{certificate}", "ssl")


@pytest.mark.parametrize(("mechanism", "password"), [("SCRAM-SHA-512", SCRAM_PASSWORD), ("PLAIN", SASL_PASSWORD)])
async def test_signing_in(broker: KafkaBroker, authority: Certificates, mechanism: str, password: str) -> None:
    place = f"127.0.0.1:{broker.sasl_ssl_port}?security=SASL_SSL&mechanism={mechanism}&ca={authority.ca}"
    await _works(f"kafka://{SASL_USER}:{quote(password)}@{place}", mechanism.lower())
    await _is_refused(f"kafka://{SASL_USER}:wrong@{place}", broker.sasl_ssl_port)


async def test_who_shows_no_certificate_does_not_get_in(broker: KafkaBroker, authority: Certificates) -> None:
    await _is_refused(f"kafka://127.0.0.1:{broker.ssl_port}?security=SSL&ca={authority.ca}", broker.ssl_port)


async def test_a_broker_that_is_another_is_not_used(
    broker: KafkaBroker, authority: Certificates, tmp_path: Path
) -> None:
    user = f"{SASL_USER}:{SCRAM_PASSWORD}"
    options = "security=SASL_SSL&mechanism=SCRAM-SHA-512"
    foreign = Certificates(tmp_path / "foreign")
    for host, ca in (("127.0.0.1", foreign.ca), ("localhost", authority.ca)):
        url = f"kafka://{user}@{host}:{broker.sasl_ssl_port}?{options}&ca={ca}"
        await _is_refused(url, broker.sasl_ssl_port)


async def test_plain_text_is_not_answered(broker: KafkaBroker) -> None:
    await _is_refused(f"kafka://127.0.0.1:{broker.ssl_port}", broker.ssl_port)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("security=SSL&ca=/nowhere.pem", "The file /nowhere.pem does not exist"),
        ("security=SSL&key=/a.pem", "certificate and key go together"),
        ("ca=/a.pem", "ca is for security=SSL or SASL_SSL, not PLAINTEXT"),
    ],
)
async def test_options_that_cannot_be(options: str, sentence: str) -> None:
    with pytest.raises(BadAddress) as refused:
        await KafkaBus.open(parse_address(f"kafka://127.0.0.1:1?{options}"))
    assert sentence in str(refused.value)
