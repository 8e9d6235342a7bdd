"""Where a person's words may be sent, and where never: how an address is spelt, and what a name turns out to mean."""

import socket

import pytest

from vibejam.addresses import addresses_to_reach, check_base_url, host_of, is_local
from vibejam.errors import UserError

pytestmark = pytest.mark.security


@pytest.fixture
def names(monkeypatch) -> dict[str, list[str]]:
    """A resolver that knows only what a test writes into it: what a stranger's name server says is the question."""
    known: dict[str, list[str]] = {}

    def getaddrinfo(host, port, *_, **__):
        if host not in known:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_UNSPEC, socket.SOCK_STREAM, 6, "", (address, port)) for address in known[host]]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return known


def refused(url: str, *, public: bool) -> str:
    with pytest.raises(UserError) as caught:
        check_base_url(url, public=public)
    return str(caught.value)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("https://api.openai.com/v1", "https://api.openai.com/v1"),
        ("  HTTPS://API.OpenAI.com:443/v1/ \n", "https://api.openai.com/v1"),
        ("https://api.openai.com./v1", "https://api.openai.com/v1"),
        ("https://openrouter.ai/api/v1/chat/completions", "https://openrouter.ai/api/v1"),
        ("http://localhost:11434/v1", "http://localhost:11434/v1"),
        ("http://[::1]:8080/v1", "http://[::1]:8080/v1"),
        ("http://192.168.1.20:1234/v1", "http://192.168.1.20:1234/v1"),
        ("http://100.101.102.103:11434/v1", "http://100.101.102.103:11434/v1"),  # a Tailscale network
        ("http://nas.local:11434", "http://nas.local:11434"),
        ("http://gpu_box/v1", "http://gpu_box/v1"),
    ],
)
def test_an_address_gets_one_spelling(typed, expected):
    assert check_base_url(typed, public=False) == expected
    assert check_base_url(expected, public=False) == expected


DISGUISED = [
    "",
    "   ",
    "api.openai.com/v1",
    "https://",
    "https:///v1",
    "ftp://api.openai.com/v1",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "https://api.openai.com:0/v1",
    "https://api.openai.com:99999/v1",
    "https://api.openai.com:port/v1",
    "https://api.openai.com/v1?to=elsewhere",
    "https://api.openai.com/v1#fragment",
    "http://api.openai.com@169.254.169.254/",
    "http://user:secret@localhost/v1",
    "https://@api.openai.com/v1",
    "https://api.openai.com\\@169.254.169.254/",
    "https://api.openai .com/v1",
    "https://api.openai.com\t/v1",
    "https://api.openai\n.com/v1",
    "https://api.open\x00ai.com/v1",
    "https://api.open\u0430i.com/v1",  # a Cyrillic a
    "http://127\u30020\u30020\u30021/v1",  # ideographic full stops
    "http://\uff11\uff12\uff17.0.0.1/v1",  # full-width digits
    "https://%31%32%37.0.0.1/v1",
    "https://a..b/v1",
    "https://-dash.example/v1",
    "https://" + "a" * 64 + ".example/v1",
    "https://[::1/v1",
    "https://[fe80::1%25eth0]/v1",
    "http://2130706433/v1",  # 127.0.0.1 as a number
    "http://0x7f000001/v1",
    "http://0x7f.0.0.1/v1",
    "http://127.0.0.0x1/v1",
    "http://0177.0.0.1/v1",
    "http://127.0.0.01/v1",
    "http://127.1/v1",
    "http://169.254.43518/v1",
    "http://1.2.3.4.5/v1",
]

OUT_OF_BOUNDS = [
    "http://169.254.169.254/latest/meta-data",
    "https://169.254.170.2/v1",
    "http://169.254.169.254./v1",
    "http://[fe80::1]/v1",
    "http://[fd00:ec2::254]/v1",
    "http://[fd20:ce::254]/v1",
    "http://100.100.100.200/v1",
    "https://192.0.0.192/v1",
    "https://168.63.129.16/v1",
    "http://metadata/v1",
    "http://metadata.google.internal/v1",
    "http://METADATA.google.internal./v1",
    "http://instance-data/v1",
    "http://[::ffff:169.254.169.254]/v1",
    "http://[::ffff:a9fe:a9fe]/v1",
    "http://[::ffff:127.0.0.1]/v1",  # harmless here, but no one writes it so
    "http://[::127.0.0.1]/v1",
    "http://[64:ff9b::a9fe:a9fe]/v1",
    "http://[64:ff9b::7f00:1]/v1",
    "http://[64:ff9b:1::a9fe:a9fe]/v1",
    "http://[2002:a9fe:a9fe::]/v1",
    "http://[2001:0:4136:e378:8000:63bf:5601:5601]/v1",
    "http://0.0.0.0:11434/v1",
    "http://[::]/v1",
    "http://224.0.0.1/v1",
    "http://[ff02::1]/v1",
    "http://255.255.255.255/v1",
    "http://8.8.8.8/v1",  # in the clear
    "http://[2606:4700::1111]/v1",
]

