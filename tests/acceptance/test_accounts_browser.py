"""An account in a real browser, in Chinese: a handed-out password, an app, a security key; pictures in var/screenshots."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.conf import settings
from pytest_django.live_server_helper import LiveServer
from selenium.webdriver.common.virtual_authenticator import VirtualAuthenticatorOptions

from server.accounts.models import RoleGrant
from tests.acceptance.browser import Clerk, start
from tests.conftest import STREET

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def clerk(transactional_db, divisions, make_user, tmp_path) -> Iterator[Clerk]:
    """A browser at a server that is called localhost, which browsers trust with keys."""
    make_user("zhou", role="administrator", area=STREET)
    browser = start(tmp_path / "profile")
    server = LiveServer("localhost")
    try:
        yield Clerk(browser, server.url, settings.VAR / "screenshots")
    finally:
        browser.quit()
        server.stop()


def log_in(clerk: Clerk, username: str, password: str) -> None:
    clerk.go("/login")
    clerk.type("input[name=username]", username)
    clerk.type("input[name=password]", password)
    clerk.click("main form button.primary")
    clerk.wait(lambda browser: not browser.current_url.endswith("/login"))


def log_out(clerk: Clerk) -> None:
    clerk.click("form[action='/logout'] button")
    clerk.wait(lambda browser: browser.current_url.endswith("/login"))


def test_a_new_colleague_chooses_a_password_and_sets_up_second_factors(clerk, make_user):
    log_in(clerk, "zhou", "correct horse")
    clerk.go("/people/new")
    clerk.picture("people-1-new")
    clerk.type("input[name=username]", "liu")
    clerk.type("input[name=name]", "刘珍")
    clerk.browser.execute_script("document.querySelector('select[name=role]').value = 'street'")
    clerk.click("main form button.primary")
    clerk.says("只显示这一次")
    clerk.picture("people-2-password")
    password = clerk.all("dd.code")[1].text
    user = RoleGrant.objects.get(user__username="liu").user
    clerk.go(f"/people/{user.pk}")
    clerk.picture("people-3-person")
    clerk.go("/people")
    clerk.says("密码待更换")
    clerk.picture("people-4-list")
    log_out(clerk)

    log_in(clerk, "liu", password)
    clerk.says("请设置自己的密码")
    clerk.picture("account-1-handed-out")
    for name, text in (("current", password), ("password", "短"), ("again", "短")):
        clerk.type(f"input[name={name}]", text)
    clerk.click("main form.stack button.primary")
    clerk.says("太短")
    clerk.picture("account-2-weak")
    for name, text in (
        ("current", password),
        ("password", "staple battery 9"),
        ("again", "staple battery 9"),
    ):
        clerk.type(f"input[name={name}]", text)
    clerk.click("main form.stack button.primary")
    clerk.says("密码已更改")
    clerk.picture("account-3-account")

    clerk.go("/account/second-factor")
    clerk.picture("account-4-factors")
    clerk.go("/account/second-factor/app/add")
    clerk.says("请再次输入密码")
    clerk.picture("account-5-confirm")
    clerk.type("input[name=password]", "staple battery 9")
    clerk.click("main form.stack button.primary")
    clerk.says("扫描此码")
    clerk.picture("account-6-app")
    secret = clerk.find("p.small .code").text
    clerk.type("input[name=code]", code_of(secret))
    clerk.click("main form.stack button.primary")
    clerk.says("恢复码")
    clerk.picture("account-7-recovery-codes")

    clerk.browser.add_virtual_authenticator(VirtualAuthenticatorOptions())
    clerk.go("/account/second-factor/keys/add")
    clerk.picture("account-8-key")
    clerk.click("#use-key")
    clerk.says("密钥已添加")
    clerk.go("/account/second-factor/keys")
    clerk.picture("account-9-keys")
    log_out(clerk)

    log_in(clerk, "liu", "staple battery 9")
    clerk.says("请输入验证器应用显示的验证码")
    clerk.picture("account-10-second-step")
    clerk.type("input[name=code]", "000000")
    clerk.click("main form button.primary")
    clerk.says("验证码错误")
    clerk.type("input[name=code]", code_of(secret))
    clerk.click("main form button.primary")
    clerk.says("今日")
    log_out(clerk)
    log_in(clerk, "liu", "staple battery 9")
    clerk.click("#use-key")
    clerk.says("今日")
    clerk.go("/account")
    clerk.picture("account-11-account")
    assert [text for text in clerk.complaints() if "status of 400" not in text] == []


def code_of(secret: str, step: int = 0) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + step))
