"""Signatures: checked by another library, and refused however they are bent."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from backend.gateways.signer import KeyFileSigner, KeyNotUsable, make_key

CLAIMS = {"number": "R-1", "amount_cents": 41850, "department": "水務署"}


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("key") / "receipt-key.pem"
    make_key(path)
    return path


@pytest.fixture(scope="module")
def signer(key: Path) -> KeyFileSigner:
    return KeyFileSigner(key)


def encoded(value: Any) -> str:
    octets = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def test_what_was_signed_is_read_back(signer: KeyFileSigner) -> None:
    token = signer.sign(CLAIMS)

    assert signer.verify(token) == CLAIMS
    assert signer.sign(CLAIMS) == token


def test_anybody_can_check_it_with_the_published_key(signer: KeyFileSigner) -> None:
    head, payload, signature = signer.sign(CLAIMS).split(".")
    header, published = json.loads(decoded(head)), signer.public_keys()["keys"]

    assert header == {"alg": "Ed25519", "kid": published[0]["kid"], "typ": "ferry-receipt+jws"}
    key = Ed25519PublicKey.from_public_bytes(decoded(published[0]["x"]))
    key.verify(decoded(signature), f"{head}.{payload}".encode())
    with pytest.raises(InvalidSignature):
        key.verify(decoded(signature), f"{head}.{payload}x".encode())


def test_the_published_keys_hold_nothing_private(signer: KeyFileSigner) -> None:
    members = {"kty", "crv", "x", "kid", "alg", "use"}

    assert [set(each) for each in signer.public_keys()["keys"]] == [members]


Bend = Callable[[dict[str, str], str, str], str]
BENT: dict[str, Bend] = {
    "no algorithm": lambda h, p, s: f"{encoded({**h, 'alg': 'none'})}.{p}.",
    "no signature": lambda h, p, s: f"{encoded(h)}.{p}.",
    "the older name": lambda h, p, s: f"{encoded({**h, 'alg': 'EdDSA'})}.{p}.{s}",
    "a secret's algorithm": lambda h, p, s: f"{encoded({**h, 'alg': 'HS256'})}.{p}.{s}",
    "another key": lambda h, p, s: f"{encoded({**h, 'kid': 'other'})}.{p}.{s}",
    "a key of its own": lambda h, p, s: f"{encoded({**h, 'jwk': {'kty': 'OKP'}})}.{p}.{s}",
    "a critical member": lambda h, p, s: f"{encoded({**h, 'crit': ['exp'], 'exp': 1})}.{p}.{s}",
    "another type": lambda h, p, s: f"{encoded({**h, 'typ': 'JWT'})}.{p}.{s}",
    "another payload": lambda h, p, s: f"{encoded(h)}.{encoded({'amount_cents': 1})}.{s}",
    "a header that is a list": lambda h, p, s: f"{encoded([])}.{p}.{s}",
    "a header that is deep": lambda h, p, s: f"{encoded(b'[' * 1200)}.{p}.{s}",
    "four parts": lambda h, p, s: f"{encoded(h)}.{p}.{s}.{s}",
    "no parts": lambda h, p, s: "",
    "a tail": lambda h, p, s: f"{encoded(h)}.{p}.{s}A",
    "a line end": lambda h, p, s: f"{encoded(h)}.{p}.{s}\n",
    "padding": lambda h, p, s: f"{encoded(h)}.{p}.{s}==",
    "another spelling": lambda h, p, s: f"{encoded(h)}.{p}.{s[:-1]}{'x' if s[-1] != 'x' else 'y'}",
    "not ASCII": lambda h, p, s: f"{encoded(h)}.{p}.{s[:-1]}水",
    "too long": lambda h, p, s: f"{encoded(h)}.{p}{'A' * 2000}.{s}",
}


@pytest.mark.parametrize("bend", BENT.values(), ids=BENT)
def test_a_bent_token_is_refused(signer: KeyFileSigner, bend: Bend) -> None:
    head, payload, signature = signer.sign(CLAIMS).split(".")

    assert signer.verify(bend(json.loads(decoded(head)), payload, signature)) is None


def test_every_other_spelling_of_a_signature_is_refused(signer: KeyFileSigner) -> None:
    token = signer.sign(CLAIMS)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

    passing = [last for last in alphabet if signer.verify(token[:-1] + last)]

    assert passing == [token[-1]]


@pytest.mark.slow
@given(at=st.integers(0, 1000), put=st.characters())
def test_any_changed_character_is_refused(signer: KeyFileSigner, at: int, put: str) -> None:
    token = signer.sign(CLAIMS)
    at %= len(token)
    changed = token[:at] + put + token[at + 1 :]

    assert signer.verify(changed) == (CLAIMS if changed == token else None)


@pytest.mark.slow
@given(st.text() | st.from_regex(r"[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*"))
def test_any_text_at_all_is_refused(signer: KeyFileSigner, token: str) -> None:
    assert signer.verify(token) is None


def test_another_ferrys_token_is_refused(signer: KeyFileSigner, tmp_path: Path) -> None:
    make_key(tmp_path / "other.pem")

    assert signer.verify(KeyFileSigner(tmp_path / "other.pem").sign(CLAIMS)) is None


def test_what_a_former_key_signed_stays_good(tmp_path: Path) -> None:
    old, new = tmp_path / "old.pem", tmp_path / "new.pem"
    make_key(old)
    make_key(new)
    token = KeyFileSigner(old).sign(CLAIMS)
    assert KeyFileSigner(new).verify(token) is None

    folder = tmp_path / "new.pem.d"
    folder.mkdir()
    (folder / "2026.pub.pem").write_bytes(public_part(old))

    signer = KeyFileSigner(new)
    assert signer.verify(token) == CLAIMS
    assert len(signer.public_keys()["keys"]) == 2
    assert signer.sign(CLAIMS) != token
    assert signer.verify(signer.sign(CLAIMS)) == CLAIMS


def public_part(path: Path) -> bytes:
    private = serialization.load_pem_private_key(path.read_bytes(), password=None)
    return private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def pem(private: Any, password: bytes | None = None) -> bytes:
    hide = serialization.BestAvailableEncryption(password) if password else None
    octets: bytes = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        hide or serialization.NoEncryption(),
    )
    return octets


UNUSABLE: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "garbage": lambda: b"\xff\xfe not a key",
    "half a key": lambda: pem(Ed25519PrivateKey.generate())[:60],
    "a public key": lambda: (
        Ed25519PrivateKey.generate()
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    ),
    "a key behind a password": lambda: pem(Ed25519PrivateKey.generate(), b"secret"),
    "another curve": lambda: pem(ed448.Ed448PrivateKey.generate()),
    "an elliptic key": lambda: pem(ec.generate_private_key(ec.SECP256R1())),
    "an RSA key": lambda: pem(rsa.generate_private_key(65537, 1024)),
}


@pytest.mark.slow
@pytest.mark.parametrize("content", UNUSABLE.values(), ids=UNUSABLE)
def test_a_key_of_another_kind_is_refused_in_a_sentence(
    content: Callable[[], bytes], tmp_path: Path
) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(content())

    with pytest.raises(KeyNotUsable, match=r"key\.pem .*\.$") as refusal:
        KeyFileSigner(path)

    assert "PRIVATE KEY" not in str(refusal.value)


def test_a_key_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyNotUsable, match="cannot be read"):
        KeyFileSigner(tmp_path / "none.pem")


def test_a_private_key_among_the_former_ones_is_refused(key: Path, tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(key.read_bytes())
    (tmp_path / "key.pem.d").mkdir()
    (tmp_path / "key.pem.d" / "old.pub.pem").write_bytes(key.read_bytes())

    with pytest.raises(KeyNotUsable, match="no public key"):
        KeyFileSigner(path)


def test_a_new_key_is_its_owners_alone_and_replaces_none(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    make_key(path)
    written = path.read_bytes()

    with pytest.raises(FileExistsError):
        make_key(path)

    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_bytes() == written
    assert list(tmp_path.iterdir()) == [path]
