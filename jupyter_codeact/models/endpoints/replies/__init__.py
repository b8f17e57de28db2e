"""What a server answers, read piece by piece: bytes to JSON, JSON to chunks, chunks to deltas."""
