"""`ferry payments parity`, `worklist`, `close`: our books beside the bank's file."""

from collections import defaultdict
from datetime import date

import click

from backend.core import clock
from backend.core.office import rows_or_stop
from backend.payments.commands.given import AS_JSON, OPERATOR, age, day_of, money, tell
from backend.payments.parity.actions import close_finding
from backend.payments.parity.models import (
    ParityDay,
    ParityFinding,
    ParitySum,
    days_newest_first,
    findings_of,
    open_findings,
    sums_of,
)

DAYS_SHOWN = 31
MOST_SHOWN = 500


@click.command()
@click.option("--day", callback=day_of, metavar="DATE", help="All that differed on one day.")
@AS_JSON
def parity(day: date | None, as_json: bool) -> None:
    """Show the last days, each with what the bank's file and our books come to, by currency."""
    with rows_or_stop() as rows, rows.transaction(read_only=True) as db:
        if day is not None:
            found = [_finding(each) for each in db.scalars(findings_of(day))]
            tell(found, as_json=as_json, none=f"Nothing differed on {day}, or it was not checked.")
            return
        newest = db.scalars(days_newest_first(DAYS_SHOWN)).all()
        found_sums = db.scalars(sums_of([each.day for each in newest])).all()
    moved: dict[date, list[ParitySum | None]] = defaultdict(list)
    for sums in found_sums:
        moved[sums.day].append(sums)
    days = [_day(each, sums) for each in newest for sums in moved[each.day] or [None]]
    tell(days, as_json=as_json, none="No day was checked yet.")


@click.command()
@AS_JSON
def worklist(as_json: bool) -> None:
    """Show what differed and nobody has closed, the oldest day first."""
    with rows_or_stop() as rows, rows.transaction(read_only=True) as db:
        found = [_finding(each) for each in db.scalars(open_findings(MOST_SHOWN))]
    tell(found, as_json=as_json, none="The work list is empty.")


@click.command()
@click.argument("finding_id", metavar="FINDING")
@OPERATOR
def close(finding_id: str, operator: str) -> None:
    """Take FINDING off the work list."""
    with rows_or_stop() as rows, rows.transaction() as db:
        finding = close_finding(db, finding_id, operator, clock.now())
    click.echo(f"{finding_id} is closed, by {finding.closed_by}.")


def _day(day: ParityDay, sums: ParitySum | None) -> dict[str, object]:
    """One line of a day: one of each currency, and one without where nothing moved."""
    return {
        "day": str(day.day),
        "checked": day.checked_at is not None,
        "bank": money(sums.bank_cents, sums.currency) if sums else None,
        "ours": money(sums.our_cents, sums.currency) if sums else None,
        "movements": sums.bank_count if sums else None,
        "tries": day.tries,
    }


def _finding(finding: ParityFinding) -> dict[str, str | None]:
    return {
        "id": finding.id,
        "day": str(finding.day),
        "kind": finding.kind,
        "transaction": finding.transaction_id,
        "bank": money(finding.bank_cents, finding.bank_currency),
        "ours": money(finding.our_cents, finding.our_currency),
        "age": age(finding.found_at),
        "closed_by": finding.closed_by,
    }
