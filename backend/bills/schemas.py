"""Shapes of bills, as a department posts them and as a resident reads them."""

from marshmallow import fields, validate

from backend.bills import bounds
from backend.bills.details import (
    DAY,
    LineShape,
    PeriodShape,
    ReadSurchargeShape,
    SurchargeShape,
    text_field,
)
from backend.bills.later import LATER_DAYS
from backend.bills.rules import CURRENCY, KEPT_YEARS, MOST_CENTS, BillKind, BillState
from backend.core.clock import ID_PATTERN
from backend.core.http import Day, NamedShape, PageQuery, Shape, WholeNumber, at_most

ANY_STATE = "all"


class BillPostShape(Shape):
    """A bill as a department posts it, for a resident, for an account, or both."""

    resident_id = fields.String(
        load_default=None,
        validate=validate.Regexp(f"^{ID_PATTERN}\\Z"),
        metadata={"description": "Left out, it is for whoever has linked the account."},
    )
    bill_number = fields.String(
        required=True,
        validate=validate.Regexp(bounds.BILL_NUMBER),
        metadata={"description": "The department's own number; it stands once."},
    )
    kind = fields.String(required=True, validate=validate.OneOf(list(BillKind)))
    amount_cents = fields.Integer(
        required=True, strict=True, validate=validate.Range(min=1, max=MOST_CENTS)
    )
    currency = fields.String(load_default=CURRENCY, validate=validate.OneOf([CURRENCY]))
    issued_on = Day(
        load_default=None,
        validate=DAY,
        metadata={"description": "Hong Kong date; today when left out."},
    )
    due_on = Day(required=True, validate=DAY, metadata={"description": "The last day to pay."})
    account_number = fields.String(
        load_default=None,
        validate=validate.Regexp(bounds.ACCOUNT_NUMBER),
        metadata={"description": "Kept in capitals, without blanks and hyphens."},
    )
    link_code = fields.String(
        load_default=None,
        validate=validate.Regexp(bounds.LINK_CODE),
        metadata={"description": "Printed on the bill; whoever knows it may link the account."},
    )
    payer_name = text_field("payer_name", description="The resident reads it masked.")
    premises = text_field("premises")
    period = fields.Nested(PeriodShape, load_default=None)
    lines = fields.List(
        fields.Nested(LineShape),
        load_default=list,
        validate=at_most(bounds.MOST_LINES),
    )
    surcharges = fields.List(
        fields.Nested(SurchargeShape),
        load_default=list,
        validate=at_most(bounds.MOST_SURCHARGES),
        metadata={"description": "In order of their days; each adds to those before it."},
    )
    legal_basis = text_field("legal_basis")
    payment_reference = text_field("payment_reference")
    contact = text_field("contact")
    pdf_url = fields.String(
        load_default=None,
        validate=[
            validate.Length(max=bounds.LONGEST["pdf_url"]),
            validate.Regexp(bounds.SECURE_ADDRESS),
        ],
        metadata={"description": "An https address."},
    )


class OneBillPostShape(BillPostShape):
    """A bill that is posted by itself; it may be urgent, as those of a file may not."""

    urgent = fields.Boolean(
        load_default=False,
        truthy={True},
        falsy={False},
        metadata={
            "description": "Pushed at any hour, whatever the resident chose; only by a client with "
            "the scope `urgent`, for what cannot wait until the morning."
        },
    )


class AmendmentShape(OneBillPostShape):
    """The whole bill again, as it is from now on; for whom and under which number may not change."""

    reason = text_field("reason", description="Why it changes.")


class WithdrawalShape(Shape):
    """Why a bill is taken back."""

    reason = text_field("reason", description="The resident reads it.", required=True)


class BillsQuery(PageQuery):
    """Which of my bills are wanted."""

    state = fields.String(
        load_default=BillState.OPEN, validate=validate.OneOf([*BillState, ANY_STATE])
    )
    kind = fields.String(load_default=None, validate=validate.OneOf(list(BillKind)))
    department = fields.String(load_default=None, validate=validate.Regexp(r"^[A-Z0-9]{2,10}\Z"))
    year = WholeNumber(
        load_default=None,
        validate=validate.Range(min=bounds.FIRST_DAY.year, max=bounds.LAST_DAY.year),
        metadata={"description": "The year of issue."},
    )
    later = fields.Boolean(
        load_default=None,
        truthy={"true"},
        falsy={"false"},
        metadata={"description": "`true`: those put off alone; `false`: without them."},
    )


