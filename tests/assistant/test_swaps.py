"""Releases change under the feet of real web processes: each reply comes whole from one of them."""

import json
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from click.testing import CliRunner

from backend.assistant import load_current
from backend.assistant.commands import intents
from backend.assistant.content.loading import load_content
from backend.assistant.releases.store import make_current, save
from backend.assistant.training import train
from tests.assistant.conftest import PLAIN, TAX
from tests.cities import eventually
from tests.engines import SqliteRoom
from tests.serving import serving

pytestmark = [pytest.mark.slow, pytest.mark.processes]
SWAPS, PAUSE_SECONDS = 20, 0.4
# Every process has taken the newest release after so long (promise T49); it looks every two.
TAKEN_SECONDS = 10
QUESTION = json.dumps({"text": "pay my water bill", "lang": "en"}).encode()
PUBLISH_FOR_EVER = """
import dataclasses, sys
from itertools import count
from pathlib import Path
from backend.assistant.commands.publishing import switch
from backend.assistant.releases.history import Deed
from backend.assistant.releases.store import load, save
folder, name = Path(sys.argv[1]), sys.argv[2]
release = load(folder / name)
for number in count():
    again = dataclasses.replace(release, version=f"{release.content[:16]}-{number:08x}")
    switch(folder, save(again, folder), Deed.PUBLISH, "loop", None)
    if number == 0:
        print("ready", flush=True)
"""


@dataclass
class Two:
    """Two releases of one folder that answer the same question with different services."""

    folder: Path
    services: dict[str, str] = field(default_factory=dict)

    @property
    def versions(self) -> list[str]:
        return list(self.services)


@pytest.fixture
def two(tmp_path: Path, write_intent: Callable[..., Path]) -> Two:
    found = Two(tmp_path / "releases")
    write_intent("tax/pay.yaml", TAX)
    for service in ("wsd-pay", "ird-pay"):
        folder = write_intent(text=PLAIN.replace("opens: wsd-pay", f"opens: {service}"))
        place = save(train(load_content(folder), lambda _line: None), found.folder)
        found.services[place.name.removeprefix("release-")] = service
    make_current(place)
    return found


@pytest.fixture
def port(two: Two, tmp_path: Path, content_dir: Path, sqlite_room: SqliteRoom) -> Iterator[int]:
    assert two.folder.parent == tmp_path
    (tmp_path / "catalogue.json").symlink_to(content_dir / "catalogue.json")
    sqlite_room.copy_to(tmp_path / "ferry.db")
    with serving(tmp_path, workers=2) as port:
        yield port


@dataclass
class Askers:
    """Threads that go on asking, and what they heard: (release, service), or the error."""

    port: int
    heard: list[tuple[str, str]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def ask_on(self) -> None:
        while not self.over.is_set():
            self.heard.append(ask(self.port))


def ask(port: int) -> tuple[str, str]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/v1/assistant/questions",
        data=QUESTION,
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            answer = json.loads(reply.read())
    except OSError as error:
        return "error", str(error)
    return answer["release"], answer["choices"][0]["service"]


def test_twenty_swaps_under_steady_questions_lose_and_mix_nothing(two: Two, port: int) -> None:
    askers = Askers(port)
    threads = [threading.Thread(target=askers.ask_on) for _ in range(3)]
    for thread in threads:
        thread.start()

    for number in range(SWAPS):
        words = ["rollback", two.versions[number % 2], "--releases", str(two.folder)]
        assert CliRunner().invoke(intents, words).exit_code == 0
        time.sleep(PAUSE_SECONDS)
    last = two.versions[(SWAPS - 1) % 2]
    eventually(lambda: {ask(port)[0] for _ in range(20)} == {last}, TAKEN_SECONDS)
    askers.over.set()
    for thread in threads:
        thread.join()

    heard = Counter(askers.heard)
    assert set(heard) == set(two.services.items()), heard


def test_a_publisher_that_is_killed_leaves_a_whole_release(two: Two) -> None:
    place = two.folder / f"release-{two.versions[0]}"
    for pause in (0.0, 0.01, 0.05, 0.1):
        command = [sys.executable, "-c", PUBLISH_FOR_EVER, str(two.folder), place.name]
        publisher = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert publisher.stdout is not None
        assert publisher.stdout.readline() == "ready\n"
        time.sleep(pause)
        publisher.send_signal(signal.SIGKILL)
        publisher.wait()
        publisher.stdout.close()

        assert load_current(two.folder).content[:16] == two.versions[0][:16]
        make_current(place)

    assert CliRunner().invoke(intents, ["releases", "--releases", str(two.folder)]).exit_code == 0
