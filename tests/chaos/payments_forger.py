"""Spoils genuine callbacks of the bank in every way that a forger may think of."""

import hashlib
import hmac
import json
import math
import random
import secrets
import string
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from backend.gateways.bank_callbacks import NEWEST_SECONDS
from backend.simulators.bank_script import CallbackFault
from tests.simulators.bank_desk import NO_FAULT, BankDesk
from tests.simulators.bank_keys import CALLBACK_KEYS

HEX = string.hexdigits[:16]
KEY_ID, TIMESTAMP, SIGNATURE = "Bank-Key-Id", "Bank-Timestamp", "Bank-Signature"


@dataclass(frozen=True)
class Letter:
    """A callback as it goes over the wire; `pairs` are its headers, which may stand twice."""

    pairs: tuple[tuple[str, str], ...]
    raw: bytes
    fresh_at: float = math.inf  # from when on it would be taken, as it is only too new as yet

    def with_header(self, name: str, value: str) -> "Letter":
        pairs = tuple((each, value if each == name else old) for each, old in self.pairs)
        return replace(self, pairs=pairs)

    def header(self, name: str) -> str:
        return dict(self.pairs)[name]

    @property
    def signed(self) -> str:
        """The hexadecimal digits of its signature."""
        return self.header(SIGNATURE).removeprefix("v1=")


