"""Departments as issuers: the systems that post bills, their credentials and what they may do.

A department's system signs in with client credentials (RFC 6749, section 4.4) and gets a
short-lived token that carries its scopes.
"""

from backend.departments.actions import admit_client, find_department_caller

__all__ = ["admit_client", "find_department_caller"]
