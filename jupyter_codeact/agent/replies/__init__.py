"""Replies: how a model writes actions, and how a reply is taken apart."""
