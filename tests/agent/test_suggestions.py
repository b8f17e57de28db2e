"""A name that is not there is answered with the nearest that is."""

from __future__ import annotations

import pytest

from jupyter_codeact.agent.contracts import Variable
from jupyter_codeact.agent.suggestions import renamed, suggest
from tests.agent.bench import Bench, block

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


@pytest.mark.parametrize(
    ("source", "better"),
    [
        ("x = order + 1", "x = orders + 1"),
        ("order(order.order, 'order')", "orders(orders.order, 'order')"),
        ("ü = 'ß'; print(order)  # order", "ü = 'ß'; print(orders)  # order"),
        ("f'{order} order {order!r}'", "f'{orders} order {orders!r}'"),
        ("%time order", "%time order"),
        ("order = (", "order = ("),
    ],
)
def test_a_missing_name_is_replaced_by_what_is_meant(source, better):
    assert renamed(source, "NameError", {"order": "orders"}) == better


@pytest.mark.parametrize(
    ("source", "better"),
    [
        ("t['order_no'] + t[\"order_no\"]", "t['Order No'] + t[\"Order No\"]"),
        ("order_no = t.order_no", "order_no = t.order_no"),
        ("f'order_no'; f\"{t['order_no']}\"", "f'order_no'; f\"{t['Order No']}\""),
        (
            '"""order_no"""; """\norder_no"""; t["order_no"]',
            '"""order_no"""; """\norder_no"""; t["Order No"]',
        ),
    ],
)
def test_a_missing_key_is_replaced_by_what_is_meant(source, better):
    assert renamed(source, "KeyError", {"order_no": "Order No"}) == better


async def test_a_cell_that_failed_and_comes_again_runs_with_what_was_meant(bench: Bench) -> None:
    wrong = block("mRNA = 7", "print(mrna * 6)")
    end = await bench.run(wrong, wrong, "It is 42.")
    assert (end.ending, end.turns) == ("answered", 3)
    assert await bench.cells() == ["mRNA = 7\nprint(mRNA * 6)"]
    assert "once more. This ran instead:\n```python\nmRNA = 7\nprint(mRNA * 6)" in bench.told(2)
    assert [action.source for action in bench.events("action")][-1] == "mRNA = 7\nprint(mRNA * 6)"
