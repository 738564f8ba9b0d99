"""A night over the harbour."""

import pytest

from tests.payments.harbour import Harbour
from tests.payments.parity.night import Night


@pytest.fixture
def night(harbour: Harbour) -> Night:
    return Night(harbour)
