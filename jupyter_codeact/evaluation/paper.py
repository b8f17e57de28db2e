"""The paper's own figures, to stand beside (Wang et al., ICML 2024, from its result notebooks)."""

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
"""M3ToolEval: success in % as code, JSON and text, and mean turns likewise."""

API_BANK: dict[str, tuple[float, float, float]] = {
    "CodeLlama-7b": (12.53, 12.03, 17.04),
    "CodeLlama-13b": (11.78, 7.77, 14.04),
    "CodeLlama-34b": (17.29, 12.03, 16.79),
    "Llama-2-7b-chat": (28.82, 11.28, 25.81),
    "Llama-2-13b-chat": (38.10, 8.52, 37.34),
    "Llama-2-70b-chat": (35.59, 14.29, 37.59),
    "Mistral-7B-Instruct-v0.1": (2.51, 2.26, 3.01),
    "lemur-70b-chat": (58.65, 46.62, 56.14),
    "claude-2": (76.69, 59.40, 73.68),
    "claude-instant-1": (75.19, 64.91, 73.18),
    "gemini-pro": (70.43, 73.18, 71.18),
    "gpt-3.5-turbo-0613": (74.44, 73.93, 73.43),
    "gpt-3.5-turbo-1106": (75.44, 78.45, 73.43),
    "gpt-4-0613": (75.44, 81.95, 74.44),
    "gpt-4-1106-preview": (76.69, 82.71, 73.43),
    "text-davinci-002": (69.17, 59.65, 57.39),
    "text-davinci-003": (75.44, 76.94, 69.67),
}
"""API-Bank: correctness in % as code, JSON and text; each value is k of 399."""
