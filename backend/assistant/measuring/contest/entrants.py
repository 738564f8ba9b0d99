"""Who takes part, and what must be there for them to."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

NLPJS = Path(__file__).with_name("nlpjs")
NLPJS_VERSION = "4.27.0"
INSTALL_SECONDS = 180
FERRY = "ferry"

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Entrant:
    """One rival: its name in the table, the command of its processes, what these need to know."""

    key: str
    title: str
    command: tuple[str, ...]
    ranks_three: bool = True
    environment: dict[str, str] = field(default_factory=dict)


class Absent(Exception):
    """A rival cannot take part; the message is a plain sentence."""


def _python(module: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", f"backend.assistant.measuring.contest.{module}", *arguments)


def _fuzzy(key: str, title: str) -> Entrant:
    return Entrant(key, f"rapidfuzz extractOne, {title}", _python("fuzzy", key), ranks_three=False)


OURS = Entrant(FERRY, "Ferry", _python("ferry"))
IN_PYTHON = (
    OURS,
    _fuzzy("default", "default (WRatio)"),
    _fuzzy("token_set", "token_set_ratio"),
    _fuzzy("token_sort", "token_sort_ratio"),
    Entrant("sklearn", "scikit-learn, tf-idf + LinearSVC", _python("pipeline")),
)
KEYS = (*(entrant.key for entrant in IN_PYTHON), "nlpjs")


def nlpjs(folder: Path, say: Say) -> Entrant:
    """Return nlp.js, installed under `folder` if it is not yet; or raise `Absent`.

    The versions and hashes of its packages are pinned beside this file, and none of them runs a
    script of its own at installation.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        raise Absent("nlp.js was left out: Node and npm are not installed here.")
    place = folder / f"nlpjs-{NLPJS_VERSION}"
    if not (place / "installed").exists():
        say(f"installing nlp.js {NLPJS_VERSION} into {place} (12 MB, once) …")
        _install(npm, place)
    return Entrant(
        "nlpjs",
        f"nlp.js {NLPJS_VERSION}",
        (node, "--expose-gc", str(NLPJS / "child.cjs")),
        environment={"FERRY_NLPJS": str(place / "node_modules")},
    )


def _install(npm: str, place: Path) -> None:
    place.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(NLPJS / name, place / name)
    try:
        subprocess.run(
            [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            cwd=place,
            check=True,
            capture_output=True,
            timeout=INSTALL_SECONDS,
            env=dict(os.environ),
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise Absent(
            "nlp.js was left out: its packages could not be fetched. Is the npm registry reachable?"
        ) from error
    (place / "installed").touch()
