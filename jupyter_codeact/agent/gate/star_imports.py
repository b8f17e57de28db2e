"""The names that ``from module import *`` binds, as far as they are of interest."""

from __future__ import annotations

from . import dangers as d
from . import writers as w

_EXPORTS = {
    "subprocess": ("run", "Popen", "call", "check_call", "check_output", "getoutput", "getstatusoutput"),
    "requests": ("get", "post", "put", "delete", "head", "patch", "Session", "request"),
    "ctypes": ("CDLL", "cdll", "PyDLL", "windll", "pythonapi", "cast", "POINTER"),
    "pty": ("spawn", "fork"),
    "jupyter_codeact": ("run", "arun", "Agent"),
    "http.client": ("HTTPConnection", "HTTPSConnection"),
    "smtplib": ("SMTP", "SMTP_SSL"),
    "ftplib": ("FTP", "FTP_TLS"),
}


def public_names(module: str) -> list[str]:
    """Return the names that ``from module import *`` is known to bind."""
    known = [*d.DANGEROUS, *w.TARGETS, *w.OPENERS, f"{module}.path", *d.ENVIRONMENTS]
    start = f"{module}."
    names = {name for name in known if name.startswith(start) and "." not in name.removeprefix(start)}
    if module in d.DANGEROUS:
        names |= {f"{module}.{name}" for name in _EXPORTS.get(module, ())}
    return sorted(names)
