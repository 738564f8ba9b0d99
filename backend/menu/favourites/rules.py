"""How many services a resident may keep at hand."""

from backend.core.errors import Invalid
from backend.core.languages import Words

MOST_FAVOURITES = 50


class TooManyFavourites(Invalid):
    code = "too_many_favourites"
    says = Words(
        "You have {most} favourites already. Remove one first.",
        "你已有 {most} 項常用服務，請先移除其中一項。",
        "你已有 {most} 项常用服务，请先移除其中一项。",
    )


def ensure_room(count: int) -> None:
    """Refuse a favourite past the most that one resident may have; TooManyFavourites."""
    if count >= MOST_FAVOURITES:
        raise TooManyFavourites(most=MOST_FAVOURITES)
