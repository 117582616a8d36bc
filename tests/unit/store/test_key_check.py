import pytest

from crosswalk.errors import ConfigurationError
from crosswalk.store import key_check
from crosswalk.store.vault import Vault


async def test_the_key_a_database_was_filled_with_is_accepted_again(database, vault):
    await key_check.prove(database, vault)
    await key_check.prove(database, vault)


async def test_another_key_is_refused_before_it_forgets_everybody(database, vault):
    await key_check.prove(database, vault)
    with pytest.raises(ConfigurationError, match="CROSSWALK_KEY_FILE"):
        await key_check.prove(database, Vault.in_memory("another"))
