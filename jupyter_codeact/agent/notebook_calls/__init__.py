"""Calls on ``notebook`` in an action: the model reads, searches and changes the notebook itself with them.

Such an action is not run in the kernel: `parse` reads it, `carry_out` does what it says, `reading` answers.
"""
