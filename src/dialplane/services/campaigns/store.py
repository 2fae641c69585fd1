"""One store for the subject: a go of a campaign moves all of its parts together."""

from typing import Protocol

from dialplane.services.campaigns.campaigncalls import CampaigncallStore
from dialplane.services.campaigns.campaigns import CampaignStore
from dialplane.services.campaigns.outdials import OutdialTargetStore


class CampaignsStore(OutdialTargetStore, CampaignStore, CampaigncallStore, Protocol):
    """Port."""
