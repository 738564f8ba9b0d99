"""Departments as issuers: the systems that post bills, their credentials and what they may do.

A department's system signs in with client credentials (RFC 6749, section 4.4) and gets a
short-lived token that carries its scopes.
"""

from backend.departments.actions import admit_client, find_department_caller
from backend.departments.naming import ensure_department
from backend.departments.webhooks.actions import tell_department
from backend.departments.webhooks.forgetting import forget_events
from backend.departments.webhooks.rules import EventType

__all__ = [
    "EventType",
    "admit_client",
    "ensure_department",
    "find_department_caller",
    "forget_events",
    "tell_department",
]
