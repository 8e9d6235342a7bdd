"""Is this base URL one we may send a person's words and key to?

Two questions, asked at two moments.  `check_base_url` reads the URL as it was typed, without touching the network.
`addresses_to_reach` looks the host's name up and keeps only addresses we may connect to; `drafts` calls it for every
connection and connects to nothing else, so a name that answers differently a moment later gains nothing.

On a person's own machine (`public=False`) this machine and its network are welcome: Ollama, llama.cpp, a box in the
cellar.  On a page that strangers use (`public=True`) only the open internet is, since the server's own network is not
theirs to reach.  Everywhere a cloud's metadata service is refused, and so is plain http beyond the local network.

Left out: whether the service behind an address is honest, and what a local server passes on to others.
"""

import ipaddress
import re
import socket
from urllib.parse import urlsplit

from vibejam.errors import UserError

PUBLIC_PORTS = (80, 443, 8080)  # the only ones a Hugging Face Space lets out
METADATA_NAMES = (
    "metadata", "metadata.goog", "metadata.google.internal", "instance-data", "instance-data.ec2.internal",
)
METADATA_ADDRESSES = frozenset(
    ipaddress.ip_address(text)
    # AWS, Google and Scaleway by IPv6; Alibaba; Oracle; Azure.  Those by IPv4 in 169.254/16 are link-local already.
    for text in ("fd00:ec2::254", "fd20:ce::254", "fd00:42::42", "100.100.100.200", "192.0.0.192", "168.63.129.16")
)
LOCAL_ENDINGS = (".localhost", ".local", ".lan", ".internal", ".home.arpa")
NAT64 = ipaddress.ip_network("64:ff9b::/96")
LOCAL_NAT64 = ipaddress.ip_network("64:ff9b:1::/48")
IETF_ASSIGNMENTS = ipaddress.ip_network("192.0.0.0/24")  # Python 3.11 calls it global; IANA does not
GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
NUMERIC = re.compile(r"0x[0-9a-f]*|[0-9]+")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def check_base_url(url: str, *, public: bool) -> str:
    """The URL in one fixed spelling: lower-case host, no trailing slash, no `/chat/completions`.

    Looks nothing up.  Raises UserError for what the text alone shows to be unreadable, disguised or out of bounds;
    no message repeats the URL, for people paste keys into the wrong box.
    """
    url = url.strip()
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise UserError("The address holds a space, a backslash or an unusual character; copy it again.")
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        raise UserError("The address cannot be read; it should look like https://api.openai.com/v1.") from None
    if parts.scheme not in ("http", "https") or not host or port == 0:
        raise UserError("The address must be a web address such as https://api.openai.com/v1.")
    if "@" in parts.netloc or "%" in parts.netloc:
        raise UserError("The address has more than a host before its first slash; leave out any name, password or %.")
    if parts.query or parts.fragment:
        raise UserError("The address must end before any ? or #; leave that part out.")
    if public and port not in (None, *PUBLIC_PORTS):
        raise UserError("From this page only the ports 80, 443 and 8080 can be reached; use an address without a port.")
    _check_host(parts.scheme, host, public=public)
    host = f"[{host}]" if ":" in host else host
    default = {"http": 80, "https": 443}[parts.scheme]
    path = parts.path.rstrip("/").removesuffix("/chat/completions").rstrip("/")
    return f"{parts.scheme}://{host}{'' if port in (None, default) else f':{port}'}{path}"


def host_of(url: str) -> str:
    """What to show as the place the text goes to: the host, and the port where it is not the usual one."""
    return urlsplit(url).netloc


def is_local(url: str) -> bool:
    """Does the spelling alone say this machine or its network?  `url` comes from `check_base_url`."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    address = _literal(host)
    if address is not None:
        return not address.is_global
    # http is only ever sent to local addresses, so an http name is local or goes nowhere
    return parts.scheme == "http" or "." not in host or host.endswith(LOCAL_ENDINGS)


def addresses_to_reach(url: str, *, public: bool) -> list[str]:
    """The addresses behind the host of `url` that may be connected to, in the resolver's order; asks the resolver.

    Raises UserError where the host has no address, or none that may be reached.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        found = socket.getaddrinfo(host, parts.port or 0, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise UserError(f"{host} could not be found; check its spelling, and that this machine is online.") from None
    allowed, reason = [], None
    for text in dict.fromkeys(str(entry[4][0]) for entry in found):
        against = _reason_against(parts.scheme, ipaddress.ip_address(text), public=public)
        reason = reason or against
        if against is None:  # a .local name often has a link-local address beside its usable one
            allowed.append(text)
    if not allowed:
        raise _refusal(host, reason or "it has no address")
    return allowed


def _check_host(scheme: str, host: str, *, public: bool) -> None:
    address = _literal(host)
    if address is not None:
        reason = _reason_against(scheme, address, public=public)
        if reason:
            raise _refusal(host, reason)
        return
    labels = host.split(".")
    if NUMERIC.fullmatch(labels[-1]):  # 2130706433, 0x7f.1, 0177.0.0.1: resolvers read them as addresses, people do not
        raise UserError("The address is written as a number in an unusual way; write it as four numbers or as a name.")
    if len(host) > 253 or not all(LABEL.fullmatch(label) for label in labels):
        raise UserError("The address cannot be read; it should look like https://api.openai.com/v1.")
    if host in METADATA_NAMES:
        raise _refusal(host, "it hands out a cloud machine's secrets")
    if public and (scheme == "http" or len(labels) == 1 or host.endswith(LOCAL_ENDINGS)):
        raise UserError("From this page only https addresses on the open internet can be reached; use one of those.")


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _reason_against(scheme: str, address: Address, *, public: bool) -> str | None:
    """Why `address` may not be connected to, as the middle of a sentence; None where it may."""
    if address.version == 6:
        inner = _inside_ipv6(address)
        if inner is not None and (address not in NAT64 or not inner.is_global):
            return "it hides one address inside another"
        # behind NAT64 every public IPv4 address comes like this; judge what is inside
        address = inner or address
    if address.is_link_local or address in METADATA_ADDRESSES:
        return "it can hand out a cloud machine's secrets"
    if address.is_multicast or address.is_unspecified or (address.is_reserved and not address.is_loopback):
        return "it is no single machine's address"
    if public and not _on_the_internet(address):
        return "it lies inside a private network"
    if scheme == "http" and address.is_global:
        return "http would carry your text and key readable by anyone on the way, and only https may leave this network"
    return None


def _inside_ipv6(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 one stands for: mapped, compatible, 6to4, Teredo or NAT64."""
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour
    if address.teredo:
        return address.teredo[1]
    compatible = 1 < int(address) < 2**32
    if compatible or address in NAT64 or address in LOCAL_NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def _on_the_internet(address: Address) -> bool:
    if address.version == 6:
        return address.is_global and address in GLOBAL_UNICAST
    return address.is_global and address not in IETF_ASSIGNMENTS


def _refusal(host: str, reason: str) -> UserError:
    return UserError(f"Nothing is sent to {host}: {reason}; use the service's own address.")
