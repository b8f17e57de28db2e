"""What the user sets for a model, as the page sends and gets it."""

from __future__ import annotations

from ..agent.contracts import Frozen, ModelSettings, Prices
from ..agent.gate.setting import Approval
from ..agent.run_limits import Guidance


class Preferences(Frozen):
    """What the user sets for a model, or for an endpoint's; ``None`` leaves it to whoever is asked next."""

    supports_images: bool | None = None
    guidance: Guidance | None = None
    approval: Approval | None = None
    settings: ModelSettings | None = None
    prices: Prices | None = None
