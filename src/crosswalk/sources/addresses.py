"""What stands in the database for the token of a hook address and for a write key: their HMAC, never themselves."""

from urllib.parse import quote

from crosswalk.store.vault import Vault


def hook_hmac(vault: Vault, token: str) -> str:
    """Return what the token of a hook address is found by."""
    return vault.hmac(f"hook:{token}")


def write_key_hmac(vault: Vault, write_key: str) -> str:
    """Return what a write key is found by."""
    return vault.hmac(f"write_key:{write_key}")


def hook_path(source_name: str, token: str) -> str:
    """Return the path of a hook address."""
    return f"/hooks/{quote(source_name, safe='')}/{token}"
