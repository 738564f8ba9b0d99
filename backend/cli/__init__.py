"""The `ferry` command: one word per deed, each loaded only when it is called."""

import importlib
from collections.abc import Mapping

import click

# word -> where its command stands
DEEDS: Mapping[str, str] = {
    "serve": "backend.cli.running:serve",
    "work": "backend.cli.running:work",
    "migrate": "backend.cli.running:migrate",
    "seed": "backend.cli.demo:seed",
    "demo": "backend.cli.demo:demo",
    "demo-city": "backend.cli.city:demo_city",
    "openapi": "backend.cli.openapi:openapi",
    "catalogue": "backend.menu.commands:catalogue",
    "intents": "backend.assistant.commands:intents",
}


class Deeds(click.Group):
    """A group whose commands are imported when called, so that `ferry --help` is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(DEEDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in DEEDS:
            return None
        module, _, name = DEEDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command


@click.group(cls=Deeds)
@click.version_option(package_name="ferry")
def ferry() -> None:
    """Ferry, the open backend of a citizen's one-stop app."""
