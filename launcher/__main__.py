"""`python -m launcher` is the command `flowmesh`."""

from __future__ import annotations

import sys

from launcher.cli import main

sys.exit(main())
