"""A desk for refunds in the harbour."""

import pytest

from tests.payments.harbour import Harbour
from tests.payments.refunds.desk import RefundDesk


@pytest.fixture
def desk(harbour: Harbour) -> RefundDesk:
    return RefundDesk(harbour)
