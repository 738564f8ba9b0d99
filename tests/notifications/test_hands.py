"""Phones that change hands: a push goes to its resident's phone alone, whatever happened to it."""

import random
from dataclasses import dataclass, field

import pytest

from backend.core.database import Database
from backend.gateways.push import Outcome, Result
from backend.notifications.outbox.rules import DeliveryState
from tests.notifications.town import Town

RESIDENTS, PHONES = 4, 5
STEPS = 400


@dataclass
class Hands:
    """A walk of random steps, and who has which phone in it, by its address."""

    town: Town
    dice: random.Random
    residents: list[str] = field(default_factory=list)
    owner_of: dict[str, str] = field(default_factory=dict)  # of an address
    address_of: dict[str, str] = field(default_factory=dict)  # of a phone, as it stands in it
    pushed: int = 0

    def step(self) -> None:
        deeds = (self.sign_in, self.refresh, self.sign_out, self.tell, self.tell, self.push)
        self.dice.choice(deeds)()
        self.town.wait(1)

    def sign_in(self) -> None:
        """Somebody takes a phone into use, whoever had it before; it may be an old one restored."""
        phone = self.dice.choice([f"phone-{number}" for number in range(PHONES)])
        address = self.address_of.setdefault(phone, f"{phone} at first")
        self._register(self.dice.choice(self.residents), phone, address)

    def refresh(self) -> None:
        """A phone gets a new address, as FCM gives one now and then."""
        if not self.owner_of:
            return
        address = self.dice.choice(sorted(self.owner_of))
        phone = next(each for each, held in self.address_of.items() if held == address)
        fresh = f"{phone} as of {self.town.now.timestamp()}"
        owner = self.owner_of.pop(address)
        self.address_of[phone] = fresh
        self._register(owner, phone, fresh)

    def sign_out(self) -> None:
        """Somebody gives up their phone."""
        if not self.owner_of:
            return
        address = self.dice.choice(sorted(self.owner_of))
        phone = next(each for each, held in self.address_of.items() if held == address)
        self.town.forget(self.owner_of.pop(address), phone)

    def tell(self) -> None:
        self.town.tell(self.dice.choice(self.residents), is_urgent=True)

    def push(self) -> None:
        """Everything that waits goes: each to a phone that is its resident's at this moment."""
        while parcels := self.town.claim():
            for parcel in parcels:
                if parcel.push:
                    assert self.owner_of[parcel.push.address] == parcel.claimed.resident_id
                    self.pushed += 1
                    self.town.record(parcel, Result(Outcome.SENT))

    def _register(self, resident_id: str, phone: str, address: str) -> None:
        self.town.phone(resident_id, address, installation=phone)
        self.owner_of[address] = resident_id


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_no_push_ever_goes_to_a_phone_of_somebody_else(database: Database, seed: int) -> None:
    town = Town(database, None)  # type: ignore[arg-type]  # claims and settles, and sends nothing
    hands = Hands(town, random.Random(seed))
    hands.residents = [town.resident() for _ in range(RESIDENTS)]

    for _ in range(STEPS):
        hands.step()
    hands.push()

    assert hands.pushed > STEPS / 20
    assert {state for state, _ in town.states()} <= {
        DeliveryState.SENT,
        DeliveryState.DROPPED,
        DeliveryState.CLAIMED,
    }
