"""A resident pays a bill: asks for a payment code, sees what became of it, or thinks better of it."""

from flask import Response, current_app

from backend.bills import BillNotFound, BillPaid, BillWithdrawn
from backend.core import clock
from backend.core.access import resident
from backend.core.database import session_of_request
from backend.core.http import Blueprint
from backend.core.idempotency import KeyInFlight, KeyMissing, KeyReused, idempotent
from backend.payments import actions, pictures, rules
from backend.payments.reading import ReadPayment, Till, read_payment
from backend.payments.schemas import PaymentListShape, PaymentShape

blp = Blueprint("payments", __name__, url_prefix="/v1", description="Paying a bill")


@blp.post("/bills/<id:bill_id>/payments")
@idempotent
@blp.refuses(
    rules.PaymentsNotOffered,
    BillNotFound,
    BillPaid,
    BillWithdrawn,
    KeyMissing,
    KeyReused,
    KeyInFlight,
)
@blp.response(201, PaymentShape)
@blp.alt_response(
    200, schema=PaymentShape, description="The payment that is open already", success=True
)
@blp.doc(operationId="startPayment")
def start_payment(bill_id: str) -> tuple[ReadPayment, int]:
    """Ask for a code to pay a bill with

    A bill has one open payment: another key is shown the same one. The same key replays its first
    answer, also after that payment was cancelled or has expired; take a new key to pay again.
    """
    till, db = _till(), session_of_request()
    attempt, is_new = actions.start_payment(
        db,
        resident().resident_id,
        bill_id,
        now=clock.now(),
        minutes=current_app.extensions["settings"].payment_minutes,
        ring=current_app.extensions["bell"].ring,
    )
    return read_payment(db, attempt, till), 201 if is_new else 200


@blp.get("/bills/<id:bill_id>/payments")
@blp.refuses(rules.PaymentsNotOffered)
@blp.response(200, PaymentListShape)
@blp.doc(operationId="listPayments")
def list_payments(bill_id: str) -> dict[str, list[ReadPayment]]:
    """See all my payments of one bill, newest first"""
    till, db = _till(), session_of_request()
    attempts = actions.list_payments(db, resident().resident_id, bill_id)
    return {"items": [read_payment(db, attempt, till) for attempt in attempts]}


@blp.get("/payments/<id:payment_id>")
@blp.refuses(rules.PaymentsNotOffered, rules.PaymentNotFound)
@blp.response(200, PaymentShape)
@blp.doc(operationId="getPayment")
def get_payment(payment_id: str) -> ReadPayment:
    """See what became of a payment"""
    till, db = _till(), session_of_request()
    return read_payment(db, actions.get_payment(db, resident().resident_id, payment_id), till)


@blp.post("/payments/<id:payment_id>/cancellation")
@blp.refuses(rules.PaymentsNotOffered, rules.PaymentNotFound, rules.PaymentOver)
@blp.response(200, PaymentShape)
@blp.doc(operationId="cancelPayment")
def cancel_payment(payment_id: str) -> ReadPayment:
    """Cancel a payment that is not made yet; the bank has the last word"""
    till, db = _till(), session_of_request()
    ring = current_app.extensions["bell"].ring
    attempt = actions.cancel_payment(db, resident().resident_id, payment_id, clock.now(), ring)
    return read_payment(db, attempt, till)


@blp.get("/payments/<id:payment_id>/code.svg")
@blp.refuses(rules.PaymentsNotOffered, rules.PaymentNotFound, rules.PaymentOver)
@blp.response(200, content_type="image/svg+xml")
@blp.doc(operationId="readPaymentCodeAsSvg")
def read_svg(payment_id: str) -> Response:
    """Fetch the code of an open payment as a picture (SVG)"""
    return Response(pictures.as_svg(_open_code(payment_id)), mimetype="image/svg+xml")


@blp.get("/payments/<id:payment_id>/code.png")
@blp.refuses(rules.PaymentsNotOffered, rules.PaymentNotFound, rules.PaymentOver)
@blp.response(200, content_type="image/png")
@blp.doc(operationId="readPaymentCodeAsPng")
def read_png(payment_id: str) -> Response:
    """Fetch the code of an open payment as a picture (PNG)"""
    return Response(pictures.as_png(_open_code(payment_id)), mimetype="image/png")


def _open_code(payment_id: str) -> str:
    till, db = _till(), session_of_request()
    attempt = actions.get_payment(db, resident().resident_id, payment_id)
    read = read_payment(db, attempt, till)
    if read.code is None:
        raise rules.PaymentOver
    return read.code.text


def _till() -> Till:
    till: Till | None = current_app.extensions["till"]
    if till is None:
        raise rules.PaymentsNotOffered
    return till
