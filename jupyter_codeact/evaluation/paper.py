"""The paper's own results, for comparison (Wang et al., ICML 2024, from its result notebooks)."""

from __future__ import annotations

M3TOOLEVAL: dict[str, tuple[tuple[float, float, float], tuple[float, float, float]]] = {
    "CodeLlama-7b": ((4.9, 2.4, 2.4), (9.7, 9.9, 9.9)),
    "CodeLlama-13b": ((4.9, 4.9, 4.9), (9.8, 9.8, 9.7)),
    "CodeLlama-34b": ((2.4, 0.0, 0.0), (9.9, 10.0, 10.0)),
    "Llama-2-7b-chat": ((0.0, 1.2, 2.4), (8.9, 9.5, 9.6)),
    "Llama-2-13b-chat": ((0.0, 0.0, 0.0), (9.7, 10.0, 10.0)),
    "Llama-2-70b-chat": ((11.0, 3.7, 3.7), (9.1, 9.8, 9.8)),
    "Mistral-7B-Instruct-v0.1": ((0.0, 3.7, 1.2), (10.0, 9.8, 9.9)),
    "lemur-70b-chat": ((13.4, 15.9, 12.2), (9.1, 9.3, 9.4)),
    "claude-2": ((54.9, 39.0, 29.3), (7.2, 8.3, 8.5)),
    "claude-instant-1": ((20.7, 31.7, 24.4), (8.8, 8.6, 8.9)),
    "gemini-pro": ((22.0, 19.5, 11.0), (8.8, 9.1, 9.5)),
    "gpt-3.5-turbo-0613": ((51.2, 26.8, 20.7), (7.0, 8.8, 9.2)),
    "gpt-3.5-turbo-1106": ((29.3, 15.9, 14.6), (8.4, 9.0, 9.0)),
    "gpt-4-0613": ((67.1, 56.1, 45.1), (6.6, 7.6, 8.0)),
    "gpt-4-1106-preview": ((74.4, 52.4, 53.7), (5.5, 7.6, 7.7)),
    "text-davinci-002": ((4.9, 4.9, 8.5), (9.7, 9.8, 9.6)),
    "text-davinci-003": ((20.7, 18.3, 7.3), (9.2, 9.0, 9.6)),
}
"""M3ToolEval: success in % with code, JSON and text, and mean turns in the same order."""
