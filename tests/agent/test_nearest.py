"""The nearest existing name is suggested for a missing one."""

from __future__ import annotations

import pytest

from jupyter_codeact.agent.contracts import Execution, Variable
from jupyter_codeact.agent.events import Executed, Observation, RunStarted
from jupyter_codeact.agent.hooks.nearest import replace_names, suggest_lookups, suggest_names
from tests.agent.bench import Bench, block

ORDERS = Variable(name="orders", type="DataFrame", names=["Order No", "Customer Name", "Amount (EUR)"])
RATES = Variable(name="rates", type="dict", names=["usd", "gbp"])
SOURCE = "orders.total = rates"


def suggestions_for(ename: str, evalue: str, source: str = SOURCE) -> dict[str, str]:
    return suggest_names({"ename": ename, "evalue": evalue}, [ORDERS, RATES], source)


@pytest.mark.parametrize(
    ("ename", "evalue", "missing", "existing"),
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
def test_the_nearest_name_is_found(ename, evalue, missing, existing):
    assert suggestions_for(ename, evalue) == {missing: existing}


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
def test_no_name_is_suggested_without_a_good_match(ename, evalue):
    assert suggestions_for(ename, evalue) == {}


def test_only_variables_in_the_cell_are_searched_for_keys():
    assert suggestions_for("KeyError", "'USD'", "orders['USD']") == {}


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
def test_a_missing_variable_is_replaced_by_the_nearest_name(source, better):
    assert replace_names(source, "NameError", {"order": "orders"}) == better


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
def test_a_missing_key_is_replaced_by_the_nearest_one(source, better):
    assert replace_names(source, "KeyError", {"order_no": "Order No"}) == better


async def test_a_repeated_failed_cell_runs_with_the_right_name(bench: Bench) -> None:
    wrong = block("mRNA = 7", "print(mrna * 6)")
    end = await bench.run(wrong, wrong, "It is 42.")
    assert (end.ending, end.turns) == ("answered", 3)
    assert await bench.cells() == ["mRNA = 7\nprint(mRNA * 6)"]
    assert "once more. This ran instead:\n```python\nmRNA = 7\nprint(mRNA * 6)" in bench.last_message(2)
    assert [action.source for action in bench.events("action")][-1] == "mRNA = 7\nprint(mRNA * 6)"


PAGE = "Start. [link '/about'] [link '/about/us'] prices in data/Prices 2024.csv, by 'Ada Lovelace'."


def lookups_suggested(source: str, output: str) -> dict[str, str]:
    common = {"conversation": "c", "run": "r", "turn": 1}
    result = {"execution_count": 1, "seconds": 0.1, "status": "ok"}
    events = [
        RunStarted(**common, task="Read notes/today.md", notebook="n", model="m", system=""),
        Observation(**common, text="Task: Read notes/today.md"),
        Executed(
            **common,
            **result,
            cell_id="x",
            outputs=[{"output_type": "stream", "name": "stdout", "text": PAGE}],
        ),
        Observation(**common, text="There is no '/nowhere/else'."),
    ]
    outputs = [{"output_type": "execute_result", "data": {"text/plain": repr(output)}, "metadata": {}}]
    return suggest_lookups(source, Execution(**result, outputs=outputs), events)


@pytest.mark.parametrize(
    ("source", "suggestions"),
    [
        ("click('https://example.org/about')", {"https://example.org/about": "/about"}),
        ("click(url='https://example.org/about/us')", {"https://example.org/about/us": "/about/us"}),
        ("print(read('Notes/Today.md'))", {"Notes/Today.md": "notes/today.md"}),
        ("find('Ada Lovelance')", {"Ada Lovelance": "Ada Lovelace"}),
    ],
)
def test_a_failed_lookup_suggests_the_nearest_text_that_was_shown(source, suggestions):
    assert lookups_suggested(source, "Page not found.") == suggestions


@pytest.mark.parametrize(
    ("source", "output"),
    [
        ("click('https://example.org/about')", "About us"),
        ("click('https://example.org/about')", "Page not found. " * 40),
        ("click('/about')", "Page not found."),
        ("click('/elsewhere')", "Page not found."),
        ("x = 'https://example.org/about'", "Page not found."),
        ("click(1, (", "Page not found."),
    ],
)
def test_other_lookups_suggest_nothing(source, output):
    assert lookups_suggested(source, output) == {}


async def test_a_repeated_made_up_address_is_corrected(bench: Bench) -> None:
    pages = "page = lambda url: {'/': \"See '/about'.\", '/about': '7 of us'}.get(url, 'Not found.')"
    cell = await bench.notebook.write_cell(pages)
    await bench.notebook.run_cell(cell, source=pages)
    guess = block("page('https://example.org/about')")
    end = await bench.run(block("page('/')"), guess, guess, "There are 7 of us.")
    assert "There is no 'https://example.org/about'; there is '/about': use that." in bench.last_message(2)
    assert "This ran instead:\n```python\npage('/about')\n```" in bench.last_message(3)
    assert (end.ending, (await bench.cells())[1:]) == (
        "answered",
        ["page('/')", "page('https://example.org/about')", "page('/about')"],
    )
