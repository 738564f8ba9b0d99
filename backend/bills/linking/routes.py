"""My linked accounts."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import current_app, g, request

from backend.bills.linking import actions, guessing, rules
from backend.bills.linking.guessing import Guess
from backend.bills.linking.models import AccountLink
from backend.bills.linking.reading import ReadLink, read_link
from backend.bills.linking.rules import Proof
from backend.bills.linking.schemas import LinkPageShape, LinkPostShape, LinkShape
from backend.core import clock
from backend.core.access import resident
from backend.core.database import session_of_request
from backend.core.http import Blueprint, PageQuery, language_of_request, page_of
from backend.core.idempotency import KeyInFlight, KeyMissing, KeyReused, idempotent
from backend.core.limits import TooManyRequests
from backend.core.paging import CursorNotKnown

blp = Blueprint(
    "account-links", __name__, url_prefix="/v1", description="My accounts with departments"
)


def counted_as_guess(view: Callable[..., Any]) -> Callable[..., Any]:
    """Count a request among the guesses before anything of it is looked at; goes atop a create."""

    @wraps(view)
    def counted(*args: Any, **kwargs: Any) -> Any:
        asked = blp.ARGUMENTS_PARSER.parse(LinkPostShape(), request, location="json")
        guess = Guess(
            resident().resident_id, asked["department"], asked["account_number"], clock.now()
        )
        with guessing.counted(g.database, session_of_request, guess):
            return view(*args, **kwargs)

    return counted


@blp.post("/account-links")
@counted_as_guess
@idempotent
@blp.refuses(rules.AccountNotProved, TooManyRequests, KeyMissing, KeyReused, KeyInFlight)
@blp.arguments(LinkPostShape)
@blp.response(201, LinkShape)
@blp.alt_response(200, schema=LinkShape, description="This account is linked already", success=True)
@blp.doc(operationId="linkAccount")
def link_account(body: dict[str, Any]) -> tuple[ReadLink, int]:
    """Link an account of mine, so that its bills come to me"""
    link, is_new = actions.link_account(
        session_of_request(),
        resident().resident_id,
        body["department"],
        body["account_number"],
        Proof(**body["proof"]),
        now=clock.now(),
        ring=current_app.extensions["bell"].ring,
    )
    return _read(link), 201 if is_new else 200


@blp.get("/account-links")
@blp.refuses(CursorNotKnown)
@blp.arguments(PageQuery, location="query")
@blp.response(200, LinkPageShape)
@blp.doc(operationId="listAccountLinks")
def list_links(query: dict[str, Any]) -> dict[str, Any]:
    """List my linked accounts, newest first"""
    page = actions.list_links(
        session_of_request(), resident().resident_id, query["cursor"], query["limit"]
    )
    answer = page_of(page, "/v1/account-links", [("limit", query["limit"])])
    answer["items"] = [_read(link) for link in page.items]
    return answer


@blp.delete("/account-links/<id:link_id>")
@blp.refuses(rules.LinkNotFound, rules.AccountBeingPaid)
@blp.response(204)
@blp.doc(operationId="unlinkAccount")
def unlink_account(link_id: str) -> None:
    """Unlink an account; what I have paid stays with me"""
    actions.unlink_account(
        session_of_request(),
        resident().resident_id,
        link_id,
        current_app.extensions["bill_is_being_paid"],
        clock.now(),
    )


def _read(link: AccountLink) -> ReadLink:
    return read_link(link, language_of_request(), current_app.extensions["department_name"])
