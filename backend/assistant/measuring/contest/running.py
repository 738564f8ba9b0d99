"""Runs the rivals side by side: each learns and then answers in fresh processes, turn by turn."""

import json
import os
import statistics
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

from backend.assistant.measuring.contest.entrants import FERRY, Entrant, Say
from backend.assistant.measuring.contest.sets import TextSet
from backend.assistant.measuring.questions import Labelled

# One thread each: libraries that multiply matrices would else take every core they find.
ONE_THREAD = {
    f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "VECLIB")
}
WARM_UP = 50
TURN = 50
FEWEST_ASKED = 100
LEARN_SECONDS = 1800


class Broken(Exception):
    """A rival's process failed; the message says whose."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a rival found for one text, and in how many microseconds."""

    names: tuple[str, ...]
    sureness: float
    microseconds: float


@dataclass(frozen=True, slots=True)
class Run:
    """All that one rival did: `replies[round][question]`, and to texts that no intent answers."""

    entrant: Entrant
    train_seconds: float | None
    model_bytes: int
    memory_mb: float
    replies: tuple[tuple[Reply, ...], ...]
    to_strangers: tuple[Reply, ...]


@dataclass
class Player:
    """A rival's process that answers, and what it has said so far."""

    entrant: Entrant
    process: subprocess.Popen[str]
    train_seconds: float | None
    model_bytes: int
    asked: int = 0
    replies: list[list[Reply]] = field(default_factory=list)
    to_strangers: list[Reply] = field(default_factory=list)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.communicate()

    def ask(self, texts: Sequence[str]) -> list[Reply]:
        return [Reply(tuple(names), sure, us) for names, sure, us in self._hear(list(texts))]

    def memory_mb(self) -> float:
        """Return what the process holds beyond its libraries, in MB."""
        return float(self._hear([]))

    def _hear(self, texts: list[str]) -> Any:
        assert self.process.stdin
        assert self.process.stdout
        try:
            self.process.stdin.write(json.dumps(texts) + "\n")
            self.process.stdin.flush()
            return json.loads(self.process.stdout.readline())
        except (OSError, ValueError) as error:
            raise Broken(f"{self.entrant.title} stopped while it was asked.") from error


def run(
    entrants: Sequence[Entrant], texts: TextSet, rounds: int, seconds: float, say: Say
) -> tuple[tuple[Run, ...], tuple[str, ...]]:
    """Let every entrant learn, then ask all of them in turns, `TURN` questions at a time.

    What else the machine does meanwhile so hits all alike. A rival that would take longer than
    `seconds` is asked fewer questions, the same first ones of a dealt order. One that cannot learn,
    for want of memory or of time, is left out: a sentence on each comes back beside the runs. Raises
    `Broken` if that is Ferry, or if one stops while it is asked.
    """
    with TemporaryDirectory(prefix="ferry-contest-") as folder, ExitStack() as stack:
        lines = Path(folder) / "train.jsonl"
        lines.write_text("".join(_line(each) for each in texts.train))
        players: list[Player] = []
        absent: list[str] = []
        for entrant in entrants:
            say(f"{entrant.title}: learning {len(texts.train)} phrases …")
            try:
                player = stack.enter_context(_learnt(entrant, lines, Path(folder) / entrant.key))
                _warm_up(player, texts, rounds, seconds)
            except Broken as error:
                if entrant.key == FERRY:
                    raise
                absent.append(str(error))
                say(str(error))
            else:
                players.append(player)
        for number in range(rounds):
            say(f"asking, round {number + 1} of {rounds} …")
            _round(players, [line.text for line in texts.test])
        for player in players:
            for turn in _turns([line.text for line in texts.oos[: player.asked]]):
                player.to_strangers += player.ask(turn)
        return tuple(map(_run, players)), tuple(absent)


def _learnt(entrant: Entrant, lines: Path, folder: Path) -> Player:
    """Train `entrant` in one process and return another that has loaded the model."""
    folder.mkdir()
    environment = {**os.environ, **ONE_THREAD, **entrant.environment}
    try:
        train = subprocess.run(
            [*entrant.command, "train", str(lines), str(folder)],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            timeout=LEARN_SECONDS,
        )
    except subprocess.CalledProcessError as error:
        raise Broken(f"{entrant.title} was left out: it could not learn these phrases.") from error
    except subprocess.TimeoutExpired as error:
        raise Broken(
            f"{entrant.title} was left out: it did not learn within {LEARN_SECONDS // 60} minutes."
        ) from error
    process = subprocess.Popen(
        [*entrant.command, "ask", str(folder)],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    stored = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return Player(entrant, process, json.loads(train.stdout)["seconds"], stored)


def _warm_up(player: Player, texts: TextSet, rounds: int, seconds: float) -> None:
    """Ask some phrases uncounted, and settle how many questions there is time for."""
    warm = player.ask([line.text for line in texts.train[:: max(1, len(texts.train) // WARM_UP)]])
    # The median: a first call that loads something, or a busy moment, is no measure of the rest.
    each = statistics.median(reply.microseconds for reply in warm) / 1e6
    player.asked = min(len(texts.test), max(FEWEST_ASKED, int(seconds / rounds / each)))


def _round(players: Sequence[Player], texts: Sequence[str]) -> None:
    for player in players:
        player.replies.append([])
    for turn in _turns(texts):
        for player in players:
            due = player.asked - len(player.replies[-1])
            if due > 0:
                player.replies[-1] += player.ask(turn[:due])


def _turns(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    for first in range(0, len(texts), TURN):
        yield texts[first : first + TURN]


def _run(player: Player) -> Run:
    return Run(
        player.entrant,
        player.train_seconds,
        player.model_bytes,
        player.memory_mb(),
        tuple(map(tuple, player.replies)),
        tuple(player.to_strangers),
    )


def _line(labelled: Labelled) -> str:
    return json.dumps({"text": labelled.text, "intent": labelled.intent}, ensure_ascii=False) + "\n"
