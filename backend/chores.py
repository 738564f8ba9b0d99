"""What a worker does: the chores of every capability, joined with the partners that they ask."""

from functools import partial

from backend import accounts, bills, departments
from backend.assistant.forgetting import forget_in_time
from backend.bills.runs.working import work_on_runs
from backend.core import clock, database
from backend.core.jobs import Bell, Drain, make_huey
from backend.core.settings import Settings
from backend.departments.webhooks.telling import tell_waiting
from backend.gateways.bank_client import HttpBank
from backend.gateways.push import FirebasePush
from backend.gateways.webhooks import HttpWebhooks
from backend.menu import load_catalogue
from backend.notifications.outbox.claiming import House
from backend.notifications.outbox.delivering import Postman
from backend.notifications.outbox.headroom import Headroom
from backend.notifications.outbox.notebook import Notebook
from backend.notifications.rules import Condition
from backend.notifications.sweeping import sweep_push_runs
from backend.payments.actions import is_being_paid
from backend.payments.callbacks.actions import apply_stored
from backend.payments.errands import run_errands
from backend.payments.parity.nightly import check_days
from backend.payments.refunds.sending import send_refunds


def make_worker(settings: Settings, rows: database.Database) -> Bell:
    """Make the worker, which answers the bell with its chores, each in a thread of its own.

    Once an hour it forgets what was to be kept for a time only.
    """
    bell = Bell(make_huey(settings.jobs_url, settings.data_dir), tidy=partial(_tidy, rows))
    for name, chore in _chores(settings, rows, bell).items():
        bell.add(name, chore)
    return bell


def _tidy(rows: database.Database) -> None:
    departments.forget_events(rows, clock.now)
    forget_in_time(rows, clock.now)
    accounts.forget_old_phones(rows, clock.now)


def make_postman(settings: Settings, rows: database.Database) -> Postman:
    """Make the one who pushes; ValueError where no service account is named."""
    if settings.fcm_credentials is None:
        raise ValueError("FERRY_FCM_CREDENTIALS is missing: a service account's JSON file")
    push = FirebasePush(settings.fcm_project_id, settings.fcm_credentials, settings.fcm_endpoint)
    catalogue = load_catalogue(settings.data_dir)
    house = House(
        holds={
            Condition.BILL_IS_OWED: bills.owed_among,
            Condition.BILL_IS_DUE_TODAY: partial(bills.due_today_among, clock.now),
        },
        name_of=catalogue.department_name,
        is_discreet=catalogue.is_discreet,
        per_second=settings.pushes_per_second,
    )
    return Postman(
        rows,
        push,
        clock.now,
        lease_seconds=settings.lease_seconds,
        house=house,
        headroom=Headroom(f"{settings.base_url}/health/ready"),
        notebook=Notebook(settings.data_dir / "pushes"),
    )


def _chores(settings: Settings, rows: database.Database, bell: Bell) -> dict[str, Drain]:
    """List what a worker does; what goes to the bank is left out where none is named."""
    chores: dict[str, Drain] = {
        "pushes": make_postman(settings, rows).deliver_waiting,
        "reminders": partial(bills.remind, rows, clock.now, bell.ring),
        "bill runs": partial(work_on_runs, rows, clock.now, bell.ring, is_being_paid),
        "push runs": partial(sweep_push_runs, rows, clock.now, bell.ring),
        "webhooks": partial(tell_waiting, rows, HttpWebhooks(is_demo=settings.is_demo), clock.now),
    }
    if settings.bank is not None:
        bank = HttpBank(settings.bank.url, settings.bank.key)
        chores |= {
            "callbacks": partial(apply_stored, rows, clock.now, bell.ring),
            "errands": partial(run_errands, rows, bank, clock.now, bell.ring),
            "refunds": partial(send_refunds, rows, bank, clock.now, bell.ring),
            "parity": partial(check_days, rows, bank, clock.now, bell.ring),
        }
    return chores
