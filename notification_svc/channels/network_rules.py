"""Which addresses may be connected to where a user named the host.

It is asked with the address that is connected to, when it is connected to: what a name means can change between two
look-ups. Only the standard library, since the process that runs apprise imports it.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NOT_PUBLIC: tuple[Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
        "::/3",
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "3fff::/20",
        "4000::/2",
        "8000::/1",
    )
)
"""All that is not on the public internet. Of IPv6 only 2000::/3 is, and within it addresses that carry another one
(6to4, Teredo) are left out. It is written down here because what `ipaddress` takes for private differs between patch
releases of Python."""
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class AddressRefused(OSError):
    """A user named a host whose addresses are none that may be connected to."""


@dataclass(frozen=True, slots=True)
class NetworkRules:
    """Public addresses, and `allowed` networks of those that are not."""

    allowed: tuple[Network, ...] = ()

    def permits(self, address: str) -> bool:
        """Tell whether a numeric address may be connected to."""
        try:
            found: Address = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        return self._permits(found)

    def _permits(self, address: Address) -> bool:
        carried = _carried(address)
        if carried is not None:
            return self._permits(carried)
        if any(address in network for network in self.allowed if network.version == address.version):
            return True
        return not any(address in network for network in _NOT_PUBLIC if network.version == address.version)


def _carried(address: Address) -> Address | None:
    """Return the IPv4 address that an IPv6 address is another way to write, or that a NAT64 makes of it."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped
