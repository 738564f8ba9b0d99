"""`ferry payments parity`, `worklist`, `close`: our books beside the bank's file."""

from datetime import date

import click

from backend.core import clock
from backend.payments.commands.given import (
    AS_JSON,
    OPERATOR,
    age,
    day_of,
    dollars,
    rows_or_stop,
    tell,
)
from backend.payments.parity.actions import close_finding
from backend.payments.parity.models import (
    ParityFinding,
    days_newest_first,
    findings_of,
    open_findings,
)

DAYS_SHOWN = 31
MOST_SHOWN = 500


@click.command()
@click.option("--day", callback=day_of, metavar="DATE", help="All that differed on one day.")
@AS_JSON
def parity(day: date | None, as_json: bool) -> None:
    """Show the last days, each with what the bank's file and our books come to."""
    with rows_or_stop() as rows, rows.transaction(read_only=True) as db:
        if day is not None:
            found = [_finding(each) for each in db.scalars(findings_of(day))]
            tell(found, as_json=as_json, none=f"Nothing differed on {day}, or it was not checked.")
            return
        days = [
            {
                "day": str(each.day),
                "checked": each.checked_at is not None,
                "bank": dollars(each.bank_cents) if each.checked_at else None,
                "ours": dollars(each.our_cents) if each.checked_at else None,
                "movements": each.bank_count if each.checked_at else None,
                "tries": each.tries,
            }
            for each in db.scalars(days_newest_first(DAYS_SHOWN))
        ]
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


def _finding(finding: ParityFinding) -> dict[str, str | None]:
    return {
        "id": finding.id,
        "day": str(finding.day),
        "kind": finding.kind,
        "transaction": finding.transaction_id,
        "bank": dollars(finding.bank_cents),
        "ours": dollars(finding.our_cents),
        "age": age(finding.found_at),
        "closed_by": finding.closed_by,
    }
