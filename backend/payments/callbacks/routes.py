"""The bank tells us what happened; what is acknowledged is stored."""

from flask import current_app, request

from backend.core import clock
from backend.core.database import session_of_request
from backend.core.http import Blueprint
from backend.core.http.bodies import BodyTooLarge, raw_body
from backend.core.settings import BankAccount
from backend.gateways.bank import CallbackNotGenuine, News, NewsNotReadable
from backend.gateways.bank_callbacks import read_callback
from backend.payments.callbacks import actions, rules
from backend.payments.rules import PaymentsNotOffered

blp = Blueprint("bank-callbacks", __name__, url_prefix="/v1", description="For the bank")


@blp.post("/bank/callbacks")
@blp.takes_bytes("application/json")
@blp.refuses(rules.CallbackNotAccepted, PaymentsNotOffered, BodyTooLarge)
@blp.response(204)
@blp.doc(operationId="hearBank")
def hear_bank() -> None:
    """Tell of a payment (the bank alone, signed as docs/bank-api.md says)"""
    account: BankAccount | None = current_app.extensions["settings"].bank
    if account is None:
        raise PaymentsNotOffered
    raw, now = raw_body(request), clock.now()
    news: News | NewsNotReadable
    try:
        news = read_callback(request.headers, raw, account.callback_keys, now)
    except CallbackNotGenuine as error:
        raise rules.CallbackNotAccepted from error
    except NewsNotReadable as odd:
        news = odd
    ring = current_app.extensions["bell"].ring
    actions.store_callback(session_of_request(), raw, news, now, ring)
