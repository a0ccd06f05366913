"""Python runs this as it starts: the time of day is ahead by the nanoseconds in the file FAULTY_CLOCK_FILE."""

import mmap
import os
import struct
import time

with open(os.environ["FAULTY_CLOCK_FILE"], "rb") as file:
    _ahead = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
_time, _time_ns, _read = time.time, time.time_ns, struct.Struct("q").unpack_from
time.time = lambda: _time() + _read(_ahead)[0] / 1e9
time.time_ns = lambda: _time_ns() + _read(_ahead)[0]
