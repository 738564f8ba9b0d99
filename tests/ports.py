"""Ports for servers that are told theirs beforehand."""

import random
import socket
from contextlib import ExitStack

# Below those that Linux lends to clients (net.ipv4.ip_local_port_range): none is taken meanwhile.
FIRST, LAST = 20_000, 32_000


def free_ports(count: int) -> list[int]:
    """Find ports at which nobody listens, each another."""
    found: list[int] = []
    with ExitStack() as open_until_all_are_found:
        while len(found) < count:
            port = random.SystemRandom().randint(FIRST, LAST)
            probe = open_until_all_are_found.enter_context(socket.socket())
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            found.append(port)
    return found
