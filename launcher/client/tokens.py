"""`flowmesh token`: an access token for other programs. It is quick as long as the one that is kept lasts."""

from __future__ import annotations

import sys

from launcher.client.credentials import CredentialStore
from launcher.client.failure import NotSignedIn
from launcher.client.gateway_url import GatewayUrl
from launcher.client.signing import Signing, SignIns, find_signing


def print_token(url: GatewayUrl) -> None:
    """Print a token that lasts for a while. Raises NotSignedIn where there is none to be had."""
    signing = signing_at(url)
    token = signing.token()
    if not token:
        raise NotSignedIn(signing.advice)
    sys.stdout.write(f"{token}\n")


def signing_at(url: GatewayUrl) -> Signing:
    """Return how commands sign in at a gateway. Raises CommandFailed where what is kept cannot be read."""

    def sign_ins() -> SignIns:
        from launcher.client.connection import GatewaySignIns

        return GatewaySignIns(url)

    return find_signing(url.text, CredentialStore(), sign_ins)
