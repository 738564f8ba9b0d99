"""A department's short name, as an operator types it."""

from collections.abc import Iterable
from difflib import get_close_matches

import click


def ensure_department(department_id: str, known: Iterable[str]) -> None:
    """Stop a command where the catalogue has no such department, and name the nearest."""
    names = sorted(set(known))
    if department_id in names:
        return
    near = get_close_matches(department_id.upper(), names, 1)
    hint = f" Did you mean {near[0]}?" if near else ""
    raise click.ClickException(f"There is no department {department_id}.{hint}")
