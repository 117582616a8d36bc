"""Which addresses are on this machine, and to which ones a secret may travel."""

import ipaddress

import httpx2


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def is_private(url: httpx2.URL) -> bool:
    """Tell whether nobody can read on the way what is sent to an address: it is https, or http to this machine."""
    return bool(url.host) and (url.scheme == "https" or (url.scheme == "http" and is_loopback(url.host)))
