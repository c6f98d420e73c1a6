"""A clerk's work in a real browser, in Chinese, on a demo street; writes pictures to var/screenshots."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from pytest_django.live_server_helper import LiveServer
from selenium.webdriver.common.keys import Keys

from server.submissions import opening
from tests.acceptance.browser import Clerk, start
from tests.conftest import STREET
from tests.factories.encrypted import PASSPHRASE, make_encrypted_form, send_encrypted
from tests.factories.submissions import make_phone

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FORMS = sorted((Path(__file__).parents[2] / "xlsforms").glob("*.xlsx"))


@pytest.fixture
def demo_street(transactional_db) -> None:
    from server.forms.services import publish
    from server.ops.demo.street import Size, make

    for file in FORMS:
        publish(workbook=file.read_bytes(), filename=file.name, publisher=None, validate=False)
    make(Size(communities=2, households=60, quarters=2), lambda what, done, of: None)


@pytest.fixture
def site(demo_street) -> Iterator[str]:
    """The console on a port of its own."""
    server = LiveServer("127.0.0.1")
    try:
        yield server.url
    finally:
        server.stop()


@pytest.fixture
def clerk(site, make_user, tmp_path) -> Iterator[Clerk]:
    user = make_user("liuzhen", role="street", area=STREET)
    user.name = "刘珍"
    user.save()
    browser = start(tmp_path / "profile")
    try:
        yield Clerk(browser, site, settings.VAR / "screenshots")
    finally:
        browser.quit()


def test_a_clerk_reviews_looks_up_and_maps_and_an_administrator_manages(
    clerk, make_user, monkeypatch
):
    from server.ledgers.models import AssistanceCase, Household
    from server.submissions.models import Attachment, Submission

    clerk.go("/")
    clerk.says("就业援助入户服务")
    clerk.picture("1-login")
    clerk.type("input[name=username]", "liuzhen")
    clerk.type("input[name=password]", "correct horse")
    clerk.click("form[method=post] button.primary")
    clerk.says("今日概况")
    clerk.picture("2-today")

    clerk.go("/review")
    clerk.says("审核队列")
    clerk.picture("3-review-queue")
    clerk.type("input[type=search]", "没有这样的标题")
    clerk.says("没有符合筛选条件的记录")

    photo = Attachment.objects.filter(
        name__endswith=".jpg", version__submission__location__isnull=False
    ).first()
    number = photo.version.submission_id
    clerk.go(f"/submissions/{number}")
    clerk.says("并入台帐的情况")
    clerk.find("[data-map][data-ready]")
    clerk.wait(
        lambda browser: browser.execute_script(
            "const photo = document.querySelector('.photo-open img'); photo.scrollIntoView();"
            "return photo.complete && photo.naturalWidth > 0"
        )
    )
    clerk.browser.execute_script("window.scrollTo(0, 0)")
    clerk.picture("4-submission", whole=True)
    clerk.click("#decision button[value=approved]")
    clerk.says("已保存，台帐随即更新")
    assert Submission.objects.get(pk=number).review_state == "approved"
    clerk.picture("5-submission-approved")

    case = (
        AssistanceCase.objects.filter(
            subject_person__household__loc__isnull=False,
            subject_person__household__head_person__isnull=False,
            last_visit__isnull=False,
        )
        .exclude(subject_person__household__assisted_categories=[])
        .select_related("subject_person__household")
        .first()
    )
    household = case.subject_person.household
    clerk.go(f"/households/{household.pk}")
    clerk.find("[data-map][data-ready]")
    clerk.picture("6-household", whole=True)
    clerk.click(".cell details.origin summary")
    clerk.says("核实程度")
    clerk.picture("7-household-origin")

    clerk.go(f"/persons/{case.subject_person_id}")
    clerk.click(".cell .masked button")
    clerk.type(".cell .masked input[name=reason]", "核对就业困难认定材料")
    clerk.click(".cell .masked button.primary")
    clerk.says("仅本次显示，已记录")
    clerk.picture("8-person")

    clerk.go("/map")
    clerk.find("#map[data-ready]")
    assert clerk.find(".maplibregl-ctrl-zoom-in").get_attribute("aria-label") == "放大"
    drawn = clerk.wait(lambda browser: browser.execute_script(DRAWN))
    assert drawn
    clerk.picture("9-map")
    clerk.browser.execute_script("window.ruhuMap.jumpTo({center: arguments[0], zoom: 16.5})",
                                 [household.loc.x, household.loc.y])  # fmt: skip
    x, y = clerk.wait(lambda browser: browser.execute_script(PLACE, str(household.pk)))
    click_at(clerk, x, y)
    clerk.says("打开家庭户")
    assert any(
        link.get_attribute("href").endswith(f"/households/{household.pk}")
        for link in clerk.all(".maplibregl-popup a")
    )
    clerk.picture("10-map-popup")
    clerk.click(".maplibregl-popup a[href^='/households/']")
    clerk.says("家庭成员")

    clerk.go("/map")
    clerk.find("#map[data-ready]")
    name = household.head_person.name
    clerk.type("#q", name)
    clerk.click("#found [data-fly]")
    clerk.find(".maplibregl-popup a[href^='/households/']")

    crowd_around(household)
    clerk.browser.execute_cdp_cmd("Network.clearBrowserCache", {})
    clerk.go("/map")
    clerk.find("#map[data-ready]")
    clerk.browser.execute_script("window.ruhuMap.jumpTo({zoom: 13.5})")
    (x, y), zoom = clerk.wait(lambda browser: browser.execute_script(CLUSTER))
    clerk.picture("12-map-clusters")
    click_at(clerk, x, y)
    clerk.wait(lambda browser: browser.execute_script("return window.ruhuMap.getZoom()") > zoom + 1)
    clerk.click(".chip span")
    clerk.wait(lambda browser: browser.execute_script("return window.ruhuMap.areTilesLoaded()"))

    for page, title in (
        ("/households?assisted=true", "家庭户"),
        ("/cases", "援助个案"),
        ("/exceptions?open=", "例外事项"),
        ("/forms", "表单"),
        ("/field-accounts", "外勤账号"),
        ("/vacancies", "空岗"),
    ):
        clerk.go(page)
        clerk.says(title)
        clerk.picture("list-" + page.strip("/").split("?")[0])
    assert Household.objects.filter(pk=household.pk).exists()

    assert clerk.complaints() == []
    with_members = Submission.objects.filter(
        current_version__form_version__form__form_id="household_survey"
    ).latest("pk")
    on_a_phone(
        clerk,
        *(f"/submissions/{pk}" for pk in (number, with_members.pk)),
        f"/households/{household.pk}",
    )
    administer(clerk, make_user, monkeypatch)

    clerk.go("/")
    clerk.click(".language button")
    clerk.says("Employment assistance")
    clerk.picture("11-english")
    assert clerk.complaints() == []


def on_a_phone(clerk, *pages: str) -> None:
    """The same pages 390 pixels wide: nothing overflows, each cell names its column, the menu folds."""
    with clerk.as_wide_as(390, 844):
        for page in (*pages, "/submissions?flag=no_location", "/exceptions", "/forms", "/map"):
            clerk.go(page)
            clerk.picture("phone-" + page.strip("/").split("/")[0].split("?")[0])
            assert clerk.browser.execute_script(STICKS_OUT, 390) == [], page
        clerk.go("/field-accounts")
        assert clerk.find("td[data-name='手机']")
        menu = clerk.find("[data-menu]")
        assert not clerk.find("#menu a").is_displayed()
        menu.send_keys(Keys.ENTER)
        assert clerk.find("#menu a").is_displayed()
        assert menu.get_attribute("aria-expanded") == "true"


def administer(clerk, make_user, monkeypatch) -> None:
    """An administrator's work with phones and keys; in the same browser, because starting it takes long."""
    session = Client()
    session.force_login(make_user("zhou", role="administrator", area=""))
    cookie = {"name": settings.SESSION_COOKIE_NAME}
    clerk.browser.add_cookie({**cookie, "value": session.cookies[cookie["name"]].value})
    phone, version = make_phone("sealing"), make_encrypted_form()
    incomplete = send_encrypted(phone, version, 1, without=["door.jpg.enc"])
    for number in (2, 3, 4):
        send_encrypted(phone, version, number)
    monkeypatch.setattr(opening, "SECONDS_AT_ONCE", 0.0)  # one record a request

    clerk.go("/field-accounts")
    clerk.says("sealing")
    clerk.picture("office-1-phones")
    clerk.click("a[href='/field-accounts/codes']")
    clerk.click("input[name=confirmed]")
    clerk.picture("office-2-codes")
    chosen = len(clerk.all("input[name=worker]"))
    clerk.click("main form[method=post] button.primary")
    clerk.says("只显示一次")
    assert len(clerk.all(".qr-card svg")) == chosen > 1
    clerk.picture("office-3-sheet")

    clerk.go("/forms")
    clerk.picture("office-4-forms")
    clerk.click("a[href='/encryption']")
    clerk.says("解开 3 条记录")
    clerk.picture("office-5-keys")
    clerk.type("input[name=passphrase]", "another horse")
    clerk.click("#keys form button")
    clerk.says("口令不对")
    assert all(" 400 " in complaint for complaint in clerk.complaints())
    clerk.picture("office-6-wrong-passphrase")
    clerk.type("input[name=passphrase]", PASSPHRASE)
    clerk.click("#keys form button")
    clerk.says("已解开 3 条，还有 0 条")
    assert not clerk.all("input[name=passphrase], #notice .notice")
    clerk.picture("office-7-opened")
    clerk.click("a[href^='/encryption/new?form=']")
    clerk.says("再输入一次口令")
    clerk.picture("office-8-new-key")
    clerk.go("/encryption/private-key")
    clerk.says("文件的密码")
    clerk.picture("office-9-private-key")
    clerk.go(f"/submissions/{incomplete.pk}")
    clerk.says("door.jpg.enc")
    clerk.picture("office-10-incomplete")


