"""The URL of a Kafka bus."""

from __future__ import annotations

import ssl

import pytest

from mesh.bus.kafka_address import BadAddress, KafkaAddress, parse_address
from mesh.bus.kafka_records import key_hash
from mesh.bus.opening import expected_copies, open_bus
from mesh.bus.port import BusError


def test_everything_that_can_be_said() -> None:
    assert parse_address("kafka://a:9092,[::1]:9093/?replication=3&min_insync=2&prefix=blue.") == KafkaAddress(
        ("a:9092", "[::1]:9093"), 3, 2, "blue."
    )
    assert parse_address("kafka://a:9092") == KafkaAddress(("a:9092",))
    signed_in = parse_address("kafka://us%40er:p%3Ass@a:9092?mechanism=scram-sha-512")
    assert (signed_in.user, signed_in.password, signed_in.security) == ("us@er", "p:ss", "SASL_SSL")
    options = signed_in.client_options()
    assert options["sasl_mechanism"] == "SCRAM-SHA-512"
    assert isinstance(options["ssl_context"], ssl.SSLContext)
    assert "ssl_context" not in parse_address("kafka://u:p@a:9092?security=sasl_plaintext").client_options()
    assert expected_copies("kafka://a:9092?replication=3&min_insync=2") == (3, 2)
    assert expected_copies("sqlite:///bus.db") == (1, 1)


@pytest.mark.parametrize(
    "url",
    [
        "kafka://",
        "kafka://a",
        "kafka://a:9092,",
        "kafka://a:9092?replicas=3",
        "kafka://a:9092?replication=0",
        "kafka://a:9092?replication=2&min_insync=3",
        "kafka://a:9092?prefix=a/b",
        "kafka://a:9092?security=NONE",
        "kafka://a:9092?security=SASL_SSL",
        "kafka://user:secret@a:9092?security=SSL",
        "kafka://user:secret@a:x",
    ],
)
def test_what_is_wrong_is_told_without_the_password(url: str) -> None:
    with pytest.raises(BadAddress) as raised:
        parse_address(url)
    assert "secret" not in str(raised.value)


async def test_another_kind_of_bus() -> None:
    for url in ("amqp://a:1", "", "mariadb://a/b"):
        with pytest.raises(BusError, match="starts with"):
            await open_bus(url)


def test_keys_go_where_java_clients_put_them() -> None:
    # From the tests of Kafka's own Utils.murmur2.
    hashes = {
        b"21": -973932308,
        b"foobar": -790332482,
        b"a-little-bit-long-string": -985981536,
        b"a-little-bit-longer-string": -1486304829,
        b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
        b"abc": 479470107,
    }
    assert {key: key_hash(key) for key in hashes} == {key: value & 0x7FFFFFFF for key, value in hashes.items()}
