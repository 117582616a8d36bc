"""The code that proves, before there is anybody, that the one who makes the first owner also runs the process.

It follows from the key file, so every process of an installation prints and takes the same one, and nothing needs to be stored. Once an
owner exists it opens nothing.
"""

import hmac

from crosswalk.access import throttle, users
from crosswalk.access.context import Access
from crosswalk.errors import RequestRefused
from crosswalk.store.vault import Vault

_LENGTH = 12
_GROUP = 4


def code(vault: Vault) -> str:
    """Return the code as it is printed: three groups of four digits."""
    digits = str(int(vault.hmac("first-run-code"), 16))[-_LENGTH:]
    return "-".join(digits[at : at + _GROUP] for at in range(0, _LENGTH, _GROUP))


async def is_open(access: Access) -> bool:
    """Tell whether the first owner is still to be made."""
    async with access.database.read() as tx:
        return not await users.anybody(tx)


async def expect_code(access: Access, given: str, address: str) -> None:
    """Raise `RequestRefused` unless the code is right; guessing is throttled."""
    counted = throttle.limits(access.vault, "first-run", address)
    async with access.database.write() as tx:
        refusal = await throttle.attempt(tx, counted, access.now)
    if refusal:
        raise refusal
    wanted = code(access.vault).replace("-", "")
    if not hmac.compare_digest(given.replace("-", "").replace(" ", "").encode(), wanted.encode()):
        sentence = "The set-up code is not right. `crosswalk serve` printed it when it started; copy it from there."
        raise RequestRefused("wrong_setup_code", sentence, 401, field="code")
