"""The live door's server side: pages, conversations, and the runs in them."""
