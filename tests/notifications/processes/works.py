"""Workers and a simulator as processes beside the tests, which start them and kill them."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from backend.core.settings import Settings
from tests.simulators.desk import PROJECT, Desk, wait_until

PATIENCE_SECONDS = 30
Process = subprocess.Popen[bytes]


@dataclass
class Works:
    """Starts processes beside the test and ends those that are left."""

    settings: Settings
    desk: Desk
    started: list[Process] = field(default_factory=list)

    def start_simulator(self) -> Process:
        port = self.desk.url.rpartition(":")[2]
        words = ["-m", "backend.simulators.fcm", "--port", port, "--log", str(self.desk.log)]
        simulator = self._start([sys.executable, *words], dict(os.environ), "simulator.err")
        wait_until(self._is_up, PATIENCE_SECONDS)
        return simulator

    def start_worker(self, lease_seconds: int = 30, **more: str) -> Process:
        """Start `ferry work`, with more in its environment, and wait until it is at its bell."""
        return self.start_workers(1, lease_seconds, more)[0]

    def start_workers(
        self, count: int, lease_seconds: int = 30, more: Mapping[str, str] | None = None
    ) -> list[Process]:
        """Start workers at the same moment and wait until all are at their bell."""
        environment = {
            **os.environ,
            "FERRY_STAGE": "demo",
            "FERRY_DATA_DIR": str(self.settings.data_dir),
            "FERRY_DATABASE_URL": self.settings.database_url,
            "FERRY_FCM_PROJECT_ID": PROJECT,
            "FERRY_FCM_ENDPOINT": self.desk.url,
            "FERRY_FCM_CREDENTIALS": str(self.desk.account(self.settings.data_dir)),
            "FERRY_LEASE_SECONDS": str(lease_seconds),
            **(more or {}),
        }
        command = [str(Path(sys.executable).with_name("ferry")), "work"]
        names = [f"worker-{len(self.started)}-{number}.err" for number in range(count)]
        workers = [self._start(command, environment, name) for name in names]
        for name in names:
            lines = self.settings.data_dir / name
            wait_until(lambda lines=lines: "at its bell" in lines.read_text(), PATIENCE_SECONDS)
        return workers

    def kill(self, process: Process) -> None:
        process.kill()
        process.wait()

    def end(self) -> None:
        for process in self.started:
            if process.poll() is None:
                self.kill(process)

    def _start(self, command: list[str], environment: dict[str, str], name: str) -> Process:
        with (self.settings.data_dir / name).open("wb") as lines:
            process = subprocess.Popen(command, env=environment, stderr=lines)
        self.started.append(process)
        return process

    def _is_up(self) -> bool:
        try:
            return self.desk.holding() == 0
        except OSError:
            return False
