"""Parsing replies: thinking, prose and actions, in each action format."""
