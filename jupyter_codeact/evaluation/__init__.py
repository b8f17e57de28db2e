"""Measuring agents: suites of tasks, a runner, and a report."""
