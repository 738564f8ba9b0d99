"""Who a person is, vouched for by somebody else; in a demo, by a stand-in with invented people."""

import logging
from dataclasses import dataclass
from typing import Protocol

from backend.core.languages import Language

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Person:
    """A person as a provider vouches for them; `subject` is the provider's own stable id."""

    subject: str
    name: str
    language: Language
    level: str  # "smart" or "plus"


class IdentityProvider(Protocol):
    """Turns a proof into the person that it proves."""

    name: str
    is_stand_in: bool

    def prove(self, proof: str) -> Person | None:
        """Return the person, or None where the proof proves nobody."""
        ...


DEMO_PEOPLE = (
    Person("chan-sau-ying", "陳秀英", Language.ZH_HANT, "plus"),
    Person("wong-ka-ming", "黃家明", Language.ZH_HANT, "smart"),
    Person("li-xiaoyu", "李小雨", Language.ZH_HANS, "smart"),
    Person("alex-morgan", "Alex Morgan", Language.EN, "plus"),
    Person("priya-nair", "Priya Nair", Language.EN, "smart"),
)


class DemoIdentityProvider:
    """Vouches for the invented people of the demo city: whoever names one, is one."""

    name = "demo"
    is_stand_in = True

    def __init__(self) -> None:
        log.warning("STAND-IN: the demo identity provider lets anybody sign in as a demo person")

    def prove(self, proof: str) -> Person | None:
        return next((person for person in DEMO_PEOPLE if person.subject == proof), None)
