"""Everything configurable as one YAML file: parsed, compared, applied, exported.

The file holds no secret, only the names of environment variables. What it does not mention stays as it is: removing a thing is said
aloud, with `state: removed`.
"""

from crosswalk.workspace.apply import Applied, apply
from crosswalk.workspace.compare import Action, Difference, Plan, diff
from crosswalk.workspace.document import Workspace
from crosswalk.workspace.export import export
from crosswalk.workspace.files import apply_file, parse_file
from crosswalk.workspace.mistakes import WorkspaceError
from crosswalk.workspace.parse import parse

__all__ = [
    "Action",
    "Applied",
    "Difference",
    "Plan",
    "Workspace",
    "WorkspaceError",
    "apply",
    "apply_file",
    "diff",
    "export",
    "parse",
    "parse_file",
]
