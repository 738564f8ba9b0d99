"""A stored message becomes words, in the language of whoever reads it now."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from backend.core.languages import Language
from backend.notifications.models import Message
from backend.notifications.rules import (
    INBOX_BODIES,
    INBOX_TITLES,
    MONEY,
    OTHER_MONEY,
    REASON,
    MessageKind,
)

DepartmentName = Callable[[str, Language], str]


@dataclass(frozen=True)
class ReadMessage:
    """A message as a resident reads it."""

    id: str
    kind: str
    department: dict[str, str]
    title: str
    body: str
    about: str
    created_at: datetime


def read_message(message: Message, language: Language, name_of: DepartmentName) -> ReadMessage:
    """Put a message into words; `name_of` knows the departments' names."""
    kind = MessageKind(message.kind)
    name = name_of(message.department_id, language)
    return ReadMessage(
        id=message.id,
        kind=kind,
        department={"id": message.department_id, "name": name},
        title=INBOX_TITLES[kind].into(language, department=name),
        body=_body(kind, message.facts, language),
        about=message.about_id,
        created_at=message.created_at,
    )


def _body(kind: MessageKind, facts: Mapping[str, str], language: Language) -> str:
    """Put facts into words; where they name no currency, money is in Hong Kong dollars."""
    money = MONEY.get(facts.get("currency", "HKD"), OTHER_MONEY).into(language, **facts)
    body = INBOX_BODIES[kind].into(language, **facts, money=money).strip()
    return body + REASON.into(language, **facts) if "reason" in facts else body
