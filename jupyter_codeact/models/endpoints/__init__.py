"""Endpoints: the client for OpenAI-compatible servers, and the endpoints the user has named."""
