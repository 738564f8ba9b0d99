"""The demo city: one command starts it, nothing is lost when a part dies, Ctrl-C ends it all."""

import os
import signal
import subprocess
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from backend.cli.city import demo_city, forget
from backend.cli.settling import write_settings
from backend.core.settings import read_settings
from backend.payments.fps_qr import check_payee, code_to_pay
from tests.cities import City, call, eventually, start_city

pytestmark = [pytest.mark.slow, pytest.mark.processes]


def register_phone(city: dict[str, Any], address: str) -> None:
    resident = city["residents"][0]
    phone = {"platform": "android", "address": {"kind": "token", "value": address}}
    headers = {"Authorization": f"Bearer {resident['access_token']}"}
    call("PUT", f"{city['base_url']}/v1/devices/{address}", phone, headers)


def post_bill(city: dict[str, Any], number: str) -> str:
    """Post a bill for the first resident as the first department; return its id."""
    department = city["departments"][0]
    form = (
        "grant_type=client_credentials"
        f"&client_id={department['client_id']}&client_secret={department['client_secret']}"
    )
    _, grant = call("POST", f"{city['base_url']}/v1/department/token", form)
    bill = {
        "resident_id": city["residents"][0]["id"],
        "bill_number": number,
        "kind": "water",
        "amount_cents": 100,
        "due_on": "2099-01-01",
        "issued_on": "2026-11-23",
    }
    headers = {"Authorization": f"Bearer {grant['access_token']}", "Idempotency-Key": number}
    _, posted = call("POST", f"{city['base_url']}/v1/department/bills", bill, headers)
    bill_id: str = posted["id"]
    return bill_id


def test_one_bill_gives_one_push_one_message_and_one_bill(city: City) -> None:
    people = city.people()
    register_phone(people, "phone-of-one-bill")

    first, again = post_bill(people, "ONE"), post_bill(people, "ONE")

    assert first == again
    eventually(lambda: city.pushes(first))
    headers = {"Authorization": f"Bearer {people['residents'][0]['access_token']}"}
    _, bills = call("GET", f"{people['base_url']}/v1/bills", headers=headers)
    _, inbox = call("GET", f"{people['base_url']}/v1/messages", headers=headers)
    assert [bill["id"] for bill in bills["items"]].count(first) == 1
    assert [message["about"] for message in inbox["items"]].count(first) == 1
    assert len(city.pushes(first)) == 1


def test_a_worker_killed_before_it_sends_is_started_again_and_sends_once(city: City) -> None:
    people = city.people()
    register_phone(people, "phone-of-a-killed-worker")
    (worker,) = city.pids("ferry work")
    os.kill(worker, signal.SIGSTOP)
    bill_id = post_bill(people, "KILLED")
    os.kill(worker, signal.SIGKILL)

    eventually(lambda: city.pushes(bill_id))

    addresses = [push["address"] for push in city.pushes(bill_id)]
    assert len(addresses) == len(set(addresses))
    assert "phone-of-a-killed-worker" in addresses
    assert city.pids("ferry work") != [worker]


def test_the_banks_page_takes_money_and_a_killed_bank_has_it_still(city: City) -> None:
    bank_url = city.people()["bank_url"]
    expires_at = datetime.now(UTC) + timedelta(minutes=5)
    code = code_to_pay(
        "DEMOFERRY", "DEMO", is_demo=True, amount_cents=100, currency="HKD",
        bill_number="NONE", reference="WHOSE", expires_at=expires_at,
    )  # fmt: skip
    _, paid = call("POST", f"{bank_url}/pay", {"qr": code})
    reference = paid["transactions"][0]["fps_reference"]
    (bank,) = city.pids("simulators.bank")

    os.kill(bank, signal.SIGKILL)

    eventually(lambda: city.pids("simulators.bank") not in ([], [bank]))
    eventually(lambda: reference in page_of(bank_url))


def page_of(address: str) -> str:
    try:
        with urllib.request.urlopen(address, timeout=5) as reply:
            return str(reply.read(), "utf-8")
    except (OSError, HTTPException):
        return ""


