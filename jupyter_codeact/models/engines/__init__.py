"""Engines: models that run on this machine, each in a supervised child process that is an endpoint."""
