import pytest

from onecgw.web.asgi import Request
from onecgw.web.client_ip import ClientAddresses, limit_key

PROXIES = ("10.0.0.0/8", "2001:db8::/32")


def address(peer: str, *forwarded: str) -> str:
    headers = {"x-forwarded-for": [line.encode() for line in forwarded]}
    request = Request(method="GET", path="/", headers=headers, peer=peer)
    return ClientAddresses(PROXIES).of(request)


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("192.0.2.1", (), "192.0.2.1"),
        ("192.0.2.1", ("198.51.100.7",), "192.0.2.1"),  # no trusted proxy says so
        ("10.0.0.1", ("198.51.100.7",), "198.51.100.7"),
        ("10.0.0.1", ("1.1.1.1, 198.51.100.7",), "198.51.100.7"),  # the left is the client's word
        ("10.0.0.1", ("1.1.1.1", "198.51.100.7, 10.0.0.2"), "198.51.100.7"),
        ("10.0.0.1", ("10.0.0.3, 10.0.0.2",), "10.0.0.3"),
        ("10.0.0.1", ("198.51.100.7:50123",), "198.51.100.7"),
        ("10.0.0.1", ("[2a00::7]:50123",), "2a00::7"),
        ("10.0.0.1", ("[2a00::7]",), "2a00::7"),
        ("10.0.0.1", ("unknown",), "10.0.0.1"),
        ("10.0.0.1", ("",), "10.0.0.1"),
        ("::ffff:10.0.0.1", ("198.51.100.7",), "198.51.100.7"),
        ("2001:db8::1", ("2a00::7",), "2a00::7"),
        ("", ("198.51.100.7",), ""),
    ],
)
def test_the_address_of_a_client(peer: str, forwarded: tuple[str, ...], expected: str) -> None:
    assert address(peer, *forwarded) == expected


def test_a_network_of_ipv6_counts_as_one() -> None:
    assert limit_key("2a00:1:2:3:4:5:6:7") == limit_key("2a00:1:2:3:ffff::1")
    assert limit_key("2a00:1:2:4::1") != limit_key("2a00:1:2:3::1")
    assert limit_key("192.0.2.1") == "192.0.2.1"
    assert limit_key("") == ""
