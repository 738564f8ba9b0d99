"""The words of a printed receipt, and times as a calendar and a clock in Hong Kong show them."""

from datetime import datetime

from backend.bills import dollars
from backend.core.clock import HONG_KONG
from backend.core.languages import Language, Words

RECEIPT = Words("Receipt", "收據", "收据")
PAID = Words("Paid by FPS", "已用轉數快繳付", "已用转数快缴付")
FOR = Words("For", "繳付項目", "缴付项目")
BILL_NUMBER = Words("Bill number", "賬單號碼", "账单号码")
NUMBER = Words("Receipt number", "收據號碼", "收据号码")
PAID_AT = Words("Paid at (Hong Kong time)", "繳付時間（香港時間）", "缴付时间（香港时间）")
ISSUED_AT = Words("Issued at (Hong Kong time)", "發出時間（香港時間）", "发出时间（香港时间）")
FPS_REFERENCE = Words("FPS reference", "轉數快參考編號", "转数快参考编号")
CHECK = Words("Is this receipt real?", "如何查核此收據", "如何查核此收据")
HOW_TO_CHECK = Words(
    "Scan the code: the page says whether it was signed here, and what was paid. It must begin with",
    "掃描二維碼，網頁會顯示此收據是否由此簽發及所繳金額。網址必須以下列文字開首：",
    "扫描二维码，网页会显示此收据是否由此签发及所缴金额。网址必须以下列文字开头：",
)
ILLUSTRATIVE = Words(
    "Demonstration only: illustrative, not official. No money was paid.",
    "只供示範，並非正式收據；沒有繳付任何款項。",
    "只供示范，并非正式收据；没有缴付任何款项。",
)
SIGNS = {"HKD": "HK$", "CNY": "CN¥"}
MONTHS = (
    "January February March April May June July August September October November December"
).split()


def money(amount_cents: int, currency: str) -> str:
    """Write an amount with its currency: `HK$1,234.50`, `CN¥1.00`, `USD 1.00`; a minus goes first."""
    minus = "-" if amount_cents < 0 else ""
    return f"{minus}{SIGNS.get(currency, f'{currency} ')}{dollars(abs(amount_cents))}"


def moment(at: datetime, language: Language) -> str:
    """Write a time as people read it in Hong Kong: `23 November 2026, 16:05:09`."""
    local = at.astimezone(HONG_KONG)
    if language is Language.EN:
        return f"{local.day} {MONTHS[local.month - 1]} {local.year}, {local:%H:%M:%S}"
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M:%S}"
