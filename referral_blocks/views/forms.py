"""Receives the public forms of the blocks."""

from django.http import HttpRequest, HttpResponse


def join(request: HttpRequest) -> HttpResponse:
    raise NotImplementedError


def friend(request: HttpRequest) -> HttpResponse:
    raise NotImplementedError


def sign_in_request(request: HttpRequest) -> HttpResponse:
    raise NotImplementedError
