"""A name that is not there is answered with the nearest that is."""

from __future__ import annotations

import pytest

from jupyter_codeact.agent.contracts import Variable
from jupyter_codeact.agent.suggestions import suggest

ORDERS = Variable(name="orders", type="DataFrame", names=["Order No", "Customer Name", "Amount (EUR)"])
RATES = Variable(name="rates", type="dict", names=["usd", "gbp"])
SOURCE = "orders.total = rates"


def suggested(ename: str, evalue: str, source: str = SOURCE) -> dict[str, str]:
    return suggest({"ename": ename, "evalue": evalue}, [ORDERS, RATES], source)


@pytest.mark.parametrize(
    ("ename", "evalue", "missing", "there"),
    [
        ("KeyError", "'customer_name'", "customer_name", "Customer Name"),
        ("KeyError", "'Column not found: order_no'", "order_no", "Order No"),
        ("KeyError", "'USD'", "USD", "usd"),
        ("KeyError", "\"['amount_eur'] not in index\"", "amount_eur", "Amount (EUR)"),
        (
            "KeyError",
            "\"None of [Index(['customer'], dtype='object')] are in the [columns]\"",
            "customer",
            "Customer Name",
        ),
        ("KeyError", "customer_name", "customer_name", "Customer Name"),
        ("KeyError", "\"['Amount EUR'] not found in axis\"", "Amount EUR", "Amount (EUR)"),
        ("AttributeError", "'DataFrame' object has no attribute 'amount'", "amount", "Amount (EUR)"),
        ("NameError", "name 'order' is not defined", "order", "orders"),
        ("ColumnNotFoundError", 'unable to find column "order_no"; ...', "order_no", "Order No"),
    ],
)
def test_the_nearest_name_is_found(ename, evalue, missing, there):
    assert suggested(ename, evalue) == {missing: there}


@pytest.mark.parametrize(
    ("ename", "evalue"),
    [
        ("KeyError", "'latitude'"),
        ("KeyError", "3"),
        ("KeyError", "'Customer Name'"),
        ("ValueError", "'customer_name'"),
        ("AttributeError", "'DataFrame' object has no attribute 'sortvalues'"),
        ("KeyError", "\"None of [Index(['x'], dtype='gpb')] are in the [columns]\""),
        ("NameError", "name 'np' is not defined"),
        ("KeyError", "'" + "x" * 100_000),
    ],
)
def test_nothing_is_made_up(ename, evalue):
    assert suggested(ename, evalue) == {}


def test_only_what_the_cell_mentions_counts():
    assert suggested("KeyError", "'USD'", "orders['USD']") == {}
