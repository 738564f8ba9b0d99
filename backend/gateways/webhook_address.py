"""Which addresses a department may have us call: public ones, and nothing inside our own walls."""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

LONGEST_URL = 500
URL = re.compile(r"https?://[!-~]+", re.ASCII)  # visible ASCII; other scripts come as Punycode
HOST = re.compile(r"[A-Za-z0-9.:-]{1,253}", re.ASCII)
# Forms of IPv6 that carry an IPv4 address inside: 6to4 (RFC 3056), Teredo (RFC 4380), NAT64
# (RFC 6052, RFC 8215), IPv4-compatible (RFC 4291, 2.5.5.1). Nobody receives webhooks there.
CARRIERS = tuple(
    ipaddress.IPv6Network(net)
    for net in ("2002::/16", "2001::/32", "64:ff9b::/96", "64:ff9b:1::/48", "::/96")
)
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class AddressNotAllowed(Exception):
    """An address that we do not call; the message says why, in a few words."""


@dataclass(frozen=True)
class Target:
    """Where a URL leads: its host is a name, or an address that may be called."""

    scheme: str
    host: str
    port: int


def target_of(url: str, *, is_demo: bool) -> Target:
    """Take a URL apart; AddressNotAllowed unless it is https, or leads to ourselves in a demo."""
    if len(url) > LONGEST_URL or not URL.fullmatch(url):
        raise AddressNotAllowed("not an https address")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise AddressNotAllowed("not an https address") from error
    if "@" in parts.netloc or parts.fragment or not HOST.fullmatch(host) or port == 0:
        raise AddressNotAllowed("not an https address")
    literal = _literal(host)
    if parts.scheme != "https" and not (is_demo and (literal or _is_at_home(host))):
        raise AddressNotAllowed("not an https address")
    target = Target(parts.scheme, host, port or (443 if parts.scheme == "https" else 80))
    if literal is not None:
        ensure_allowed(literal, target, is_demo=is_demo)
    return target


def ensure_allowed(address: Address, target: Target, *, is_demo: bool) -> None:
    """Refuse an address that is not public; a demo may call itself, and alone without TLS."""
    plain = getattr(address, "ipv4_mapped", None) or address
    if is_demo and plain.is_loopback:
        return
    if target.scheme != "https" or not _is_public(plain):
        raise AddressNotAllowed("not a public address")


def read_address(text: str) -> Address:
    """Read an address that a resolver gave; AddressNotAllowed for one with a zone, or none."""
    literal = _literal(text)
    if literal is None or "%" in text:
        raise AddressNotAllowed("not a public address")
    return literal


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_at_home(host: str) -> bool:
    """Say whether a name is this machine's own (RFC 6761, section 6.3)."""
    return host == "localhost" or host.endswith(".localhost")


def _is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address) and any(address in each for each in CARRIERS):
        return False
    special = address.is_multicast or address.is_reserved or address.is_unspecified
    return address.is_global and not special
