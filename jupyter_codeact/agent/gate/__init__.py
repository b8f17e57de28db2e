"""The gate: what may run, and who says so."""
