"""By which names and addresses this server is called, where RUHU_ALLOWED_HOSTS does not say (decision 0242).

The host of a request goes into the addresses that phones are told to call and into QR codes,
so a stranger must not choose it; and a page of another name that a resolver leads here
(DNS rebinding) must not be answered.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from functools import cache
from ipaddress import IPv6Address, ip_address
from typing import Final
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

_log = structlog.get_logger("server.hosts")
_PHONES: Final = ("/key/", "/odk/", "/v1/test/")


class KnownHosts:
    """Refuses requests for a host that is not this machine.

    What a phone sends in is taken whatever it calls the server: that answer holds no address,
    and a record must not wait for a setting.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        if not settings.RUHU_GUESSES_HOSTS:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if _sends_a_record(request):
            return self.get_response(request)
        host = _without_port(request.get_host())
        if is_ours(host):
            return self.get_response(request)
        _log.warning("host refused: set RUHU_BASE_URL or RUHU_ALLOWED_HOSTS", host=host)
        sentence = _(
            "This server does not know that it is called {host}. Use the address that “./ruhu up” prints, or set RUHU_BASE_URL or RUHU_ALLOWED_HOSTS and start it again."
        )
        text = sentence.format(host=host)
        return HttpResponse(f"{text}\n", status=400, content_type="text/plain; charset=utf-8")


def is_ours(host: str) -> bool:
    """Whether a host without a port is a name of this machine, or an address in a private network or of this machine.

    A private address need not be this machine's own: containers and routers translate it.
    """
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        return host.lower().removesuffix(".") in _names(settings.RUHU_BASE_URL)
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return not address.is_global or _is_assigned_here(str(address))


@cache
def _names(base_url: str) -> frozenset[str]:
    own = socket.gethostname().lower()
    names = {"localhost", own, f"{own.partition('.')[0]}.local", urlsplit(base_url).hostname or ""}
    return frozenset(names - {""})


def _is_assigned_here(address: str) -> bool:
    """Whether an interface of this machine has the address now: only such an address can be bound."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


def _sends_a_record(request: HttpRequest) -> bool:
    path = request.path_info
    return (
        request.method == "POST"
        and path.startswith(_PHONES)
        and path.rstrip("/").endswith("/submission")
    )


def _without_port(host: str) -> str:
    """The host, which Django has found well formed, without `:port`; an IPv6 address keeps its brackets."""
    if host.endswith("]"):
        return host
    return host.rpartition(":")[0] if ":" in host else host
