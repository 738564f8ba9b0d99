"""The simulated bank's pages: plain HTML in three languages, without scripts, first for a phone."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask import Response, render_template_string, request

from backend.core.clock import HONG_KONG
from backend.core.languages import Language, negotiate
from backend.simulators.bank_book import Line
from backend.simulators.bank_ledger import Ledger
from backend.simulators.bank_qr import Code
from backend.simulators.bank_words import REFUSALS, WORDS

SHOWN = 50
FRAME = """<!doctype html>
<html lang="{{ language }}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }} · {{ words.bank }}</title>
<style>
  * { box-sizing: border-box }
  body { margin: 0; font: 1.0625rem/1.5 system-ui, sans-serif; color: #1c1c28; background: #f4f4f7 }
  .banner { margin: 0; padding: .75rem 1rem; background: #7a1420; color: #fff; font-weight: 700;
            font-size: 1.25rem; text-align: center }
  header, main { max-width: 40rem; margin: 0 auto; padding: 0 1rem }
  header { display: flex; flex-wrap: wrap; gap: .25rem 1rem; padding-top: .75rem;
           justify-content: space-between; align-items: center }
  main { padding-bottom: 3rem }
  a { color: #17479e }
  nav a { display: inline-block; padding: .5rem .25rem }
  nav a[aria-current] { color: inherit; font-weight: 700; text-decoration: none }
  h1 { font-size: 1.5rem; margin: .75rem 0 }
  h2 { font-size: 1.15rem; margin: 1.5rem 0 .5rem }
  .card { background: #fff; border: 1px solid #d5d5df; border-radius: .75rem; padding: 1rem }
  dl { margin: 0 }
  dt { color: #54545f; font-size: .9375rem }
  dd { margin: 0 0 .75rem; overflow-wrap: anywhere }
  dd.amount { font-size: 2.25rem; font-weight: 700; line-height: 1.2 }
  label { display: block; margin: 1rem 0 .25rem; font-weight: 600 }
  textarea, input { width: 100%; padding: .75rem; font: inherit; border: 1px solid #74747f;
                    border-radius: .5rem }
  button { width: 100%; min-height: 3.25rem; margin-top: 1rem; font: inherit; font-weight: 700;
           color: #fff; background: #17479e; border: 0; border-radius: .5rem }
  :focus-visible { outline: 3px solid #e08a00; outline-offset: 2px }
  .sorry { border-left: .5rem solid #7a1420 }
  .scroll { overflow-x: auto }
  table { width: 100%; border-collapse: collapse; font-size: .9375rem; background: #fff }
  th, td { padding: .5rem; text-align: left; border-bottom: 1px solid #d5d5df;
           white-space: nowrap }
</style>
</head>
<body>
<p class="banner" role="note">{{ words.banner }}</p>
<header>
  <strong>{{ words.bank }}</strong>
  <nav aria-label="{{ words.choose }}">
  {%- for tag, name in [("en", "English"), ("zh-Hant", "繁體"), ("zh-Hans", "简体")] %}
    <a href="{{ address(tag) }}" lang="{{ tag }}" hreflang="{{ tag }}"
       {%- if tag == language %} aria-current="true"{% endif %}>{{ name }}</a>
  {%- endfor %}
  </nav>
</header>
<main>
<h1>{{ title }}</h1>
"""
CODE_FORM = """
<form class="card" method="get" action="/pay">
  <input type="hidden" name="lang" value="{{ language }}">
  <label for="qr">{{ words.paste }}</label>
  <textarea id="qr" name="qr" rows="4" required spellcheck="false">{{ text }}</textarea>
  <button>{{ words.show }}</button>
</form>
"""
SORRY = """
{%- if sorry %}
<p class="card sorry" role="alert"><strong>{{ words.sorry }}.</strong> {{ sorry }}</p>
{%- endif %}
"""
PAY = """
{%- if code %}
<div class="card">
  <dl>
    <dt>{{ words.payee }}</dt><dd>{{ code.payee_name }} ({{ code.payee }})</dd>
    {%- if code.amount_cents %}
    <dt>{{ words.amount }}</dt><dd class="amount">{{ money(code.amount_cents, code.currency) }}</dd>
    {%- endif %}
    {%- if code.bill_number %}<dt>{{ words.bill_number }}</dt><dd>{{ code.bill_number }}</dd>{% endif %}
    {%- if code.reference %}<dt>{{ words.reference }}</dt><dd>{{ code.reference }}</dd>{% endif %}
    {%- if code.expires_at %}<dt>{{ words.pay_by }}</dt><dd>{{ time(code.expires_at) }}</dd>{% endif %}
  </dl>
  {%- if can_pay %}
  <form method="post" action="/pay">
    <input type="hidden" name="lang" value="{{ language }}">
    <input type="hidden" name="qr" value="{{ text }}">
    <input type="hidden" name="tap" value="{{ tap }}">
    {%- if not code.amount_cents %}
    <label for="amount">{{ words.amount_to_type }}</label>
    <input id="amount" name="amount" inputmode="decimal" autocomplete="off" required>
    {%- endif %}
    <button>{{ words.pay }}</button>
  </form>
  {%- endif %}
</div>
{%- endif %}
"""
RECEIPT = """
<div class="card" role="status">
  <dl>
    <dt>{{ words.amount }}</dt><dd class="amount">{{ money(paid.amount_cents, paid.currency) }}</dd>
    <dt>{{ words.payee }}</dt><dd>{{ code.payee_name }} ({{ code.payee }})</dd>
    {%- if code.bill_number %}<dt>{{ words.bill_number }}</dt><dd>{{ code.bill_number }}</dd>{% endif %}
    <dt>{{ words.paid_at }}</dt><dd>{{ time(paid.paid_at) }}</dd>
    <dt>{{ words.fps_reference }}</dt><dd>{{ paid.fps_reference }}</dd>
  </dl>
</div>
"""
HALL = """
<h2>{{ words.hall_title }}</h2>
{%- if movements %}
<div class="scroll" role="region" aria-label="{{ words.hall_title }}" tabindex="0">
<table>
<thead><tr><th scope="col">{{ words.amount }}</th><th scope="col">{{ words.kind }}</th>
<th scope="col">{{ words.time }}</th><th scope="col">{{ words.reference }}</th>
<th scope="col">{{ words.fps_reference }}</th></tr></thead>
<tbody>
{%- for each in movements %}
<tr><td>{{ money(each.amount_cents, each.currency) }}</td><td>{{ words[each.type] }}</td>
<td>{{ time(each.booked_at) }}</td><td>{{ each.reference or "–" }}</td>
<td>{{ each.fps_reference }}</td></tr>
{%- endfor %}
</tbody></table></div>
{%- else %}<p>{{ words.nothing }}</p>{% endif %}
{%- if orders %}
<h2>{{ words.orders }}</h2>
<div class="scroll" role="region" aria-label="{{ words.orders }}" tabindex="0">
<table>
<thead><tr><th scope="col">{{ words.bill_number }}</th><th scope="col">{{ words.amount }}</th>
<th scope="col">{{ words.state }}</th><th scope="col">{{ words.reference }}</th></tr></thead>
<tbody>
{%- for each in orders %}
<tr><td>{{ each.bill_number }}</td><td>{{ money(each.amount_cents, each.currency) }}</td>
<td>{{ words[each.state] }}</td><td>{{ each.reference }}</td></tr>
{%- endfor %}
</tbody></table></div>
{%- endif %}
<p><a href="/log">{{ words.raw }}</a></p>
"""
TO_HALL = '<p><a href="/?lang={{ language }}">{{ words.to_hall }}</a></p>'
FOOT = "</main></body></html>"


def hall_page(ledger: Ledger) -> Response:
    """Show where to pay, and what was booked last."""
    with ledger.lock:
        ledger.settle()
        days = sorted(ledger.movements)[-2:]
        movements = [line for day in days for line in ledger.movements[day]][-SHOWN:]
        orders = list(ledger.orders.values())[-SHOWN:]
    body = CODE_FORM + HALL
    return _page(body, "pay_title", movements=movements[::-1], orders=orders[::-1], text="")


def pay_page(text: str, code: Code | None, refusal: str | None, tap: str = "") -> Response:
    """Show what a code asks for and a button to pay it, or why it cannot be paid.

    `tap` is of this page alone: whatever is sent with it is paid once.
    """
    if refusal == "code_broken" and not text:
        return _page(CODE_FORM, "pay_title", text=text)
    sorry = REFUSALS[refusal].into(_language()) if refusal else None
    can_pay = refusal in (None, "amount_odd")
    body = SORRY + (PAY if code else CODE_FORM) + TO_HALL
    status = 409 if sorry else 200
    beside = {"text": text, "code": code, "sorry": sorry, "can_pay": can_pay, "tap": tap}
    return _page(body, "pay_title", status, **beside)


def receipt_page(paid: Line, code: Code) -> Response:
    """Show that the money has gone."""
    return _page(RECEIPT + TO_HALL, "paid_title", paid=paid, code=code)


def _page(body: str, title: str, status: int = 200, **beside: Any) -> Response:
    language = _language()
    words = {name: each.into(language) for name, each in WORDS.items()}
    text = render_template_string(
        FRAME + body + FOOT,
        language=language,
        words=words,
        title=words[title],
        address=_address_in,
        money=_money,
        time=_time,
        **beside,
    )
    response = Response(text, status=status, mimetype="text/html")
    response.headers["Content-Language"] = language
    response.headers["Vary"] = "Accept-Language"
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"
    )
    return response


def _language() -> Language:
    asked = request.values.get("lang")
    return negotiate([asked] if asked else list(request.accept_languages.values()))


def _address_in(tag: str) -> str:
    """Return the address of this page in another language; what was sent by a form is asked anew."""
    asked = {name: value for name, value in request.values.items() if name in ("qr", "lang")}
    return str(request.path + "?" + urlencode({**asked, "lang": tag}))


def _money(amount_cents: int, currency: str) -> str:
    sign = {"HKD": "HK$", "CNY": "CN¥"}.get(currency, f"{currency} ")
    return f"{sign}{amount_cents // 100:,}.{amount_cents % 100:02d}"


def _time(moment: datetime | str) -> str:
    at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return at.astimezone(HONG_KONG).strftime("%Y-%m-%d %H:%M:%S")
