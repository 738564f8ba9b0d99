"""What the commands of payments share: an operator's name, money as people write it, columns."""

import json
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import click

from backend.core import clock
from backend.core.errors import Refusal
from backend.core.languages import Language
from backend.payments.parity.actions import read_day
from backend.payments.receipts import wording

AMOUNT = re.compile(r"(\d{1,10})(?:\.(\d{2}))?", re.ASCII)
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
OPERATOR = click.option(
    "--as", "operator", required=True, metavar="OPERATOR", help="Your name, in plain letters."
)
YES = click.option("--yes", is_flag=True, help="Do not ask whether you mean it.")


def confirm(question: str, *, yes: bool) -> None:
    """Ask before money moves; without a person to ask, stop."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.ClickException("Nobody is there to be asked: add --yes if you mean it.")
    click.confirm(question, abort=True)


def money(cents: int | None, currency: str | None) -> str:
    """Write cents as people read them; a dash for none."""
    return "-" if cents is None or currency is None else wording.money(cents, currency)


def cents_of(_context: click.Context, _parameter: click.Parameter, text: str | None) -> int | None:
    """Read an amount, in the currency of whatever money it is of: `12` or `12.50`."""
    if text is None:
        return None
    match = AMOUNT.fullmatch(text)
    if match is None:
        raise click.BadParameter("write an amount such as 12 or 12.50")
    return int(match[1]) * 100 + int(match[2] or 0)


def day_of(_context: click.Context, _parameter: click.Parameter, text: str | None) -> date | None:
    """Read a Hong Kong day: `2026-11-23`."""
    if text is None:
        return None
    try:
        return read_day(text)
    except Refusal as refusal:
        raise click.BadParameter(refusal.sentence(Language.EN)) from refusal


def age(since: datetime) -> str:
    """Say how long ago something was: `3 days`, `5 h`, `12 min`."""
    passed: timedelta = clock.now() - since
    if passed >= timedelta(days=2):
        return f"{passed.days} days"
    minutes = max(int(passed.total_seconds() // 60), 0)
    return f"{minutes // 60} h" if minutes >= 120 else f"{minutes} min"


def tell(shown: Sequence[Mapping[str, Any]], *, as_json: bool, none: str) -> None:
    """Print rows as JSON, or as columns with their names above; `none` where there are none."""
    if as_json:
        click.echo(json.dumps({"items": list(shown)}, ensure_ascii=False))
        return
    if not shown:
        click.echo(none)
        return
    lines = [list(shown[0]), *([_word(value) for value in row.values()] for row in shown)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for line in lines:
        padded = (word.ljust(width) for word, width in zip(line, widths, strict=True))
        click.echo("  ".join(padded).rstrip())


def _word(value: object) -> str:
    """One cell; what came from outside must not steer the terminal."""
    text = "-" if value is None else str(value)
    return "".join(each if each.isprintable() else "?" for each in text)
