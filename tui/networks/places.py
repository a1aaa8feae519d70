"""Where a host is, by its name or address alone."""

import ipaddress


def is_loopback(host: str) -> bool:
    """Whether a host is this machine; a name other than `localhost` is looked up by nobody here."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
