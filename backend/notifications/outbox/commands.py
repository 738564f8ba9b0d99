"""`ferry deliveries`: pushes that were parked, and letting them go again."""

import json

import click
from tqdm import tqdm

from backend.core import clock
from backend.core.office import office, rows_or_stop
from backend.notifications.outbox.replaying import list_parked
from backend.notifications.outbox.replaying import replay as replay_parked


@click.group()
def deliveries() -> None:
    """Pushes that could not be placed."""


@deliveries.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def parked(as_json: bool) -> None:
    """Show how many pushes are parked, and why."""
    with rows_or_stop() as rows, rows.transaction(read_only=True) as db:
        found = list_parked(db)
    if as_json:
        shown = [
            {"reason": each.reason, "count": each.count, "since": each.since.isoformat()}
            for each in found
        ]
        click.echo(json.dumps(shown))
        return
    for each in found:
        click.echo(f"{each.count:>9,}  since {each.since:%Y-%m-%d %H:%M} UTC  {each.reason}")
    if not found:
        click.echo("Nothing is parked.")


@deliveries.command()
@click.option("--reason", help="Only what was parked for this reason, as `parked` shows it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def replay(reason: str | None, yes: bool) -> None:
    """Let parked pushes go again, once what was wrong is mended."""
    with office() as (rows, ring):
        with rows.transaction(read_only=True) as db:
            found = [each for each in list_parked(db) if reason in (None, each.reason)]
        count = sum(each.count for each in found)
        if not count:
            raise click.ClickException("Nothing is parked for that.")
        if not yes:
            click.confirm(f"Push {count:,} again?", abort=True)
        again = 0
        with tqdm(total=count, unit=" pushes", disable=None) as bar:
            for batch in replay_parked(rows, reason, clock.now(), ring):
                again += batch
                bar.update(batch)
    click.echo(f"{again:,} pushes wait again; what is too old by now is dropped.")
