"""Prints the public key that a secret makes, before any process has it: `python -m history_svc.audit.key < FILE`.

Processes that are told this key believe what others have signed with the new secret, so that it can be changed while
several of them are at work.
"""

from __future__ import annotations

import re
import sys

from history_svc.audit.head import Signer

_SECRET = re.compile(r"\S{32,}")


def main() -> int:
    """Read a secret from standard input; return the exit code."""
    secret = sys.stdin.read().strip()
    if _SECRET.fullmatch(secret) is None:
        sys.stderr.write("the secret has at least 32 characters and no blanks\n")
        return 2
    sys.stdout.write(f"{Signer(secret).public_key}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
