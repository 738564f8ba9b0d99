"""For what is the same on both engines, and needs to be shown once."""

import pytest

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
