"""Removes private details from the texts of 1C, proxies and databases."""

import re
from typing import Final

_QUOTED: Final = r"\"[^\"]*\"|'[^']*'|«[^»]*»"
_VALUE: Final = rf"\s*=\s*(?:{_QUOTED}|[^\s;,]+)"  # as in Srvr="main";Usr=robot
_AFTER_LABEL: Final = rf"\s*[:=]\s*(?:{_QUOTED}|[^\s;,]+)"  # as in Пароль: …
_NAME: Final = r"[^\\/:*?\"<>|\s,;]+"  # of a file or a folder; a folder's may have spaces
_DOMAINS: Final = (
    "local|localdomain|lan|internal|intranet|corp|home|com|net|org|info|biz|eu|ua|ru|by|kz|uz|su|md"
)

# As in Пароль: …, Пароль пользователя «robot»: …
_CALLED: Final = (
    "пользователь|имя пользователя|логин|пароль|токен|користувач|ім['’]я користувача|логін"
)
_SECRETS: Final = (
    r"\bauthorization\s*[:=]\s*(?:(?:basic|bearer|digest)\s+)?\S+",
    rf"\b(?:usr|user(?:[ _-]?name)?|uid|login|pwd|passw(?:or)?d|pass|token|secret){_AFTER_LABEL}",
    rf"\bapi[ _-]?key{_AFTER_LABEL}",
    rf"\b(?:{_CALLED})(?: (?:\w{{1,30}}|{_QUOTED})){{0,2}}{_AFTER_LABEL}",
)
_ENCODED: Final = r"[a-z0-9+/_-]{40,}={0,2}"  # base64, hex, keys

# A file or a folder, an address, a connection string.
_PLACES: Final = (
    r"\b[a-z][a-z0-9+.-]{1,20}://[^\s\"'<>]+",
    rf"\b(?:srvr|ref|file|ws|server_addr|addr|line|database|server|host|dbname|db){_VALUE}",
    rf"\b[a-z]:[\\/](?:{_NAME}(?: {_NAME}){{0,2}}[\\/])*{_NAME}",
    r"\\\\[^\s\"'<>|,;)]+",
    r"(?<![\w/.])/(?:(?:[\w.+-]+/)+[\w.+-]*|[a-z][\w.+-]*)",
    r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b",
    r"(?<![\w:])(?:[0-9a-f]{0,4}:){3,7}[0-9a-f]{0,4}(?![\w:])|::1\b",
    rf"(?<![\w.-])(?:[a-z0-9-]+\.)+(?:{_DOMAINS})\b(?::\d+)?",
    r"\blocalhost\b(?::\d+)?|(?<![\w.-])[a-z][a-z0-9.-]*:\d{2,5}\b",
)

# A host without a domain, recognised by the word before it or by a typical host name.
_SERVER: Final = r"(?:сервер(?!н)|кластер|хост|вузл|узел|узл|компьютер|комп['’]ютер)\w{0,4}"
_OF_DATA: Final = r"(?: баз\w{1,4} дан\w{1,4})?"
_HOST_WORDS: Final = "srv|serv|server|app|sql|pg|db|1c|rdp|term|host|node|vm|dc|desktop|win"
_HOSTS: Final = (
    rf"(?P<kept>\b{_SERVER}{_OF_DATA} )[\"'«]?(?!1[cс]\b|sql\b)[a-z0-9_][\w.-]*[\"'»]?",
    r"(?P<kept>\b(?:server|host|cluster) )(?:[\"'][^\"']{1,80}[\"']|[a-z]\w*[-_\d][\w.-]*)",
    rf"(?<![\w.-])(?:{_HOST_WORDS})(?:-[a-z0-9]|\d)[a-z0-9-]*(?![\w.])",
)

_INFOBASE: Final = r"(?:информационн|інформаційн)\w{1,4} баз\w{1,4}"
_DATABASE: Final = r"баз\w{1,4} дан\w{1,4}|infobase|database"
_INFOBASES: Final = (
    rf"(?P<kept>\b(?:{_INFOBASE}|{_DATABASE}) )(?:{_QUOTED})",
    rf"(?P<kept>\b{_INFOBASE} )[a-z_][\w-]*",
)

# What a database says of itself, to the end: states, tables, the statement.
_DATABASES: Final = (
    r"(?:\bmicrosoft (?:sql|ole db|odbc)|\bsql ?state\b|\bsqlsrvr\b|\bhresult\b|\bpostgresql\b"
    r"|\b(?-i:ERROR):|\bora-\d).*"
)


def _compiled(*patterns: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern, re.IGNORECASE) for pattern in patterns)


_SECRET: Final = _compiled(*_SECRETS, _ENCODED)
# In the order in which they are taken out.
_PRIVATE: Final = _compiled(*_SECRETS, _DATABASES, *_PLACES, *_HOSTS, *_INFOBASES, _ENCODED)


def without_secrets(line: str) -> str:
    """A line without credentials and encoded data."""
    return _without(_SECRET, line)


def without_private(line: str) -> str:
    """A line without secrets, files, addresses, hosts, infobases and what a database says."""
    return _without(_PRIVATE, line)


def _without(patterns: tuple[re.Pattern[str], ...], line: str) -> str:
    for pattern in patterns:
        line = pattern.sub(_kept_of, line)
    return line


def _kept_of(found: re.Match[str]) -> str:
    return (found.groupdict().get("kept") or "") + "…"
