"""Several threads that start at the same moment, to show what a race does."""

import threading
from collections.abc import Callable
from typing import Any, TypeVar

Brought = TypeVar("Brought")
MOMENT_SECONDS = 0.3


def together(count: int, deed: Callable[[int], Brought]) -> list[Brought]:
    """Run `deed(0)` … `deed(count - 1)` in threads that start together; return what each brought."""
    gate = threading.Barrier(count)
    brought: dict[int, Brought] = {}

    def work(number: int) -> None:
        gate.wait()
        brought[number] = deed(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return [brought[number] for number in range(count)]


class Beside:
    """A deed in a thread of its own, which has to wait for somebody else's lock."""

    def __init__(self, deed: Callable[[], Any]) -> None:
        self.brought: list[Any] = []
        self.thread = threading.Thread(target=lambda: self.brought.append(deed()))
        self.thread.start()

    def is_waiting(self) -> bool:
        self.thread.join(MOMENT_SECONDS)
        return self.thread.is_alive()

    def result(self) -> Any:
        self.thread.join(30)
        return self.brought[0]
