"""Hooks: what helps a model along, each by itself."""
