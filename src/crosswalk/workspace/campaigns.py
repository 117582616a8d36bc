"""Which campaign a session or event is bound to, as syncs of the file say it.

A binding belongs to a source and a connection, not to the sync that names it: two syncs of one source into one org share it.
"""

from dataclasses import dataclass

from crosswalk.errors import Problem
from crosswalk.workspace.document import SyncSpec, Workspace
from crosswalk.workspace.state import Current


@dataclass(frozen=True, slots=True)
class Binding:
    """One wanted binding; no campaign means it is taken away."""

    source: str
    group_id: str
    connection: str
    campaign_id: str | None
    bound_now: str | None

    @property
    def name(self) -> str:
        """What admins call it."""
        return f"{self.source}/{self.group_id}"


def wanted(workspace: Workspace, current: Current) -> tuple[list[Binding], list[Problem]]:
    """Return every binding the file names, once, and every contradiction between syncs."""
    found: dict[tuple[str, str, str], Binding] = {}
    problems: list[Problem] = []
    for index, sync in enumerate(workspace.syncs):
        for group_id, campaign_id in sync.campaigns.items():
            key = (sync.source, sync.connection, group_id)
            if key in found and found[key].campaign_id != campaign_id:
                sentence = f'Another sync binds "{group_id}" of this source to another campaign; a session belongs to one.'
                problems.append(Problem("bound_twice", f"syncs[{index}].campaigns.{group_id}", sentence))
            found[key] = _binding(sync, group_id, campaign_id, current)
    return list(found.values()), problems


def _binding(sync: SyncSpec, group_id: str, campaign_id: str | None, current: Current) -> Binding:
    configuration = current.configuration
    source = configuration.source_named(sync.source)
    connection = next((one for one in configuration.connections.values() if one.name == sync.connection), None)
    bound = current.bindings.get((source.id, group_id, connection.id)) if source and connection else None
    return Binding(sync.source, group_id, sync.connection, campaign_id, bound)
