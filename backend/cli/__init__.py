"""The `ferry` command: one word per deed, each loaded only when it is called."""

import importlib
import os
from collections.abc import Mapping

import click

from backend.core.settings import CHECKOUT, data_dir_of

CATALOGUE = CHECKOUT / "catalogue"
# word -> where its command stands
DEEDS: Mapping[str, str] = {
    "serve": "backend.cli.running:serve",
    "work": "backend.cli.running:work",
    "migrate": "backend.cli.running:migrate",
    "seed": "backend.cli.demo:seed",
    "demo": "backend.cli.demo:demo",
    "demo-city": "backend.cli.city:demo_city",
    "openapi": "backend.cli.openapi:openapi",
    "departments": "backend.departments.commands:departments",
    "payments": "backend.payments.commands:payments",
    "catalogue": "backend.menu.commands:catalogue",
    "intents": "backend.assistant.commands:intents",
    "bills": "backend.bills.runs.commands:bills",
    "runs": "backend.notifications.runs.commands:runs",
    "deliveries": "backend.notifications.outbox.commands:deliveries",
}
# deeds that run for long and are asked how they do
COUNTED = ("serve", "work")


def _share_metrics() -> None:
    """Let web and worker count into one folder; prometheus_client looks only when imported."""
    folder = data_dir_of() / "metrics"
    folder.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(folder))


class Deeds(click.Group):
    """A group whose commands are imported when called, so that a small deed loads little."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(DEEDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in DEEDS:
            return None
        module, _, name = DEEDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is called; the list of `--help` does not come this way."""
        if args[0] in COUNTED:
            _share_metrics()
        return super().resolve_command(ctx, args)


def known_services() -> Mapping[str, str]:
    """Return the catalogue's services, which intents may open, each with its department."""
    document = importlib.import_module("backend.menu.commands").read_or_stop(CATALOGUE)
    departments = document["departments"]
    return {service["id"]: each["id"] for each in departments for service in each["services"]}


@click.group(cls=Deeds)
@click.version_option(package_name="ferry")
@click.pass_context
def ferry(context: click.Context) -> None:
    """Ferry, the open backend of a citizen's one-stop app."""
    context.obj = known_services
