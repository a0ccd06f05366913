"""Passwords as people type them, without an echo, or as scripts write them: to standard input, a line each."""

from __future__ import annotations

import getpass
import sys

from launcher.client.failure import CommandFailed
from launcher.client.gateway_url import GatewayUrl


def ask(prompt: str, option: str) -> str:
    """Ask for what an option was to say. Raises CommandFailed where nobody is there to answer."""
    if not sys.stdin.isatty():
        raise CommandFailed(f"{option} is missing.")
    return input(prompt)


def password(prompt: str) -> str:
    """Ask for a password. Never by an argument: those of a process can be read by others."""
    if sys.stdin.isatty():
        return getpass.getpass(prompt)
    return sys.stdin.readline().rstrip("\r\n")


def new_password() -> str:
    """Ask for a password to be set, twice where it is typed. Raises CommandFailed where the two differ."""
    chosen = password("New password: ")
    if sys.stdin.isatty() and getpass.getpass("Once more: ") != chosen:
        raise CommandFailed("The two passwords differ.")
    return chosen


def warn_of_plain_text(gateway: GatewayUrl) -> None:
    """Say so where a password is to go over a network as it is."""
    if not gateway.secure and not gateway.local:
        sys.stderr.write(f"{gateway.text} has no TLS: others on the network can read the password.\n")
