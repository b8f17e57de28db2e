"""Endpoints: the one client of whatever speaks OpenAI's chat protocol, and endpoints by name."""
