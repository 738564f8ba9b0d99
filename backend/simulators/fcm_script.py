"""What the simulated FCM is told to answer, next and in turn; where nothing is laid down: success."""

import threading
import time
from collections import defaultdict, deque
from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """How one request is answered; as it stands here it is a plain success."""

    status: int = 200
    error_code: str | None = None  # FCM's word for it; "" leaves the detail out
    retry_after: int | str | None = None
    delay_seconds: float = 0
    hold: bool = False  # until `POST /control/release`
    lose: str | None = None  # "request": drop it unread; "answer": accept, then drop the connection
    body: str | None = None  # sent instead of FCM's own


class Script:
    """Answers laid down beforehand, used in turn; and the gate that holds some of them back."""

    def __init__(self) -> None:
        self.answers: dict[str, deque[Answer]] = defaultdict(deque)
        self.changed = threading.Condition()
        self.holding = 0
        self.releases = 0

    def add(self, address: str, answers: list[Answer]) -> None:
        with self.changed:
            self.answers[address].extend(answers)

    def next_for(self, *addresses: str) -> Answer:
        """Return the next answer to the first of `addresses` that has one, when its time has come."""
        with self.changed:
            queues = [self.answers[each] for each in addresses if self.answers[each]]
            answer = queues[0].popleft() if queues else Answer()
            if answer.hold:
                self._wait_for_release()
        time.sleep(answer.delay_seconds)
        return answer

    def release(self) -> None:
        with self.changed:
            self.releases += 1
            self.changed.notify_all()

    def forget(self) -> None:
        with self.changed:
            self.answers.clear()

    def _wait_for_release(self) -> None:
        seen = self.releases
        self.holding += 1
        self.changed.wait_for(lambda: self.releases > seen)
        self.holding -= 1
