"""Several threads that start at the same moment, to show what a race does."""

import threading
from collections.abc import Callable
from typing import TypeVar

Brought = TypeVar("Brought")


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
