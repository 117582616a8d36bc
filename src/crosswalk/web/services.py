"""What the HTTP faces are built from; whoever starts the process makes these and keeps their lifetime."""

from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry

from crosswalk.clock import Clock
from crosswalk.inbox.receive import Receiver
from crosswalk.settings import Settings
from crosswalk.store.configuration import ConfigurationCache
from crosswalk.store.database import Database
from crosswalk.store.ids import Ids
from crosswalk.store.vault import Vault


@dataclass(frozen=True, slots=True)
class Services:
    """Everything a request may need."""

    database: Database
    vault: Vault
    clock: Clock
    ids: Ids
    receiver: Receiver
    configuration: ConfigurationCache
    settings: Settings
    metrics: CollectorRegistry = field(default_factory=CollectorRegistry)
