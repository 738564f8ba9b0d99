"""`ferry payments books` and `settlement`: what the money comes to, and what a department is told."""

import csv
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, fields
from datetime import date
from pathlib import Path
from typing import TextIO

import click
from sqlalchemy.orm import Session

from backend.core.office import rows_or_stop
from backend.core.paging import MOST
from backend.departments import ensure_department
from backend.payments.balancing import Sums, read_books
from backend.payments.commands.given import AS_JSON, day_of, money
from backend.payments.parity.actions import Settled, read_settlement


@click.command()
@AS_JSON
def books(as_json: bool) -> None:
    """Show what the books come to; exit with 1 where they do not hold together."""
    with rows_or_stop() as rows, rows.transaction(read_only=True) as db:
        found = read_books(db)
    if as_json:
        click.echo(json.dumps({**asdict(found), "wrongs": list(found.wrongs)}))
    else:
        for currency, sums in found.by_currency.items():
            _print(currency, sums)
        if not found.by_currency:
            click.echo("No money has come yet.")
    for sentence in found.wrongs:
        click.echo(sentence, err=True)
    if found.wrongs:
        sys.exit(1)


def _print(currency: str, sums: Sums) -> None:
    click.echo(f"came      {money(sums.came_cents, currency)}")
    click.echo(f"settled   {money(sums.settled_cents, currency)}")
    for department, cents in sums.by_department.items():
        click.echo(f"  {department:7} {money(cents, currency)}")
    click.echo(f"held      {money(sums.held_cents, currency)}")
    click.echo(f"returned  {money(sums.returned_cents, currency)}")
    click.echo(f"at bank   {money(sums.bank_cents, currency)}")


@click.command()
@click.argument("department_id", metavar="DEPARTMENT")
@click.option("--day", required=True, callback=day_of, metavar="DATE", help="A Hong Kong date.")
@click.option(
    "--csv", "file", type=click.Path(dir_okay=False, path_type=Path), help="Write it there."
)
@click.pass_obj
def settlement(
    known_services: Callable[[], Mapping[str, str]],
    department_id: str,
    day: date,
    file: Path | None,
) -> None:
    """Show what was settled for DEPARTMENT on a day; with --csv, write every bill of it to a file."""
    with rows_or_stop() as rows, rows.transaction(read_only=True) as db:
        whole = read_settlement(db, department_id, day, None, 1)
        if not whole.count:
            ensure_department(department_id, known_services().values())
        if file is not None:
            write_whole(file, all_settled(db, department_id, day))
    total = money(whole.total_cents, whole.currency)
    click.echo(f"{department_id}, {day}: {whole.count} bills, {total}.")


def all_settled(db: Session, department_id: str, day: date) -> Iterator[Settled]:
    """Yield every bill that was settled on a day, a page at a time."""
    cursor = None
    while True:
        page = read_settlement(db, department_id, day, cursor, MOST).page
        yield from page.items
        cursor = page.next_cursor
        if cursor is None:
            return


def write_whole(file: Path, items: Iterable[Settled]) -> None:
    """Write the file beside its place, and put it there once it is whole."""
    draft = file.with_name(file.name + ".draft")
    try:
        with draft.open("w", encoding="utf-8", newline="") as lines:
            write_csv(lines, items)
            lines.flush()
            os.fsync(lines.fileno())
        draft.replace(file)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise click.ClickException(f"{file} cannot be written: {error.strerror}.") from error


def write_csv(lines: TextIO, items: Iterable[Settled]) -> None:
    """Write CSV (RFC 4180) with a heading line."""
    names = [each.name for each in fields(Settled)]
    sheet = csv.DictWriter(lines, names)
    sheet.writeheader()
    for item in items:
        sheet.writerow({**asdict(item), "paid_at": item.paid_at.isoformat()})
