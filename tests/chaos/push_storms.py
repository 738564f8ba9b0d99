"""Bad weather at FCM: refusals, answers that are lost or late, laid down at the simulator's desk."""

import random
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from tests.simulators.desk import Desk

LONGEST_CALM_SECONDS = 2.0
DELAY_SECONDS = 6  # past the share of a lease that is for sending


@dataclass(frozen=True)
class Storm:
    """What is answered so many times, to whoever asks."""

    answer: dict[str, Any]
    least: int
    most: int


STORMS = (
    Storm({"status": 429, "retry_after": 1}, 5, 40),
    Storm({"status": 503}, 5, 40),
    Storm({"status": 503, "retry_after": 2}, 1, 30),
    Storm({"status": 500}, 1, 10),
    Storm({"lose": "request"}, 1, 10),
    Storm({"lose": "answer"}, 1, 3),
    Storm({"delay_seconds": DELAY_SECONDS}, 1, 3),
)


@dataclass
class Weather:
    """Storms that come one after another until the weather is asked to be fine."""

    desk: Desk
    chance: random.Random
    is_fine: threading.Event = field(default_factory=threading.Event)
    answers: int = 0  # laid down in all
    thread: threading.Thread | None = None

    def start(self) -> None:
        self.thread = threading.Thread(target=self._rage, daemon=True)
        self.thread.start()

    def clear_up(self) -> None:
        """End the storms, and take away what is still laid down."""
        self.is_fine.set()
        if self.thread is not None:
            self.thread.join()
        for _ in range(50):
            try:
                self.desk.forget()
            except OSError:
                time.sleep(0.1)  # it was just killed
            else:
                return

    def _rage(self) -> None:
        while not self.is_fine.wait(self.chance.random() * LONGEST_CALM_SECONDS):
            storm = self.chance.choice(STORMS)
            times = self.chance.randint(storm.least, storm.most)
            try:
                self.desk.answer(*[storm.answer] * times)
            except OSError:
                continue  # it was just killed, and forgot what was laid down before
            self.answers += times
