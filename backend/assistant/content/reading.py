"""Reads `intents/` in a limited child process, so that no file can hurt whoever asks for it."""

import hashlib
import json
import resource
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backend.assistant.content import shapes
from backend.core.strict_yaml import LARGEST_BYTES, NotPlain, read_plain

SECONDS_PER_FILE = 2
SECONDS_IN_ALL = 120
MEMORY_BYTES = 256 * 1024 * 1024
MOST_FILES = 20_000
SINGLE_FILES: dict[str, shapes.Reader] = {
    "words.yaml": shapes.words,
    "outside.yaml": shapes.outside,
    "talk/kinds.yaml": shapes.bill_kinds,
}
_TALK: dict[str, shapes.Reader] = {
    "help": shapes.telling,
    "follow": shapes.telling,
    "own": shapes.heard,
    "choose": shapes.heard,
}
_CHECKOUT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """What is wrong with the content, as a sentence with its place; line 0 is the whole file."""

    file: str
    line: int
    sentence: str

    def __str__(self) -> str:
        place = f"{self.file}, line {self.line}" if self.line else self.file
        return f"{place}: {self.sentence}"


@dataclass(frozen=True, slots=True)
class Reading:
    """What the child has read: the plain data of each file that has its shape, and the problems."""

    files: Mapping[str, Any]
    problems: tuple[Problem, ...]


def files_of(folder: Path) -> list[str]:
    """List the YAML files of `folder` by their names inside it, sorted."""
    names = (path.relative_to(folder).as_posix() for path in folder.rglob("*.yaml"))
    return sorted(names)[:MOST_FILES]


def strays_of(folder: Path) -> list[str]:
    """List the files of `folder` that nobody reads, sorted: they look like content and are none.

    The note at the top is for people; what begins with a dot belongs to somebody's tools.
    """
    names = (path.relative_to(folder) for path in folder.rglob("*") if not path.is_dir())
    return sorted(
        name.as_posix()
        for name in names
        if name.suffix != ".yaml"
        and name.as_posix() != "README.md"
        and not any(part.startswith(".") for part in name.parts)
    )


def digest_of(folder: Path) -> str:
    """Return the hash of every file of `folder`, SHA-256 in hex, without reading YAML."""
    total = hashlib.sha256()
    for name in files_of(folder):
        with (folder / name).open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        total.update(f"{name}\0{content}\n".encode())
    return total.hexdigest()


def read_files(folder: Path) -> Reading:
    """Read every file of `folder` in a child; a file that stops the child is named and refused."""
    files: dict[str, Any] = {}
    sentence = "this file is not read; the name of content ends in .yaml."
    problems = [Problem(name, 0, sentence) for name in strays_of(folder)]
    waiting = files_of(folder)
    while waiting:
        done = 0
        for name, found, wrong in _child(folder, waiting):
            done += 1
            problems += [Problem(name, line, sentence) for line, sentence in wrong]
            if not wrong:
                files[name] = found
        if done < len(waiting):
            sentence = "reading this file took too much time or memory; it is refused."
            problems.append(Problem(waiting[done], 0, sentence))
        waiting = waiting[done + 1 :]
    return Reading(files, tuple(problems))


def _child(folder: Path, names: list[str]) -> Iterator[tuple[str, Any, list[tuple[int, str]]]]:
    command = [sys.executable, "-m", "backend.assistant.content.reading", str(folder.resolve())]
    try:
        run = subprocess.run(
            command,
            input=json.dumps(names).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=_CHECKOUT,
            timeout=SECONDS_IN_ALL,
            check=False,
        )
        output = run.stdout
    except subprocess.TimeoutExpired as error:
        output = error.stdout or b""
    for line in output.split(b"\n")[:-1]:
        yield json.loads(line)


def _read_all(folder: Path) -> None:
    """Be the child: read the files named on stdin, print one line of JSON for each."""
    names = json.loads(sys.stdin.buffer.read())
    _limit_memory()
    for name in names:
        _allow_more_time()
        found, wrong = read_one(folder / name, name)
        sys.stdout.write(json.dumps([name, found, wrong]) + "\n")
        sys.stdout.flush()


def read_one(path: Path, name: str) -> tuple[Any, list[tuple[int, str]]]:
    """Return the plain data of one file and what is wrong with it."""
    wrong: list[tuple[int, str]] = []
    try:
        with path.open("rb") as file:
            node = read_plain(file.read(LARGEST_BYTES + 1))
        return _shape_of(name)(node, wrong), wrong
    except NotPlain as error:
        return None, [(error.line, error.sentence)]
    except OSError:
        return None, [(0, "this file cannot be opened.")]


def _shape_of(name: str) -> shapes.Reader:
    if name in SINGLE_FILES:
        return SINGLE_FILES[name]
    if name.startswith("talk/"):
        return _TALK.get(name.removeprefix("talk/").partition("/")[0], shapes.nowhere)
    return shapes.crisis if name.startswith("crisis/") else shapes.intent


def _limit_memory() -> None:
    """Allow `MEMORY_BYTES` beyond what the interpreter and its libraries have mapped by now."""
    try:
        mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (mapped + MEMORY_BYTES,) * 2)
    except (OSError, ValueError):
        # Not Linux: the limits on size, depth and time still hold.
        return


def _allow_more_time() -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime) + 1 + SECONDS_PER_FILE
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))


if __name__ == "__main__":
    _read_all(Path(sys.argv[1]))
