"""`forget`: erases what is stored about a person and prints the proof."""

from typing import Annotated

import typer
from rich.console import Console

from crosswalk import runtime
from crosswalk.cli import process
from crosswalk.engine import erasure
from crosswalk.engine.erasure import Proof
from crosswalk.settings import Settings
from crosswalk.workspace.files import COMMAND_LINE


def forget(
    email: Annotated[str | None, typer.Option(help="The person's e-mail address.")] = None,
    user_id: Annotated[str | None, typer.Option("--user-id", help="The person's user id in a source.")] = None,
    phone: Annotated[str | None, typer.Option(help="The person's phone number.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Forget without asking.")] = False,
) -> None:
    """Erase everything stored about a person, take no more events of them, and print the proof."""
    person = {kind: value for kind, value in (("email", email), ("user_id", user_id), ("phone", phone)) if value is not None}
    process.run(lambda settings: _forget(settings, person, asks=not yes))


async def _forget(settings: Settings, person: dict[str, str], *, asks: bool) -> int:
    if asks and not typer.confirm("Everything stored about this person is erased for good. Go on?"):
        typer.echo("Nothing was changed.")
        return process.ERROR
    async with runtime.opened(settings) as parts:
        proof = await erasure.erase(parts.engine, person, COMMAND_LINE)
    _show(process.console(), proof)
    return 0 if proof.scrubbed and not proof.unsettled else process.ERROR


def _show(console: Console, proof: Proof) -> None:
    console.print(f"Forgotten at {proof.at:%Y-%m-%d %H:%M:%S} UTC.")
    for name in ("events", "notices", "changes", "identities"):
        console.print(f"  {name}: {getattr(proof, name):,}")
    console.print(f"  person: {proof.person}")
    console.print(f"  proof:  {proof.digest}")
    if proof.unsettled:
        console.print(f"{proof.unsettled} are still needed for work under way; forget the person again once it has ended.")
    if not proof.scrubbed:
        console.print("The database was busy, so that its file may hold old pages; forget the person again, or stop Crosswalk first.")
    if proof.records:
        console.print("In Salesforce these records are left as they are; delete them there if the person wants it:")
    for record in proof.records:
        console.print(f"  {record.org} {record.object} {record.id}")
