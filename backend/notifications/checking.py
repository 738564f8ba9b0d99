"""Whether a message is ours: asked by anybody who holds its check code."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from backend.core.clock import hong_kong_date
from backend.core.languages import Language
from backend.notifications.codes import ALPHABET, SIGNS, read_code
from backend.notifications.models import message_with_code
from backend.notifications.reading import DepartmentName
from backend.notifications.rules import MessageKind
from backend.notifications.wording import PUSH_TITLES

SIGNS_OF_CODES = frozenset(ALPHABET.decode())
LONGEST_TYPED = 4 * SIGNS  # blanks and dashes included


@dataclass(frozen=True)
class OwnMessage:
    """What anybody may know of a message of ours: no resident, amount, account, nor the bill."""

    department: dict[str, str]
    kind: str
    title: str | None  # none: a newer version's kind
    sent_on: date
    is_ours: bool = True


def check_message(
    db: Session, typed: str, language: Language, name_of: DepartmentName
) -> OwnMessage | None:
    """Return what the message with this check code is, None if there is none.

    Replaced and archived messages are still ours. A code shows that we sent a message of this kind
    on that day: whoever asks compares. Of the 2^50 codes a guess hits one of a hundred million
    in ten million times, and learns nobody's name by it; whoever wants a code that holds need only
    sign in and read their own. So the ordinary limit of requests is enough, and a tighter one would
    shut out the thousands behind one carrier's address for their slips of the finger.
    """
    code = read_code(typed) if len(typed) <= LONGEST_TYPED else ""
    if len(code) != SIGNS or not SIGNS_OF_CODES.issuperset(code):
        return None
    message = db.scalars(message_with_code(code)).one_or_none()
    if message is None:
        return None
    is_known = message.kind in set(MessageKind)
    return OwnMessage(
        department={
            "id": message.department_id,
            "name": name_of(message.department_id, language),
        },
        kind=message.kind,
        title=PUSH_TITLES[MessageKind(message.kind)].into(language) if is_known else None,
        sent_on=hong_kong_date(message.created_at),
    )
