"""Results that others have published, for comparison."""

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
"""M3ToolEval: success in % with code, JSON and text, and mean turns in the same order.

From the result notebooks of Wang et al., ICML 2024.
"""

DABENCH: dict[str, tuple[float, float, float]] = {
    "gpt-4-0613": (78.72, 74.60, 79.01),
    "daagent-34b": (67.50, 60.77, 62.98),
    "gpt-3.5-turbo-0613": (65.70, 58.20, 61.88),
    "qwen-72b-chat": (62.46, 57.56, 56.17),
    "daagent-13b": (60.51, 54.52, 55.72),
    "daagent-7b": (57.63, 49.02, 54.19),
    "mixtral-8x7b-instruct-v0.1": (54.02, 49.20, 51.38),
    "mistral-7b-instruct-v0.2": (41.61, 36.45, 36.90),
    "qwen-7b-chat": (27.27, 27.27, 16.00),
    "chatglm3-6b": (20.59, 16.67, 19.27),
    "codellama-34b-instruct": (17.39, 14.56, 13.94),
}
"""DABench: accuracy in % by question, proportional, and uniform, as the leaderboard at infiagent.github.io
heads its columns.

By definition, no accuracy by question exceeds the proportional one of the same answers, and there it does:
the first two headings seem to be exchanged.
"""

DSEVAL: dict[str, dict[str, tuple[int, int, int, int]]] = {
    "CoML, gpt-3.5-turbo": {
        "Exercise": (187, 148, 1, 8),
        "Kaggle": (396, 240, 7, 22),
        "LeetCode": (40, 18, 0, 6),
        "SO": (202, 154, 6, 8),
    },
}
"""DSEval: problems, correct ones, and those wrong only in that variables changed, or in how the result is
presented; counted from the verdicts in the folder ``results`` of its repository (26 February 2024)."""