STICKS_OUT = """
return [...document.querySelectorAll("body *")]
  .filter((element) => element.checkVisibility() && !element.closest("#map, .small-map, .visually-hidden, .skip, thead"))
  .filter((element) => !element.closest(".sheet-box.members > table"))  // scrolls in its box, which must not stick out
  .filter((element) => element.getBoundingClientRect().right > arguments[0] + 1)
  .map((element) => element.outerHTML.slice(0, 120));
"""
DRAWN = """
const map = window.ruhuMap;
return map.areTilesLoaded() &&
  map.queryRenderedFeatures({layers: ["clusters", "households"]}).length > 0 &&
  map.queryRenderedFeatures({layers: ["communities"]}).length > 0;
"""
PLACE = """
const map = window.ruhuMap;
if (!map.areTilesLoaded()) return null;
const household = map.queryRenderedFeatures({layers: ["households"]})
  .find((feature) => feature.properties.id === arguments[0]);
if (!household) return null;
const at = map.project(household.geometry.coordinates);
const frame = document.getElementById("map").getBoundingClientRect();
return [at.x + frame.left, at.y + frame.top];
"""
CLUSTER = """
const map = window.ruhuMap;
if (!map.areTilesLoaded()) return null;
const [cluster] = map.queryRenderedFeatures({layers: ["clusters"]});
if (!cluster) return null;
const at = map.project(cluster.geometry.coordinates);
const frame = document.getElementById("map").getBoundingClientRect();
return [[at.x + frame.left, at.y + frame.top], map.getZoom()];
"""


