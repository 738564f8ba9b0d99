"""The FCM simulator's face over TLS and HTTP/2, as Google's own is, for whoever measures.

It decides and logs by the same `backend/simulators/fcm_office.py` as the face that is scripted; here
everything sound is accepted. One process of granian runs it, as its tokens are in that one's memory.
"""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import trustme

from backend.simulators.fcm import make_service_account
from backend.simulators.fcm_message import address_of
from backend.simulators.fcm_office import TOKEN_ENDPOINT, Office, Reply
from tests.ports import free_ports
from tests.simulators.desk import PROJECT, wait_until

LOG = "FERRY_BENCH_FCM_LOG"
JSON = [("content-type", "application/json")]
MOST_STREAMS = "100"  # as one connection to Google carries


class Face:
    """The simulator as an RSGI application (Granian, "RSGI specification", 1.5)."""

    def __init__(self, log: Path) -> None:
        self.office = Office(log)

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        authorization = scope.headers.get("authorization") or ""
        reply = self.reply_to(scope.path, authorization, await protocol())
        protocol.response_str(reply.status, JSON, reply.text)

    def reply_to(self, path: str, authorization: str, body: bytes) -> Reply:
        """Answer one request."""
        if path == TOKEN_ENDPOINT:
            form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            return self.office.sign_in(form.get("grant_type"), form.get("assertion", ""))
        project = path.removeprefix("/v1/projects/").removesuffix("/messages:send")
        said = _json(body)
        refusal = self.office.turn_away(authorization, project, said)
        if refusal:
            return refusal
        message = said["message"]
        return self.office.push(project, address_of(message), message)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def make_face() -> Face:
    """Make the application in granian's process; its log is named in the environment."""
    return Face(Path(os.environ[LOG]))


@dataclass(frozen=True)
class Exchange:
    """The simulator at `url`: its log, its service account, and what makes a client trust it."""

    url: str
    log: Path
    account: Path
    authority: Path
    pid: int

    @property
    def environment(self) -> dict[str, str]:
        """Variables by which httpx and requests trust the simulator's certificate."""
        return {"SSL_CERT_FILE": str(self.authority), "REQUESTS_CA_BUNDLE": str(self.authority)}

    def accepted(self) -> list[str]:
        """The addresses of the pushes that were accepted, in order."""
        with self.log.open(encoding="utf-8") as lines:
            said = map(json.loads, lines)
            return [line["address"] for line in said if line["outcome"] == "accepted"]

    def cpu_seconds(self) -> float:
        """The processor's time that the simulator took so far."""
        return sum(cpu_seconds_of(pid) for pid in (self.pid, *_children(self.pid)))


@contextmanager
def running_exchange(folder: Path) -> Iterator[Exchange]:
    """Run the simulator with a fresh certificate; `folder` is its own."""
    folder.mkdir(parents=True, exist_ok=True)
    [port] = free_ports(1)
    url, log = f"https://127.0.0.1:{port}", folder / "fcm.log"
    log.touch()
    command = [*_command(folder, port), f"{__name__}:make_face"]
    with (folder / "granian.err").open("wb") as said:
        child = subprocess.Popen(
            command, env={**os.environ, LOG: str(log)}, stdout=said, stderr=said
        )
    account = folder / "account.json"
    account.write_text(json.dumps(make_service_account(url, PROJECT)))
    exchange = Exchange(url, log, account, folder / "authority.pem", child.pid)
    try:
        wait_until(lambda: _is_up(port))
        yield exchange
    finally:
        child.terminate()
        child.wait()


def _command(folder: Path, port: int) -> list[str]:
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(folder / "authority.pem")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    with (folder / "certificate.pem").open("wb") as file:
        file.writelines(pem.bytes() for pem in certificate.cert_chain_pems)
    command = [sys.executable, "-m", "granian", "--interface", "rsgi", "--factory"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--http", "auto", "--workers", "1"]
    command += ["--ssl-certificate", str(folder / "certificate.pem")]
    command += ["--ssl-keyfile", str(folder / "key.pem")]
    return [*command, "--http2-max-concurrent-streams", MOST_STREAMS, "--log-level", "warning"]


def _is_up(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in listed.read_text().split()]


def cpu_seconds_of(pid: int) -> float:
    """The processor's time, the kernel's for it included, that a process took so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
