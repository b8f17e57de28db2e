"""What a model is given to complete code."""

from __future__ import annotations

import pytest

from jupyter_codeact.agent.contracts import Variable
from jupyter_codeact.completion.context import ABOVE, AFTER, HERE, VARIABLES, Cursor, gap_at
from jupyter_codeact.models.fim import fim_tokens


def test_cells_and_variables_are_bounded_the_nearest_and_latest_stay() -> None:
    cells = tuple(f"cell_{number} = {'1 + ' * 100}0" for number in range(40))
    variables = [Variable(name=f"v{number}", type="int", summary="= 1" * 40) for number in range(99)]
    gap = gap_at(Cursor(before="x = ", cells=cells), variables)
    assert len(gap.before) < ABOVE + VARIABLES + 100
    assert "cell_39 =" in gap.before
    assert "cell_0 =" not in gap.before
    assert "# v98: int" in gap.before
    assert "# v0: int" not in gap.before


def test_only_the_end_changes_while_the_user_types_in_a_long_cell() -> None:
    cell = "\n".join(f"line_{number} = {number}" for number in range(400))
    first, second = (gap_at(Cursor(before=f"{cell}\n{typed}")).before for typed in ("to", "total"))
    assert len(first) <= HERE
    assert second == first + "tal"


def test_secrets_of_the_kernel_are_masked_before_anything_is_cut() -> None:
    secret = "sk-0123456789abcdef"
    cell = f"{'#' * 200}\nkey = '{secret}'\n" * 20
    gap = gap_at(Cursor(before=cell, after=cell, cells=(cell,)), (), {"SHOP_TOKEN": secret})
    assert "[SHOP_TOKEN hidden]" in gap.before
    assert "[SHOP_TOKEN hidden]" in gap.after
    assert "0123" not in gap.before + gap.after


def test_what_follows_is_short() -> None:
    gap = gap_at(Cursor(before="x", after="\n".join(["y = 1"] * 500)))
    assert len(gap.after) <= AFTER


@pytest.mark.parametrize(
    ("name", "token"),
    [
        ("qwen2.5-coder-1.5b", "<|fim_prefix|>"),
        ("hf:Qwen/Qwen3-Coder-30B-A3B-Instruct-GGUF/q4.gguf", "<|fim_prefix|>"),
        ("Qwen/Qwen2.5-Coder-7B-Instruct", "<|fim_prefix|>"),
        ("starcoder2:3b", "<fim_prefix>"),
        ("codellama-7b", "<PRE> "),
        ("deepseek-coder-6.7b-base", "<\N{FULLWIDTH VERTICAL LINE}fim▁begin\N{FULLWIDTH VERTICAL LINE}>"),
    ],
)
def test_models_for_code_are_known_by_their_names(name: str, token: str) -> None:
    tokens = fim_tokens(name)
    assert tokens is not None
    assert tokens.before == token


@pytest.mark.parametrize("name", ["qwen2.5-7b-instruct", "gpt-5", "smollm2-135m", "CodeLlama-7b-Python"])
def test_others_are_not(name: str) -> None:
    assert fim_tokens(name) is None


def test_tokens_in_the_code_itself_are_taken_out() -> None:
    tokens = fim_tokens("qwen2.5-coder-1.5b")
    assert tokens is not None
    assert tokens.prompt("a<|fim_middle|>b", "<|endoftext|>c").count("<|") == 3
