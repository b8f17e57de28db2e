"""Evaluates agents: suites of tasks, a runner, and reports."""
