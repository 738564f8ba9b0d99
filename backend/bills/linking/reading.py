"""A link becomes what its resident reads."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from backend.bills.linking.models import AccountLink
from backend.bills.masking import mask_account
from backend.core.languages import Language


@dataclass(frozen=True)
class ReadLink:
    """A linked account as its resident reads it; of the number only the end."""

    id: str
    department: dict[str, str]
    account_number: str
    created_at: datetime


def read_link(
    link: AccountLink, language: Language, name_of: Callable[[str, Language], str]
) -> ReadLink:
    """Put a link into words; `name_of` knows the departments' names."""
    return ReadLink(
        id=link.id,
        department={"id": link.department_id, "name": name_of(link.department_id, language)},
        account_number=mask_account(link.account_number),
        created_at=link.created_at,
    )
