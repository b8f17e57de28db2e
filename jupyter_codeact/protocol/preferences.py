"""What the user sets for a model, as the page sends and gets it."""

from __future__ import annotations

from ..agent.contracts import Frozen, Guidance, ModelSettings, Prices
from ..agent.gate.gate import Approval


class Preferences(Frozen):
    """What the user sets for a model, or for an endpoint's; ``None`` leaves it to whoever is asked next."""

    supports_images: bool | None = None
    guidance: Guidance | None = None
    approval: Approval | None = None
    settings: ModelSettings | None = None
    prices: Prices | None = None
