"""Calls on ``notebook`` in an action: the model reads, searches and changes the notebook itself with them.

Such an action is not run in the kernel. `parse` reads it, `reading` and `changes` carry it out.
"""