class LaterShape(Shape):
    """Until when a bill is put off."""

    until = Day(
        required=True,
        validate=DAY,
        metadata={
            "description": "On this day it comes up again: after today, "
            f"{LATER_DAYS} days on at most, and never past the last day to pay."
        },
    )


class ForWhomShape(Shape):
    """Who a bill is for, masked: enough to know oneself by."""

    payer_name = fields.String(
        required=True, allow_none=True, metadata={"description": "`C*** T*** M***` or `陳**`."}
    )
    premises = fields.String(required=True, allow_none=True)
    account_number = fields.String(
        required=True, allow_none=True, metadata={"description": "Its last four characters."}
    )


class WithdrawnShape(Shape):
    """When a bill was taken back, and why."""

    at = fields.AwareDateTime(required=True)
    reason = fields.String(required=True)


class PaidShape(Shape):
    """When a bill was paid, and how much."""

    at = fields.AwareDateTime(required=True)
    cents = fields.Integer(required=True)


class OwnPaymentShape(Shape):
    """My own payment of a bill: where it stands is told by `/v1/payments/{id}`."""

    under_way_id = fields.String(
        required=True, allow_none=True, metadata={"description": "The payment that is under way."}
    )
    held_id = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The last payment of which money is held, to be returned."},
    )


class BillShape(Shape):
    """A bill, to its resident."""

    id = fields.String(required=True)
    title = fields.String(required=True)
    department = fields.Nested(NamedShape, required=True)
    bill_number = fields.String(required=True)
    kind = fields.String(required=True)
    amount_cents = fields.Integer(required=True)
    currency = fields.String(required=True)
    issued_on = fields.Date(required=True)
    due_on = fields.Date(required=True)
    overdue = fields.Boolean(
        required=True, metadata={"description": "Open, and its last day to pay has passed."}
    )
    state = fields.String(required=True, validate=validate.OneOf(list(BillState)))
    payable_cents = fields.Integer(
        required=True,
        metadata={"description": "What is to be paid today, surcharges included; 0 if not open."},
    )
    for_whom = fields.Nested(ForWhomShape, required=True)
    period = fields.Nested(PeriodShape, required=True, allow_none=True)
    lines = fields.List(fields.Nested(LineShape), required=True)
    surcharges = fields.List(fields.Nested(ReadSurchargeShape), required=True)
    legal_basis = fields.String(required=True, allow_none=True)
    payment_reference = fields.String(required=True, allow_none=True)
    contact = fields.String(required=True, allow_none=True)
    pdf_url = fields.String(required=True, allow_none=True)
    later_on = fields.Date(
        required=True, allow_none=True, metadata={"description": "Until when it is put off."}
    )
    version = fields.Integer(required=True, metadata={"description": "One more each change."})
    amended_at = fields.AwareDateTime(required=True, allow_none=True)
    withdrawn = fields.Nested(WithdrawnShape, required=True, allow_none=True)
    paid = fields.Nested(
        PaidShape,
        required=True,
        allow_none=True,
        metadata={"description": f"A paid bill stays here for {KEPT_YEARS} years."},
    )
    payment = fields.Nested(
        OwnPaymentShape,
        required=True,
        allow_none=True,
        metadata={"description": "What I pay of it, if anything is under way or held."},
    )


class BillPageShape(Shape):
    """A page of bills: open ones the first due first, others the last due first."""

    items = fields.List(fields.Nested(BillShape), required=True)
    next = fields.String(required=True, allow_none=True)


class YearOfBillsShape(Shape):
    """The bills that were issued in one year."""

    year = fields.Integer(required=True)
    count = fields.Integer(required=True)
    paid_cents = fields.Integer(required=True, metadata={"description": "What was paid for them."})


class YearsOfBillsShape(Shape):
    """The years of my bills, the latest first."""

    items = fields.List(fields.Nested(YearOfBillsShape), required=True)


class TotalShape(Shape):
    """What is owed in all."""

    count = fields.Integer(required=True, metadata={"description": "How many bills are open."})
    total_cents = fields.Integer(
        required=True, metadata={"description": "Payable today, surcharges included."}
    )
    currency = fields.String(required=True)
    next_due_on = fields.Date(
        required=True,
        allow_none=True,
        metadata={"description": "The next last day to pay that has not passed."},
    )
    overdue_count = fields.Integer(required=True)
