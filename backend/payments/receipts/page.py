"""What a browser shows who scanned the code of a receipt: whether it is sound, and what was paid.

Plain HTML that an old phone shows as well: no script, nothing from elsewhere.
"""

import base64
import hashlib
from html import escape
from urllib.parse import urlencode

from flask import Response
from werkzeug.datastructures import MIMEAccept

from backend.core.languages import Language, Words
from backend.payments.receipts import wording
from backend.payments.receipts.reading import CHECK_PATH, CheckedReceipt

HTML = "text/html"
SOUND = Words("This receipt is sound", "此收據屬實", "此收据属实")
NOT_SOUND = Words("This is no receipt of ours", "此並非我們發出的收據", "此并非我们发出的收据")
SIGNED = Words(
    "It was signed here and says what was paid. Compare it with the receipt that you hold:",
    "此收據由本系統簽發，所繳款項如下。請與你手上的收據核對：",
    "此收据由本系统签发，所缴款项如下。请与你手上的收据核对：",
)
CHANGED = Words(
    "It was not signed here, or it was changed since. Do not rely on it.",
    "此收據並非由本系統簽發，或曾被更改，請勿依賴。",
    "此收据并非由本系统签发，或曾被更改，请勿依赖。",
)
AMOUNT = Words("Amount paid", "已繳金額", "已缴金额")
DEPARTMENT = Words("Department", "部門", "部门")
NAMES = {Language.EN: "English", Language.ZH_HANT: "繁體中文", Language.ZH_HANS: "简体中文"}
STYLE = (
    "body{font:1.1em/1.5 sans-serif;color:#111;background:#fff;max-width:34em;margin:auto;"
    "padding:1em}h1{padding:.4em;border:.15em solid}.sound{color:#064}.wrong{color:#a00}"
    "dt{color:#555}dd{margin:0 0 .7em;font-size:1.2em;word-wrap:break-word}nav a{margin-right:1em}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)


def is_wanted(accepted: MIMEAccept) -> bool:
    """Say whether a browser asks, which would rather have HTML; whoever takes anything gets JSON."""
    return accepted.quality(HTML) > accepted.quality("application/json")


def show(
    jws: str, receipt: CheckedReceipt | None, language: Language, *, is_demo: bool
) -> Response:
    """Make the page of a check; `receipt` is None where the signature is not ours."""
    verdict = NOT_SOUND if receipt is None else SOUND
    kind, said = ("wrong", CHANGED) if receipt is None else ("sound", SIGNED)
    parts = [
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{verdict.into(language)}</title>\n<style>{STYLE}</style>\n</head>\n<body>",
        _languages(jws, language),
        f"<p><strong>{wording.ILLUSTRATIVE.into(language)}</strong></p>" if is_demo else "",
        f'<h1 class="{kind}">{verdict.into(language)}</h1>\n<p>{said.into(language)}</p>',
        "" if receipt is None else _facts(receipt, language),
        "</body>\n</html>\n",
    ]
    reply = Response("\n".join(part for part in parts if part), mimetype=HTML)
    reply.headers["Content-Security-Policy"] = POLICY
    reply.headers["Content-Language"] = language
    reply.vary.update(("Accept", "Accept-Language"))
    return reply


def _languages(jws: str, shown: Language) -> str:
    others = (
        (name, language, escape(f"{CHECK_PATH}?{urlencode({'t': jws, 'lang': language})}"))
        for language, name in NAMES.items()
        if language is not shown
    )
    links = (f'<a lang="{lang}" href="{address}">{name}</a>' for name, lang, address in others)
    return f"<nav>{' '.join(links)}</nav>"


def _facts(receipt: CheckedReceipt, language: Language) -> str:
    rows = (
        (AMOUNT, wording.money(receipt.amount_cents, receipt.currency)),
        (DEPARTMENT, receipt.department["name"]),
        (wording.PAID_AT, wording.moment(receipt.paid_at, language)),
        (wording.NUMBER, receipt.number),
        (wording.BILL_NUMBER, receipt.bill_number),
        (wording.FPS_REFERENCE, receipt.fps_reference),
        (wording.ISSUED_AT, wording.moment(receipt.issued_at, language)),
    )
    listed = (f"<dt>{name.into(language)}</dt><dd>{escape(value)}</dd>" for name, value in rows)
    return "<dl>\n" + "\n".join(listed) + "\n</dl>"
