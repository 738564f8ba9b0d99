"""Shapes of bills, as a department reads its own."""

from marshmallow import fields, validate

from backend.bills import bounds
from backend.bills.details import LineShape, PeriodShape, SurchargeShape
from backend.bills.rules import BillKind, BillState
from backend.bills.schemas import WithdrawnShape
from backend.core.http import PageQuery, Shape


class PostedBillsQuery(PageQuery):
    """Which of its own bills a department wants."""

    state = fields.String(load_default=None, validate=validate.OneOf(list(BillState)))
    kind = fields.String(load_default=None, validate=validate.OneOf(list(BillKind)))
    bill_number = fields.String(load_default=None, validate=validate.Regexp(bounds.BILL_NUMBER))


class PostedBillShape(Shape):
    """A posted bill, to its department."""

    id = fields.String(required=True)
    bill_number = fields.String(required=True, attribute="facts.bill_number")
    resident_id = fields.String(
        required=True,
        attribute="facts.resident_id",
        allow_none=True,
        metadata={
            "description": "As the department stated it; who linked an account stays untold."
        },
    )
    kind = fields.String(required=True, attribute="facts.kind")
    amount_cents = fields.Integer(required=True, attribute="facts.amount_cents")
    currency = fields.String(required=True, attribute="facts.currency")
    issued_on = fields.Date(required=True, attribute="facts.issued_on")
    due_on = fields.Date(required=True, attribute="facts.due_on")
    created_at = fields.AwareDateTime(required=True)
    account_number = fields.String(required=True, attribute="facts.account_number", allow_none=True)
    payer_name = fields.String(required=True, attribute="facts.details.payer_name", allow_none=True)
    premises = fields.String(required=True, attribute="facts.details.premises", allow_none=True)
    period = fields.Nested(PeriodShape, required=True, allow_none=True)
    lines = fields.List(fields.Nested(LineShape), required=True, attribute="facts.details.lines")
    surcharges = fields.List(
        fields.Nested(SurchargeShape), required=True, attribute="facts.details.surcharges"
    )
    legal_basis = fields.String(
        required=True, attribute="facts.details.legal_basis", allow_none=True
    )
    payment_reference = fields.String(
        required=True, attribute="facts.details.payment_reference", allow_none=True
    )
    contact = fields.String(required=True, attribute="facts.details.contact", allow_none=True)
    pdf_url = fields.String(required=True, attribute="facts.details.pdf_url", allow_none=True)
    version = fields.Integer(required=True)
    amended_at = fields.AwareDateTime(required=True, allow_none=True)
    withdrawn = fields.Nested(WithdrawnShape, required=True, allow_none=True)
    paid_at = fields.AwareDateTime(required=True, allow_none=True)
    paid_cents = fields.Integer(required=True, allow_none=True)
    seen_by_resident = fields.Boolean(
        required=True, metadata={"description": "Whether it is in some resident's app."}
    )
    state = fields.String(required=True, validate=validate.OneOf(list(BillState)))


class FormerVersionShape(Shape):
    """A version that was replaced."""

    number = fields.Integer(required=True)
    replaced_at = fields.AwareDateTime(required=True)
    reason = fields.String(required=True, allow_none=True)


class PostedBillInFullShape(PostedBillShape):
    """A posted bill, to its department, with the versions before this one."""

    versions = fields.List(fields.Nested(FormerVersionShape), required=True)


class PostedBillPageShape(Shape):
    """A page of a department's own bills, newest first."""

    items = fields.List(fields.Nested(PostedBillShape), required=True)
    next = fields.String(required=True, allow_none=True)