@dataclass(frozen=True)
class Forger:
    """Makes a genuine callback of an event that nobody has told of, and spoils it."""

    desk: BankDesk
    chance: random.Random
    turns: Counter[str] = field(default_factory=Counter)

    def genuine(
        self,
        at: datetime | None = None,
        key_id: str = "k1",
        fault: CallbackFault = NO_FAULT,
    ) -> Letter:
        headers, raw = self.desk.callback(self.event(), fault, at, key_id)
        return Letter(tuple(headers.items()), raw)

    def ways(self) -> Sequence[Callable[[], Letter]]:
        """All that it can do to a callback."""
        return (
            self.body_bit,
            self.body_longer_or_shorter,
            self.body_in_other_words,
            self.body_of_another,
            self.amount,
            self.timestamp_digit,
            self.timestamp_renewed,
            self.timestamp_oddly_written,
            self.stale,
            self.too_new,
            self.key_unknown,
            self.key_of_another,
            self.key_guessed,
            self.signature_digit,
            self.signature_oddly_written,
            self.header_missing,
            self.header_doubled,
            self.header_under_another_name,
        )

    def harmless(self) -> Letter:
        """A genuine callback that tells of no money, to see that genuine ones are taken."""
        event = {**self.event(), "type": "order.opened", "transaction": None}
        headers, raw = self.desk.callback(event)
        return Letter(tuple(headers.items()), raw)

    def event(self) -> dict[str, Any]:
        now = datetime.now(UTC).isoformat()
        transaction = {
            "transaction_id": f"T20261123-{secrets.token_hex(8)}",
            "fps_reference": f"FRN20261123PAYD{secrets.randbelow(10**10):010}",
            "reference": f"F{secrets.token_hex(10).upper()}",
            "amount_cents": self.chance.randint(1, 10**6),
            "currency": "HKD",
            "paid_at": now,
        }
        return {
            "event_id": f"evt_{secrets.token_hex(10)}",
            "type": "payment.received",
            "reference": transaction["reference"],
            "occurred_at": now,
            "transaction": transaction,
            "reason": None,
        }

    def body_bit(self) -> Letter:
        letter = self.genuine()
        raw = bytearray(letter.raw)
        raw[self.chance.randrange(len(raw))] ^= 1 << self.chance.randrange(8)
        return replace(letter, raw=bytes(raw))

    def body_longer_or_shorter(self) -> Letter:
        letter = self.genuine()
        spoilt = (letter.raw + b" ", letter.raw + b"\n", b" " + letter.raw, letter.raw[:-1], b"")
        return replace(letter, raw=self._in_turn("body_longer_or_shorter", spoilt))

    def body_in_other_words(self) -> Letter:
        """The same JSON in another spacing: it is the bytes that are signed."""
        letter = self.genuine()
        return replace(letter, raw=json.dumps(json.loads(letter.raw), indent=1).encode())

    def body_of_another(self) -> Letter:
        return replace(self.genuine(), raw=self.genuine().raw)

    def amount(self) -> Letter:
        letter = self.genuine()
        said = json.loads(letter.raw)
        said["transaction"]["amount_cents"] += 1
        return replace(letter, raw=json.dumps(said, ensure_ascii=False).encode())

    def timestamp_digit(self) -> Letter:
        letter = self.genuine()
        return letter.with_header(
            TIMESTAMP, self._other_digit(letter.header(TIMESTAMP), "0123456789")
        )

    def timestamp_renewed(self) -> Letter:
        """An old callback that says to be of now."""
        letter = self.genuine(at=datetime.now(UTC) - timedelta(seconds=400))
        return letter.with_header(TIMESTAMP, str(int(time.time())))

    def timestamp_oddly_written(self) -> Letter:
        """Truly signed, and the time not written as the bank writes it."""
        now = str(int(time.time()))
        odd = self._in_turn(
            "timestamp_oddly_written",
            (f"0{now}", f"+{now}", f"{now}.0", f"{now}e0", f"{now}_", "1_7", ""),
        )
        return self._signed_by_hand(odd)

    def stale(self) -> Letter:
        age = self._in_turn("stale", (301, 302, 400, 3600, 86400, 10**8))
        return self.genuine(at=datetime.fromtimestamp(math.floor(time.time()) - age, UTC))

    def too_new(self) -> Letter:
        ahead = self._in_turn("too_new", (61, 62, 90, 3600, 10**8))
        at = math.ceil(time.time()) + ahead
        letter = self.genuine(at=datetime.fromtimestamp(at, UTC))
        return replace(letter, fresh_at=at - NEWEST_SECONDS)

    def key_unknown(self) -> Letter:
        odd = ("k9", "K1", "k", "k1 k2", "k1,k2", "", "None", "*", "k1\u00e9", "../k1")
        return self.genuine().with_header(KEY_ID, self._in_turn("key_unknown", odd))

    def key_of_another(self) -> Letter:
        """Signed by one true key, and said to be signed by the other."""
        return self.genuine(key_id="k1").with_header(KEY_ID, "k2")

    def key_guessed(self) -> Letter:
        return self.genuine(fault=CallbackFault(forged=True))

    def signature_digit(self) -> Letter:
        letter = self.genuine()
        return letter.with_header(SIGNATURE, f"v1={self._other_digit(letter.signed, HEX)}")

    def signature_oddly_written(self) -> Letter:
        letter = self.genuine()
        right = letter.signed
        odd = (
            right,
            f"v1={right[:-1]}",
            f"v1={right}0",
            f"v1={right.upper()}",
            f"V1={right}",
            f"v2={right}",
            f"v1 = {right}",
            f"v1={right[:32]} {right[32:]}",
            f"sha256={right}",
            f"v1=0x{right}",
            f'"v1={right}"',
            f"v1={right};",
            "v1=",
            "",
            ",".join(["v1=" + "0" * 64] * 5 + [f"v1={right}"]),
        )
        return letter.with_header(SIGNATURE, self._in_turn("signature_oddly_written", odd))

    def header_missing(self) -> Letter:
        letter = self.genuine()
        gone = self._in_turn("header_missing", (KEY_ID, TIMESTAMP, SIGNATURE))
        return replace(letter, pairs=tuple(pair for pair in letter.pairs if pair[0] != gone))

    def header_doubled(self) -> Letter:
        """A true one and beside it another: which of them would be believed?"""
        letter = self.genuine()
        name, value = self._in_turn(
            "header_doubled",
            ((KEY_ID, "k2"), (KEY_ID, "k1"), (TIMESTAMP, str(int(time.time()) - 1))),
        )
        if name == TIMESTAMP and self.chance.random() < 0.5:
            value = letter.header(TIMESTAMP)
        more = ((name, value),)
        pairs = letter.pairs + more if self.chance.random() < 0.5 else more + letter.pairs
        return replace(letter, pairs=pairs)

    def header_under_another_name(self) -> Letter:
        """Names that some servers take for ours: an underscore, a space before the colon."""
        letter = self.genuine()
        ways = [
            (name, other)
            for name in (KEY_ID, TIMESTAMP, SIGNATURE)
            for other in (name.replace("-", "_"), f"X-{name}", f"HTTP_{name}")
        ]
        name, other = self._in_turn("header_under_another_name", ways)
        return replace(
            letter,
            pairs=tuple((other if each == name else each, value) for each, value in letter.pairs),
        )

    def _in_turn(self, way: str, options: Sequence[Any]) -> Any:
        """Return one option after the other, so that few forgeries are of all sorts, too."""
        self.turns[way] += 1
        return options[self.turns[way] % len(options)]

    def _signed_by_hand(self, timestamp: str) -> Letter:
        letter = self.genuine()
        signed = timestamp.encode() + b"." + letter.raw
        right = hmac.new(CALLBACK_KEYS["k1"].encode(), signed, hashlib.sha256).hexdigest()
        return letter.with_header(TIMESTAMP, timestamp).with_header(SIGNATURE, f"v1={right}")

    def _other_digit(self, text: str, digits: str) -> str:
        at = self.chance.randrange(len(text))
        other = self.chance.choice([digit for digit in digits if digit != text[at]])
        return text[:at] + other + text[at + 1 :]
