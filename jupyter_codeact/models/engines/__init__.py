"""Engines: models run on this machine, each by a supervised child process."""
