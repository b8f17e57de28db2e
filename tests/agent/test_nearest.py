"""A name that is not there is answered with the nearest that is."""

from __future__ import annotations

import pytest

from jupyter_codeact.agent.contracts import Execution, Variable
from jupyter_codeact.agent.events import Executed, Observation, RunStarted
from jupyter_codeact.agent.hooks.nearest import renamed, suggest, suggest_lookups
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


PAGE = "Start. [link '/about'] [link '/about/us'] prices in data/Prices 2024.csv, by 'Ada Lovelace'."


def meant_by(source: str, showed: str) -> dict[str, str]:
    at = {"conversation": "c", "run": "r", "turn": 1}
    ran = {"execution_count": 1, "seconds": 0.1, "status": "ok"}
    events = [
        RunStarted(**at, task="Read notes/today.md", notebook="n", model="m", system=""),
        Observation(**at, text="Task: Read notes/today.md"),
        Executed(
            **at, **ran, cell_id="x", outputs=[{"output_type": "stream", "name": "stdout", "text": PAGE}]
        ),
        Observation(**at, text="There is no '/nowhere/else'."),
    ]
    outputs = [{"output_type": "execute_result", "data": {"text/plain": repr(showed)}, "metadata": {}}]
    return suggest_lookups(source, Execution(**ran, outputs=outputs), events)


@pytest.mark.parametrize(
    ("source", "meant"),
    [
        ("click('https://example.org/about')", {"https://example.org/about": "/about"}),
        ("click(url='https://example.org/about/us')", {"https://example.org/about/us": "/about/us"}),
        ("print(read('Notes/Today.md'))", {"Notes/Today.md": "notes/today.md"}),
        ("find('Ada Lovelance')", {"Ada Lovelance": "Ada Lovelace"}),
    ],
)
def test_what_was_looked_for_in_vain_is_held_against_what_was_shown(source, meant):
    assert meant_by(source, "Page not found.") == meant


@pytest.mark.parametrize(
    ("source", "showed"),
    [
        ("click('https://example.org/about')", "About us"),
        ("click('https://example.org/about')", "Page not found. " * 40),
        ("click('/about')", "Page not found."),
        ("click('/elsewhere')", "Page not found."),
        ("x = 'https://example.org/about'", "Page not found."),
        ("click(1, (", "Page not found."),
    ],
)
def test_what_was_found_or_shown_or_is_like_nothing_shown_is_left_alone(source, showed):
    assert meant_by(source, showed) == {}


async def test_an_address_that_was_completed_is_mended_when_it_comes_again(bench: Bench) -> None:
    pages = "page = lambda url: {'/': \"See '/about'.\", '/about': '7 of us'}.get(url, 'Not found.')"
    cell = await bench.notebook.write_cell(pages)
    await bench.notebook.run_cell(cell, source=pages)
    guess = block("page('https://example.org/about')")
    end = await bench.run(block("page('/')"), guess, guess, "There are 7 of us.")
    assert "There is no 'https://example.org/about'; there is '/about': use that." in bench.told(2)
    assert "This ran instead:\n```python\npage('/about')\n```" in bench.told(3)
    assert (end.ending, (await bench.cells())[1:]) == (
        "answered",
        ["page('/')", "page('https://example.org/about')", "page('/about')"],
    )
