"""Probes of 1C's host: DNS, TCP and TLS."""

import ssl
from datetime import UTC, datetime
from typing import Final

import trio

from onecgw.backends.http.connection import connect_error_text
from onecgw.diagnostics.step import CheckStep

CERTIFICATE_DAYS: Final = 14  # a certificate that expires sooner is reported

# Advice by OpenSSL's verify codes (X509_V_ERR_...).
_CERTIFICATE_ADVICE: Final = {
    10: "renew the certificate of 1C's web server: it has expired",
    18: "set onec.ca_file to the certificate itself (PEM): it is self-signed",
    19: "set onec.ca_file to the CA (PEM) that signed the certificate: it is a private one",
    20: "set onec.ca_file to the CA (PEM) that signed the certificate, or let the web server send"
    " the whole chain",
    62: "write the host in onec.base_url as the certificate has it",
    64: "write the host in onec.base_url as the certificate has it, not its address",
}


async def probe_dns(host: str, port: int) -> CheckStep:
    """Resolve the host's addresses."""
    try:
        found = await trio.socket.getaddrinfo(host, port, type=trio.socket.SOCK_STREAM)
    except OSError as error:
        return CheckStep(
            name="dns",
            ok=False,
            detail=f"{host}: {error.strerror or error}",
            advice="correct the host in onec.base_url, or the DNS of this machine",
        )
    addresses = dict.fromkeys(str(entry[4][0]) for entry in found)
    return CheckStep(name="dns", ok=True, detail=f"{host} is {', '.join(addresses)}")


async def probe_tcp(host: str, port: int) -> CheckStep:
    """Open and close a TCP connection."""
    try:
        stream = await trio.open_tcp_stream(host, port)
    except OSError as error:
        return CheckStep(
            name="tcp",
            ok=False,
            detail=f"port {port}: {connect_error_text(error)}",
            advice="start the web server of 1C, correct the port in onec.base_url, or let the"
            " firewall pass",
        )
    await trio.aclose_forcefully(stream)
    return CheckStep(name="tcp", ok=True, detail=f"port {port} is open")


async def probe_tls(host: str, port: int, tls: ssl.SSLContext) -> CheckStep:
    """Make a TLS handshake and inspect the certificate."""
    try:
        tcp = await trio.open_tcp_stream(host, port)
    except OSError as error:
        advice = "repeat the check: the port was open"
        return CheckStep(name="tls", ok=False, detail=connect_error_text(error), advice=advice)
    stream = trio.SSLStream(tcp, tls, server_hostname=host, https_compatible=True)
    try:
        await stream.do_handshake()
        return _certificate(stream)
    except trio.BrokenResourceError as error:
        return _handshake_failure(error.__cause__)
    finally:
        await trio.aclose_forcefully(stream)


def _certificate(stream: "trio.SSLStream[trio.SocketStream]") -> CheckStep:
    ends = ssl.cert_time_to_seconds(stream.getpeercert()["notAfter"])
    days = (datetime.fromtimestamp(ends, UTC) - datetime.now(UTC)).days
    return CheckStep(
        name="tls",
        ok=True,
        detail=f"{stream.version()}, the certificate is good for {days} days",
        advice="renew the certificate of 1C's web server soon" if days < CERTIFICATE_DAYS else "",
    )


def _handshake_failure(cause: BaseException | None) -> CheckStep:
    detail = str(cause or "the connection ended within the handshake")
    if isinstance(cause, ssl.SSLCertVerificationError):
        detail = cause.verify_message
        advice = _CERTIFICATE_ADVICE.get(
            cause.verify_code, "replace the certificate of the web server"
        )
    elif isinstance(cause, ssl.SSLError) and cause.reason == "WRONG_VERSION_NUMBER":
        advice = "write http:// in onec.base_url, or the port that speaks TLS: this one does not"
    else:
        advice = "switch TLS 1.2 or 1.3 on in the web server of 1C"
    return CheckStep(name="tls", ok=False, detail=detail, advice=advice)