INSIDE = [
    "http://localhost:8080/v1",
    "https://localhost/v1",
    "https://127.0.0.1/v1",
    "https://[::1]/v1",
    "https://10.0.0.1/v1",
    "https://192.168.0.1/v1",
    "https://100.64.0.1/v1",
    "https://192.0.0.8/v1",
    "https://[fd12:3456::1]/v1",
    "https://[fec0::1]/v1",
    "https://printer/v1",
    "https://nas.local/v1",
    "https://db.internal/v1",
    "https://app.localhost/v1",
    "http://api.openai.com/v1",
    "https://api.openai.com:11434/v1",
    "https://api.openai.com:22/v1",
]


@pytest.mark.parametrize("public", [False, True])
@pytest.mark.parametrize("url", DISGUISED + OUT_OF_BOUNDS)
def test_disguised_and_dangerous_addresses_are_refused_everywhere(url, public):
    sentence = refused(url, public=public)
    assert sentence.endswith(".") and "\n" not in sentence


@pytest.mark.parametrize("url", INSIDE)
def test_strangers_reach_nothing_but_the_open_internet(url):
    check_base_url(url, public=False)
    refused(url, public=True)


def test_strangers_may_reach_the_open_internet():
    for url in ("https://api.openai.com/v1", "https://8.8.8.8/v1", "https://[2606:4700::1111]/v1", "https://a.io:8080"):
        assert check_base_url(url, public=True) == url


def test_a_refusal_never_repeats_a_secret_pasted_into_the_address():
    for url in ("https://sk-secret@api.io/v1", "sk-secret", "https://api.io/?key=sk-secret", "http://[sk-secret/"):
        assert "sk-secret" not in refused(url, public=False)


def test_nothing_is_looked_up_before_something_is_sent(monkeypatch):
    def getaddrinfo(*_, **__):
        raise AssertionError("asked the resolver")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    assert host_of(check_base_url("https://api.openai.com/v1", public=True)) == "api.openai.com"
    assert host_of(check_base_url("http://localhost:11434/v1", public=False)) == "localhost:11434"


def test_local_is_told_by_the_spelling():
    local = ("http://localhost", "https://[::1]/v1", "http://10.1.1.1", "http://nas.lan", "https://box", "http://a.b")
    assert all(is_local(check_base_url(url, public=False)) for url in local)
    assert not any(is_local(url) for url in ("https://api.openai.com/v1", "https://8.8.8.8", "https://localhost.io"))


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1", "fd00:ec2::254", "::ffff:a9fe:a9fe", "0.0.0.0"])
@pytest.mark.parametrize("public", [False, True])
def test_a_name_that_leads_to_a_metadata_service_is_refused(names, address, public):
    names["kind.example"] = [address]
    with pytest.raises(UserError, match="Nothing is sent to kind.example"):
        addresses_to_reach("https://kind.example/v1", public=public)


def test_only_the_addresses_that_may_be_reached_are_handed_on(names):
    names["nas.local"] = ["fe80::1%2", "192.168.1.9"]
    names["mixed.example"] = ["10.0.0.5", "8.8.8.8", "127.0.0.1"]
    assert addresses_to_reach("http://nas.local:11434", public=False) == ["192.168.1.9"]
    assert addresses_to_reach("https://mixed.example", public=True) == ["8.8.8.8"]
    assert addresses_to_reach("https://mixed.example", public=False) == ["10.0.0.5", "8.8.8.8", "127.0.0.1"]
    assert addresses_to_reach("http://mixed.example", public=False) == ["10.0.0.5", "127.0.0.1"]


def test_a_network_that_maps_the_old_internet_into_the_new_one_still_works(names):
    names["api.example"] = ["64:ff9b::808:808"]
    assert addresses_to_reach("https://api.example", public=True) == ["64:ff9b::808:808"]


def test_http_is_refused_once_the_name_turns_out_to_be_far_away(names):
    names["far.example"] = ["8.8.8.8"]
    with pytest.raises(UserError, match="https"):
        addresses_to_reach("http://far.example/v1", public=False)


def test_a_name_nobody_knows_is_one_sentence(names):
    with pytest.raises(UserError, match=r"^nowhere\.example could not be found; "):
        addresses_to_reach("https://nowhere.example/v1", public=False)
