"""What goes wrong with Kafka, in the words of the port."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from aiokafka.errors import ConsumerStoppedError, IllegalOperation, KafkaError

from mesh.bus.port import BusError


@contextlib.contextmanager
def bus_errors(what: str) -> Iterator[None]:
    """Raise `BusError` for failures of Kafka and for time-outs. `what` could not be done, for the message."""
    try:
        yield
    except BusError:
        raise
    except TimeoutError as error:
        raise BusError(f"{what}: Kafka did not answer in time") from error
    except (KafkaError, ConsumerStoppedError, IllegalOperation, OSError) as error:
        raise BusError(f"{what}: {error!r}") from error
    except RuntimeError as error:
        # What uvloop says where others raise ConnectionError: a connection that was lost a moment ago is written to.
        if "handler is closed" not in str(error):
            raise
        raise BusError(f"{what}: {error!r}") from error
