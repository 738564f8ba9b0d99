"""Check codes: by one of these a resident asks whether a message is really ours."""

import base64
import secrets

# Crockford's alphabet, in which no two signs look alike.
ALPHABET = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_FROM_RFC_4648 = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", ALPHABET)
SIGNS = 10  # 50 bits: among a hundred million codes, one guess in ten million names one
_READ_AS = str.maketrans("OIL", "011", " -")


def new_codes(count: int) -> list[str]:
    """Return `count` fresh codes of ten signs, 50 random bits each."""
    signs = base64.b32encode(secrets.token_bytes(10 * count)).translate(_FROM_RFC_4648).decode()
    return [signs[at : at + SIGNS] for at in range(0, 16 * count, 16)]


def new_code() -> str:
    """Return a fresh code."""
    return new_codes(1)[0]


def shown(code: str) -> str:
    """Write a code as people read it aloud, `K7M2Q-9XPDA`."""
    return f"{code[:5]}-{code[5:]}"


def read_code(typed: str) -> str:
    """Return the code that somebody typed: case, dashes, and O for 0 or I and L for 1 forgiven."""
    return typed.upper().translate(_READ_AS)
