"""A stored receipt becomes what its resident reads, and what anybody may check."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from backend.bills import TITLES, BillKind
from backend.core.languages import Language
from backend.gateways.signer import Signer
from backend.payments.receipts.models import Receipt
from backend.payments.receipts.rules import Facts, claims_of, facts_of

CHECK_PATH = "/v1/receipts/check"
DepartmentName = Callable[[str, Language], str]


@dataclass(frozen=True)
class ReadReceipt:
    """A receipt as its resident reads it, signed."""

    id: str
    number: str
    bill: dict[str, str]
    department: dict[str, str]
    amount_cents: int
    currency: str
    paid_at: datetime
    fps_reference: str
    issued_at: datetime
    jws: str
    check_url: str


@dataclass(frozen=True)
class CheckedReceipt:
    """What a sound signature says was paid; it names no person."""

    issuer: str
    number: str
    department: dict[str, str]
    bill_number: str
    amount_cents: int
    currency: str
    paid_at: datetime
    fps_reference: str
    issued_at: datetime


@dataclass(frozen=True)
class Desk:
    """Where receipts are put into words: who signs, how we are reached, the departments' names."""

    signer: Signer
    base_url: str
    name_of: DepartmentName

    def read(self, receipt: Receipt, language: Language) -> ReadReceipt:
        """Put a receipt into words and sign its facts."""
        jws = self.signer.sign(claims_of(self._facts(receipt)))
        title = TITLES[BillKind(receipt.bill_kind)].into(language)
        return ReadReceipt(
            id=receipt.id,
            number=receipt.number,
            bill={"id": receipt.bill_id, "number": receipt.bill_number, "title": title},
            department=self._department(receipt.department_id, language),
            amount_cents=receipt.amount_cents,
            currency=receipt.currency,
            paid_at=receipt.paid_at,
            fps_reference=receipt.fps_reference,
            issued_at=receipt.issued_at,
            jws=jws,
            check_url=f"{self.base_url}{CHECK_PATH}?t={jws}",
        )

    def check(self, jws: str, language: Language) -> CheckedReceipt | None:
        """Say what a signed receipt states, None unless we signed it as it stands."""
        claims = self.signer.verify(jws)
        facts = facts_of(claims) if claims else None
        if facts is None:
            return None
        return CheckedReceipt(
            issuer=facts.issuer,
            number=facts.number,
            department=self._department(facts.department_id, language),
            bill_number=facts.bill_number,
            amount_cents=facts.amount_cents,
            currency=facts.currency,
            paid_at=facts.paid_at,
            fps_reference=facts.fps_reference,
            issued_at=facts.issued_at,
        )

    def _department(self, department_id: str, language: Language) -> dict[str, str]:
        return {"id": department_id, "name": self.name_of(department_id, language)}

    def _facts(self, receipt: Receipt) -> Facts:
        return Facts(
            issuer=self.base_url,
            number=receipt.number,
            department_id=receipt.department_id,
            bill_number=receipt.bill_number,
            amount_cents=receipt.amount_cents,
            currency=receipt.currency,
            fps_reference=receipt.fps_reference,
            paid_at=receipt.paid_at,
            issued_at=receipt.issued_at,
        )
