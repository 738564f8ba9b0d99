"""A resident keeps receipts; anybody may check one."""

from typing import Any

from flask import Response, current_app, request

from backend.core.access import resident
from backend.core.database import session_of_request
from backend.core.http import Blueprint, PageQuery, language_of_request, page_of
from backend.core.paging import CursorNotKnown
from backend.core.settings import Settings
from backend.gateways.signer import Signer
from backend.payments.receipts import actions, page
from backend.payments.receipts.models import Receipt
from backend.payments.receipts.printing import as_pdf
from backend.payments.receipts.reading import Desk, ReadReceipt
from backend.payments.receipts.rules import ReceiptNotFound, ReceiptsNotSigned
from backend.payments.receipts.schemas import (
    CheckPostShape,
    CheckQuery,
    CheckShape,
    KeySetShape,
    ReceiptPageShape,
    ReceiptShape,
)

blp = Blueprint("receipts", __name__, url_prefix="/v1", description="My receipts")
check_blp = Blueprint("receipt-check", __name__, url_prefix="/v1", description="Checking a receipt")
KEYS_SECONDS = 3600
PDF = {"description": "One A4 page", "content": {"application/pdf": {}}}
PAGE: dict[str, Any] = {"content": {"text/html": {}}}


@blp.get("/receipts")
@blp.refuses(CursorNotKnown, ReceiptsNotSigned)
@blp.arguments(PageQuery, location="query")
@blp.response(200, ReceiptPageShape)
@blp.doc(operationId="listReceipts")
def list_receipts(query: dict[str, Any]) -> dict[str, Any]:
    """List my receipts, newest first"""
    kept = actions.list_receipts(
        session_of_request(), resident().resident_id, query["cursor"], query["limit"]
    )
    answer = page_of(kept, "/v1/receipts", [("limit", query["limit"])])
    answer["items"] = [_read(receipt) for receipt in kept.items]
    return answer


@blp.get("/receipts/<id:receipt_id>")
@blp.refuses(ReceiptNotFound, ReceiptsNotSigned)
@blp.response(200, ReceiptShape)
@blp.doc(operationId="getReceipt")
def get_receipt(receipt_id: str) -> ReadReceipt:
    """See one receipt of mine"""
    return _read(actions.get_receipt(session_of_request(), resident().resident_id, receipt_id))


@blp.get("/receipts/<id:receipt_id>/pdf")
@blp.refuses(ReceiptNotFound, ReceiptsNotSigned)
@blp.doc(operationId="printReceipt", responses={"200": PDF})
def print_receipt(receipt_id: str) -> Response:
    """Print one receipt of mine"""
    settings: Settings = current_app.extensions["settings"]
    kept = actions.get_receipt(session_of_request(), resident().resident_id, receipt_id)
    receipt, language = _read(kept), language_of_request()
    pdf = as_pdf(receipt, settings.base_url, language, is_demo=settings.is_demo)
    reply = Response(pdf, mimetype="application/pdf")
    reply.headers["Content-Disposition"] = f'inline; filename="receipt-{receipt.number}.pdf"'
    reply.headers["Content-Language"] = language
    reply.vary.add("Accept-Language")
    return reply


@blp.get("/bills/<id:bill_id>/receipt")
@blp.refuses(ReceiptNotFound, ReceiptsNotSigned)
@blp.response(200, ReceiptShape)
@blp.doc(operationId="getReceiptForBill")
def get_receipt_for_bill(bill_id: str) -> ReadReceipt:
    """See the receipt for a bill of mine"""
    return _read(actions.get_receipt_for(session_of_request(), resident().resident_id, bill_id))


@check_blp.get("/receipts/check")
@check_blp.refuses(ReceiptsNotSigned)
@check_blp.arguments(CheckQuery, location="query")
@check_blp.response(200, CheckShape)
@check_blp.doc(operationId="checkReceiptByAddress", responses={200: PAGE})
def check_receipt_by_address(query: dict[str, Any]) -> Response | tuple[Any, int, dict[str, str]]:
    """Check a receipt by the code that is printed on it; a browser is shown a page"""
    checked = _check(query["t"])
    if not page.is_wanted(request.accept_mimetypes):
        return checked, 200, {"Vary": "Accept"}
    settings: Settings = current_app.extensions["settings"]
    language = language_of_request()
    return page.show(query["t"], checked["receipt"], language, is_demo=settings.is_demo)


@check_blp.post("/receipts/check")
@check_blp.refuses(ReceiptsNotSigned)
@check_blp.arguments(CheckPostShape)
@check_blp.response(200, CheckShape)
@check_blp.doc(operationId="checkReceipt")
def check_receipt(body: dict[str, Any]) -> dict[str, Any]:
    """Check a signed receipt"""
    return _check(body["jws"])


@check_blp.get("/receipts/keys")
@check_blp.response(200, KeySetShape)
@check_blp.doc(operationId="listReceiptKeys")
def list_receipt_keys() -> tuple[Any, int, dict[str, str]]:
    """List the keys that check our receipts"""
    signer: Signer | None = current_app.extensions["receipt_signer"]
    keys = signer.public_keys() if signer else {"keys": []}
    return keys, 200, {"Cache-Control": f"public, max-age={KEYS_SECONDS}"}


def _read(receipt: Receipt) -> ReadReceipt:
    return _desk().read(receipt, language_of_request())


def _check(jws: str) -> dict[str, Any]:
    receipt = _desk().check(jws, language_of_request())
    return {"valid": receipt is not None, "receipt": receipt}


def _desk() -> Desk:
    signer: Signer | None = current_app.extensions["receipt_signer"]
    if signer is None:
        raise ReceiptsNotSigned
    settings: Settings = current_app.extensions["settings"]
    return Desk(signer, settings.base_url, current_app.extensions["department_name"])
