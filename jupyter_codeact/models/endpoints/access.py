"""How endpoints are reached: where a key is, and how long they are waited for. Importing this is cheap."""

from __future__ import annotations

from dataclasses import dataclass, replace

KEY_VARIABLE = "JUPYTER_CODEACT_API_KEY"
"""The environment variable with the key of the endpoint that is used without a name."""


@dataclass(frozen=True)
class Timeouts:
    """How long to wait for an endpoint, and how often to try again.

    Attributes
    ----------
    first_token_seconds : float
        Longest wait for the first token of a reply. A CPU may take minutes to read a long context.
    next_token_seconds : float
        Longest wait for each further token.
    retries : int
        Most further attempts when the endpoint is overloaded, fails, or the connection is lost.
    retry_seconds : float
        Most seconds of waiting between attempts, in all.
    backoff_seconds : float
        Wait before the first further attempt, unless the endpoint names one; it doubles each time.
    """

    first_token_seconds: float = 1200.0
    next_token_seconds: float = 120.0
    retries: int = 4
    retry_seconds: float = 90.0
    backoff_seconds: float = 0.5

    def without_retries(self) -> Timeouts:
        """Return the same timeouts for one attempt only."""
        return replace(self, retries=0)