def test_a_second_city_in_the_same_folder_is_refused(city: City) -> None:
    second = city.ferry("demo-city")

    assert second.returncode == 1
    assert "runs in" in second.stderr


def test_a_taken_port_is_named_in_a_sentence(city: City, tmp_path: Path) -> None:
    environment = {**os.environ, **city.environment, "FERRY_DATA_DIR": str(tmp_path)}

    done = subprocess.run(
        ["ferry", "demo-city"], env=environment, capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert f"Port {city.environment['PORT']} is taken" in done.stderr


@pytest.mark.parametrize("port", ["eighty", "0", "65535", "70000", "８０８０"])
def test_a_port_that_cannot_be_is_named_in_a_sentence(tmp_path: Path, port: str) -> None:
    environment = {"FERRY_DATA_DIR": str(tmp_path), "PORT": port}

    done = CliRunner().invoke(demo_city, env=environment)

    assert done.exit_code == 1
    assert done.output == "Error: PORT must be a whole number from 1 to 65435.\n"


def test_a_city_in_production_is_refused_before_anything_is_touched(
    tmp_path: Path, free_port: int
) -> None:
    environment = {
        "FERRY_DATA_DIR": str(tmp_path),
        "PORT": str(free_port),
        "FERRY_STAGE": "production",
        "FERRY_DATABASE_URL": f"sqlite:///{tmp_path}/theirs.db",
        "FERRY_FCM_PROJECT_ID": "theirs",
        "FERRY_FCM_ENDPOINT": "",
        "FERRY_METRICS_TOKEN": "theirs",
    }

    done = CliRunner().invoke(demo_city, env=environment)

    assert done.exit_code == 1
    assert "production" in done.output
    assert not (tmp_path / "theirs.db").exists()


def test_ctrl_c_stops_all_of_it_and_the_next_run_keeps_its_data(city: City) -> None:
    people = city.people()
    bill_id = post_bill(people, "KEPT")

    code = city.stop()

    assert code == 0
    assert city.pids("ferry") == city.pids("gunicorn") == city.pids("simulators") == []
    with pytest.raises(urllib.error.URLError):
        call("GET", f"{people['base_url']}/health/live")
    again = start_city(city.data_dir, int(city.environment["PORT"]))
    resident = again.people()["residents"][0]
    headers = {"Authorization": f"Bearer {resident['access_token']}"}
    assert call("GET", f"{people['base_url']}/v1/bills/{bill_id}", headers=headers)[0] == 200
    again.stop(signal.SIGTERM)


def test_a_city_whose_head_is_killed_leaves_no_process(
    tmp_path: Path, full_releases: Path, free_port: int
) -> None:
    (tmp_path / "releases").symlink_to(full_releases)
    city = start_city(tmp_path, free_port)

    city.stop(signal.SIGKILL)

    eventually(lambda: not city.pids("ferry") + city.pids("gunicorn") + city.pids("simulators"))


def test_beginning_anew_forgets_the_city_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "a-letter.txt").write_text("mine")
    (tmp_path / "receipt-key.pem.d").mkdir()
    for name in ("ferry.db", "bank.log", "bank.args", "receipt-key.pem"):
        (tmp_path / name).write_text("not even a database")

    forget(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["a-letter.txt"]
    assert (tmp_path / "a-letter.txt").read_text() == "mine"


def test_a_citys_keys_are_fresh_kept_and_for_its_owner_alone(tmp_path: Path) -> None:
    first, other = tmp_path / "first", tmp_path / "other"
    accounts = []

    for folder, port in ((first, 8000), (first, 9000), (other, 8000)):
        folder.mkdir(exist_ok=True)
        write_settings(folder, port, "http://127.0.0.1:1", "http://127.0.0.1:2")
        accounts.append(read_settings({"FERRY_DATA_DIR": str(folder)}).bank)

    assert accounts[0] == accounts[1] != accounts[2]
    account = accounts[0]
    assert account
    check_payee(account.payee, account.payee_name, is_demo=True)
    for name in ("settings.env", "bank.args"):
        assert (first / name).stat().st_mode & 0o777 == 0o600
