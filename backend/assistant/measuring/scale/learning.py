"""Builds and stores an invented release in a process of its own, and says what that took."""

import json
import resource
import sys
import time
from pathlib import Path

import click

from backend.assistant.measuring.scale.invented import LEARNT, Inventor, Size
from backend.assistant.releases.release import Kind, Target
from backend.assistant.releases.store import make_current, save
from backend.assistant.training import Material, build
from backend.core.languages import Language


def material_of(size: Size) -> Material:
    """Invent the phrases of each intent."""
    inventor = Inventor(size)
    names = [f"intent-{number}" for number in range(size.intents)]
    return Material(
        "invented" * 8,
        tuple(Target(Kind.SERVICE, name, name) for name in names),
        tuple(
            tuple((text, Language.EN) for text in inventor.phrases(number, size.phrases, LEARNT))
            for number in range(size.intents)
        ),
    )


def main(size: Size, folder: Path) -> None:
    material = material_of(size)
    began = time.perf_counter()
    release = build(material, lambda line: click.echo(f"  {line}", err=True))
    seconds = time.perf_counter() - began
    make_current(save(release, folder))
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    weights = release.weights.nbytes / 1e6
    click.echo(json.dumps({"seconds": seconds, "peak_mb": most, "weights_mb": weights}))


if __name__ == "__main__":
    main(Size(*json.loads(sys.argv[1])), Path(sys.argv[2]))
