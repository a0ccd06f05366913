"""Messages put together from serialised parts are what Protocol Buffers makes of the whole."""

from __future__ import annotations

import pytest
from google.protobuf import descriptor_pb2

from mesh.wire_format import nested


@pytest.mark.parametrize("size", [0, 1, 126, 127, 128, 4095, 4096, 16_383, 16_384, 3_000_000])
def test_a_field_is_written_as_protobuf_writes_it(size: int) -> None:
    text = "x" * size
    uninterpreted = descriptor_pb2.UninterpretedOption(identifier_value=text)
    assert nested(3, text.encode()) == uninterpreted.SerializeToString()
    options = descriptor_pb2.FileOptions(uninterpreted_option=[uninterpreted])
    assert nested(999, uninterpreted.SerializeToString()) == options.SerializeToString()