def crowd_around(household) -> None:
    """Create so many assisted households that the server clusters them."""
    from django.contrib.gis.geos import Point

    from server.ledgers.models import Household

    Household.objects.bulk_create(
        Household(
            id=uuid.uuid4(),
            area_code=household.area_code,
            observed_at=household.observed_at,
            verified_level=2,
            hh_no=f"crowd-{number}",
            address="示范路",
            loc=Point(
                household.loc.x + (number % 40) * 0.0002 - 0.004,
                household.loc.y + (number // 40) * 0.0002 - 0.003,
                srid=4326,
            ),
            assisted_categories=["B01"],
        )
        for number in range(1200)
    )


def click_at(clerk: Clerk, x: float, y: float) -> None:
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.actions.action_builder import ActionBuilder

    actions = ActionBuilder(clerk.browser)
    actions.pointer_action.move_to_location(int(x), int(y)).click()
    actions.perform()
    ActionChains(clerk.browser).reset_actions()


PAGES = (
    *("/", "/review", "/submissions", "/households", "/persons", "/cases", "/employers"),
    *("/exceptions", "/quarantine", "/forms", "/field-accounts", "/map", "/disclosures"),
)


@pytest.mark.long
def test_every_list_fits_every_width_in_both_languages(clerk):
    """Pictures for a person to look at; here: no page scrolls sideways (tables may), and the browser complains of nothing."""
    clerk.go("/")
    clerk.type("input[name=username]", "liuzhen")
    clerk.type("input[name=password]", "correct horse")
    clerk.click("form[method=post] button.primary")
    for language, text in (("zh", "今日概况"), ("en", "Employment assistance")):
        clerk.go("/")
        if language == "en":
            clerk.click(".language button")
        clerk.says(text)
        for width, height in ((1366, 768), (768, 1024), (390, 844)):
            with clerk.as_wide_as(width, height):
                for page in PAGES:
                    clerk.go(page)
                    clerk.picture(f"{language}-{width}-{page.strip('/') or 'today'}")
                    needed = clerk.browser.execute_script(
                        "return document.documentElement.scrollWidth"
                    )
                    assert needed <= width, (language, width, page)
    assert clerk.complaints() == []
