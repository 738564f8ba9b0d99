"""How account numbers are compared, and what proves that an account is one's own."""

import hmac
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from backend.core.errors import Conflict, Invalid, NotFound
from backend.core.languages import Words

BILLS_THAT_PROVE = 2  # whose codes are taken; the amount is that of the newest alone
MOST_TOLD = 12  # bills that a new link tells of; older ones appear without a word
_LEFT_OUT = dict.fromkeys(map(ord, "-‐‑‒–—−"))


class AccountNotProved(Invalid):
    code = "account_not_proved"
    says = Words(
        "We cannot link this account. Check the account number, and the amount or the code on "
        "your last bill.",
        "未能連結此帳戶，請核對帳戶號碼，以及最近一張賬單上的金額或代碼。",
        "未能连接此账户，请核对账户号码，以及最近一张账单上的金额或代码。",
    )


class LinkNotFound(NotFound):
    code = "account_link_not_found"


class AccountBeingPaid(Conflict):
    code = "account_being_paid"
    says = Words(
        "You are paying a bill of this account at this moment. Try again once that is done.",
        "你正在繳付此帳戶的賬單，請於完成後再試。",
        "你正在缴付此账户的账单，请于完成后再试。",
    )


@dataclass(frozen=True)
class Proof:
    """What a resident knows of their last bill: its amount, or a code printed on it."""

    amount_cents: int | None = None
    code: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Printed:
    """What stands on a bill that can prove whose account it is."""

    amount_cents: int
    link_code: str | None = field(default=None, repr=False)


def plain_account(text: str) -> str:
    """Fold an account number, so that one number has one spelling: `1234-5678 a` is `12345678A`.

    Blanks and hyphens go, letters are capitals, and full-width digits are plain ones. What holds
    nothing else comes back empty.
    """
    wide = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).upper())
    # Marks that stood behind a blank may join a letter now, so that is settled last.
    return unicodedata.normalize("NFC", "".join(wide.translate(_LEFT_OUT).split()))


def proves(proof: Proof, newest_first: Sequence[Printed]) -> bool:
    """Say whether a proof fits an account with these newest bills; without a bill nothing does."""
    if proof.code is None:
        return any(bill.amount_cents == proof.amount_cents for bill in newest_first[:1])
    given = plain_account(proof.code).encode()
    codes = [plain_account(bill.link_code or "").encode() for bill in newest_first]
    fits = [hmac.compare_digest(given, code) and bool(code) for code in codes[:BILLS_THAT_PROVE]]
    return any(fits)
