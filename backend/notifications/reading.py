"""A stored message becomes words, in the language of whoever reads it now."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from backend.core.languages import Language
from backend.notifications.codes import shown
from backend.notifications.models import Message
from backend.notifications.rules import MessageKind
from backend.notifications.wording import REASON, Told, body_of, title_of

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
    check_code: str | None
    created_at: datetime
    read_at: datetime | None
    archived_at: datetime | None
    replaced_by: str | None


def read_message(message: Message, language: Language, name_of: DepartmentName) -> ReadMessage:
    """Put a message into words; `name_of` knows the departments' names."""
    kind = MessageKind(message.kind)
    name = name_of(message.department_id, language)
    told = Told(kind, message.facts, name)
    reason = REASON.into(language, **message.facts) if "reason" in message.facts else ""
    return ReadMessage(
        id=message.id,
        kind=kind,
        department={"id": message.department_id, "name": name},
        title=title_of(told, language),
        body=body_of(told, language) + reason,
        about=message.about_id,
        check_code=shown(message.check_code) if message.check_code else None,
        created_at=message.created_at,
        read_at=message.read_at,
        archived_at=message.archived_at,
        replaced_by=message.replaced_by,
    )
