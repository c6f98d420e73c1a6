"""Users, roles and phones: the services and the commands that make, list and end them."""

from __future__ import annotations

import json

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from server.accounts import collect
from server.accounts.models import FieldAccount, RoleGrant, User
from server.accounts.problems import BadArea, BadName, BadUserName, NameTaken
from server.accounts.scripts import begin
from server.accounts.selectors import authenticate_token
from server.accounts.services import add_worker, create_user, issue_token
from server.core.clock import now
from tests.doors.openrosa.digest_client import DigestPhone

pytestmark = pytest.mark.django_db


def json_of(capsys, *arguments: str) -> dict:
    """What a command prints with --json."""
    call_command(*arguments, "--json")
    return json.loads(capsys.readouterr().out)


def test_a_worker_is_one_command_away_from_collect(divisions, capsys) -> None:
    output = json_of(
        capsys,
        "worker",
        "add",
        "wang",
        "--area",
        "440106003001",
        "--base-url",
        "https://r.example/",
    )

    token = output["base_url"].removeprefix("https://r.example/key/")
    login = authenticate_token(token)
    assert (login.worker.areas, login.field_account_id) == (
        ("440106003001",),
        output["field_account"],
    )
    assert User.objects.get(username="wang").check_password(output["password"])
    assert collect.read_code_text(output["qr"]) == output["collect"]
    assert output["collect"]["general"]["server_url"] == output["base_url"]
    general = output["collect"]["general"]
    assert general["form_update_mode"] == "match_exactly"
    assert general["delete_send"] is True  # sent records hold ID numbers
    assert general["metadata_username"] == output["username"]
    assert output["collect"]["admin"] == {}


def test_a_new_worker_without_json_is_shown_as_a_code(divisions, capsys) -> None:
    call_command("worker", "add", "wang", "--area", "440106003001")

    printed = capsys.readouterr()
    assert "▀" in printed.out
    assert "手机无法访问 127.0.0.1" in printed.err
    call_command("worker", "list")
    line = capsys.readouterr().out.splitlines()[1]
    assert line.split() == ["wang", "wang", "440106003001", "1", "—"]


def test_phones_are_listed_and_shut_out(divisions, capsys) -> None:
    worker = add_worker(username="wang", areas=["440106003001", "440106003002"], actor=None)

    (row,) = json_of(capsys, "worker", "list")
    assert (row["username"], row["areas"]) == ("wang", ["440106003001", "440106003002"])
    assert row["phones"][0]["revoked_at"] is None
    assert json_of(capsys, "worker", "revoke", "wang")["revoked"] == 1
    assert json_of(capsys, "worker", "revoke", "wang")["revoked"] == 0
    assert authenticate_token(worker.token) is None
    assert FieldAccount.objects.get().revoked_at
    with pytest.raises(CommandError, match="nobody"):
        call_command("worker", "revoke", "nobody")


def test_a_lost_phone_is_replaced_in_one_command(divisions, capsys) -> None:
    worker = add_worker(username="wang", areas=["440106003001"], actor=None)
    _second, other = issue_token(user=worker.user, actor=None)

    output = json_of(capsys, "worker", "lost", "wang", "--base-url", "https://r.example")

    assert authenticate_token(worker.token) is authenticate_token(other) is None
    user = User.objects.get(username="wang")
    assert not user.check_password(worker.password)
    assert user.check_password(output["password"])
    assert authenticate_token(output["base_url"].rpartition("/")[2])
    assert output["areas"] == ["440106003001"]
    assert output["password_url"] == "https://r.example/odk"


def test_revoking_ends_a_password_made_for_phones_and_no_other(divisions, capsys) -> None:
    worker = add_worker(username="wang", areas=["440106003001"], actor=None)
    create_user(
        username="li", role="worker", areas=["440106003001"], password="chosen 马", actor=None
    )

    for name in ("wang", "li"):
        json_of(capsys, "worker", "revoke", name)

    assert not User.objects.get(username="wang").check_password(worker.password)
    assert User.objects.get(username="li").check_password("chosen 马")


def test_a_user_of_the_street(divisions, capsys) -> None:
    output = json_of(capsys, "user", "add", "li", "--role", "street", "--area", "440106003000")

    user = User.objects.get(username=output["username"])
    assert user.check_password(output["password"])
    assert (RoleGrant.objects.get().role, RoleGrant.objects.get().area) == ("street", "440106003")
    (row,) = json_of(capsys, "user", "list")
    assert row["roles"] == [{"role": "street", "area": "440106003"}]
    assert not User.objects.filter(password__contains=output["password"]).exists()


def test_roles_are_given_and_taken_at_the_terminal(divisions, capsys) -> None:
    """The restricted role could be given to nobody: `user add` takes one role, and refuses a known user."""
    json_of(capsys, "user", "add", "li", "--role", "street", "--area", "440106003000")
    words = ("role", "add", "li", "--role", "restricted", "--area", "440106003000")
    output = json_of(capsys, *words, "--area", "440106003001")
    assert [(held["role"], held["area"]) for held in output["roles"]] == [
        ("restricted", "440106003"),
        ("restricted", "440106003001"),
        ("street", "440106003"),
    ]
    taken = ("role", "remove", "li", "--role", "restricted", "--area")
    assert len(json_of(capsys, *taken, "440106003000")["roles"]) == 2
    call_command(*taken, "440106003001")
    assert capsys.readouterr().out == "li  街道工作人员 440106003\n"
    with pytest.raises(CommandError, match="li"):
        call_command(*taken, "440106003001")
    with pytest.raises(CommandError, match="nobody"):
        call_command("role", "add", "nobody", "--role", "street", "--area", "")


def test_adding_a_known_user_says_which_command_gives_the_role(divisions) -> None:
    create_user(username="li", role="street", areas=["440106003"], actor=None)
    with pytest.raises(CommandError) as raised:
        call_command(
            "user", "add", "li", "--role", "restricted", "--area", "440106003", "--area", ""
        )
    assert str(raised.value).endswith(
        "./ruhu role add li --role restricted --area 440106003 --area ''"
    )


def test_whose_password_must_be_replaced(divisions, capsys) -> None:
    """People replace what was handed out; programs, phones and passwords that people chose stay as they are."""
    words = ("--role", "street", "--area", "440106003")
    call_command("user", "add", "person", *words)
    call_command("user", "add", "first", *words, "--json", "--must-choose")
    call_command("user", "add", "program", *words, "--json")
    create_user(username="own", role="street", areas=[""], password="chosen 马", actor=None)
    add_worker(username="phone", areas=["440106003001"], actor=None)
    due = User.objects.filter(must_choose_password=True)
    assert set(due.values_list("username", flat=True)) == {"person", "first"}
    for name in ("person", "program", "own", "phone"):
        call_command("user", "password", name)
    assert set(due.values_list("username", flat=True)) == {"person", "first", "program", "own"}
    call_command("user", "password", "program", "--json")
    assert "program" not in due.values_list("username", flat=True)
    capsys.readouterr()


def test_sessions_are_ended_at_the_terminal(divisions, make_user, capsys) -> None:
    Client().force_login(make_user("li"))
    assert json_of(capsys, "user", "sessions", "li") == {"username": "li", "ended": 1}


def test_a_user_is_switched_off_at_every_door_and_on_again(divisions, capsys) -> None:
    worker = add_worker(username="wang", areas=["440106003001"], actor=None)
    browser = Client()
    browser.force_login(worker.user)
    script = Client(headers={"authorization": f"Bearer {begin(user=worker.user, at=now()).token}"})

    def is_let_in() -> list[bool]:
        return [
            browser.get("/").status_code == 200,
            script.get("/v1/projects").status_code == 200,
            Client().head(f"/key/{worker.token}/submission").status_code == 204,
            DigestPhone("wang", worker.password).send("HEAD", "submission").status_code == 204,
        ]

    assert is_let_in() == [True] * 4
    assert json_of(capsys, "user", "off", "wang") == {"username": "wang", "active": False}
    assert is_let_in() == [False] * 4
    call_command("user", "list")
    assert capsys.readouterr().out.endswith("社区协理员 440106003001  已停用\n")
    assert json_of(capsys, "user", "on", "wang") == {"username": "wang", "active": True}
    assert is_let_in() == [False, False, True, True], "sessions have ended; phones go on"


def test_a_forgotten_password_is_replaced_by_one_that_is_shown(divisions, capsys) -> None:
    worker = add_worker(username="wang", areas=["440106003001"], actor=None)
    create_user(username="li", role="street", areas=["440106003"], password="chosen 马", actor=None)
    browser = Client()
    browser.force_login(worker.user)

    for name in ("wang", "li"):
        output = json_of(capsys, "user", "password", name)
        assert output["username"] == name
        assert User.objects.get(username=name).check_password(output["password"])
        is_by_digest = DigestPhone(name, output["password"]).send("HEAD", "submission").status_code
        assert is_by_digest == (204 if name == "wang" else 401)
    assert browser.get("/").status_code == 302
    assert Client().head(f"/key/{worker.token}/submission").status_code == 204
    with pytest.raises(CommandError, match="nobody"):
        call_command("user", "password", "nobody")


def test_faults_are_one_sentence_and_leave_nothing(divisions) -> None:
    create_user(username="li", role="street", areas=["440106003"], actor=None)

    for arguments in (
        ("worker", "add", "new", "--area", "999999"),
        ("worker", "add", "new", "--area", "440106003001", "--area", "12x"),
        ("worker", "add", "li", "--area", "440106003001"),
        ("user", "add", "a b", "--role", "street", "--area", ""),
    ):
        with pytest.raises(CommandError) as raised:
            call_command(*arguments)
        assert raised.value.returncode == 1
        assert "\n" not in str(raised.value)
    assert User.objects.count() == 1
    assert not FieldAccount.objects.exists()


@pytest.mark.parametrize(
    ("area", "kept"),
    [
        ("", ""),
        ("44", "44"),
        ("440106003001", "440106003001"),
        ("440106003000", "440106003"),
        ("440106000000", "440106"),
    ],
)
def test_areas_are_kept_as_prefixes(divisions, area, kept) -> None:
    create_user(username="li", role="street", areas=[area], actor=None)

    assert RoleGrant.objects.get().area == kept


@pytest.mark.parametrize("area", ["4401060039", "x", "1234567890123", "440106003009"])
def test_areas_without_a_division_are_refused(divisions, area) -> None:
    with pytest.raises(BadArea):
        create_user(username="li", role="street", areas=[area], actor=None)


def test_names_are_unique_and_can_be_typed(divisions) -> None:
    create_user(username="李.li-1", role="street", areas=[""], actor=None)
    with pytest.raises(NameTaken):
        create_user(username="李.li-1", role="street", areas=[""], actor=None)
    for bad in ("", "a b", "a:b", "x" * 151, "a\n"):
        with pytest.raises(BadUserName):
            create_user(username=bad, role="street", areas=[""], actor=None)


def test_a_user_name_typed_in_full_width_letters_is_stored_as_log_in_reads_it(divisions) -> None:
    """Chinese input methods write full-width letters; the console's log-in reads them as ordinary letters."""
    worker = add_worker(username="ｗａｎｇ＿１", areas=["440106003001"], actor=None)

    assert worker.user.username == "wang_1"
    given = {"username": "ｗａｎｇ＿１", "password": worker.password}
    assert Client().post("/login", given).status_code == 302
    with pytest.raises(NameTaken):
        create_user(username="wang_1", role="street", areas=[""], actor=None)


def test_a_person_without_a_name_is_called_by_the_user_name(divisions) -> None:
    assert (
        create_user(username="x" * 150, name=" ", role="street", areas=[""], actor=None).user.name
        == "x" * 100
    )
    assert (
        create_user(
            username="li", name=" 李\n协理 ", role="street", areas=[""], actor=None
        ).user.name
        == "李 协理"
    )
    with pytest.raises(BadName):
        create_user(username="mu", name="x" * 101, role="street", areas=[""], actor=None)


def test_a_field_account_prints_as_its_worker_and_label(divisions) -> None:
    worker = add_worker(
        username="wang", name="王工", areas=["440106003001"], label="second phone", actor=None
    )
    assert str(worker.field_account) == "王工 (second phone)"
    assert str(issue_token(user=worker.user, actor=None)[0]) == "王工"


def test_the_code_can_be_drawn() -> None:
    text = collect.code_text(
        collect.settings(
            server_url="https://r.example/key/x",
            project="入户",
            person="li",
            chosen=collect.AreaSettings(),
        )
    )

    assert collect.png(text).startswith(b"\x89PNG")
    head = collect.svg(text).partition(">")[0]
    assert "viewBox=" in head
    assert "width=" not in head  # a fixed size is cropped by the page, and no phone reads the rest
    assert collect.terminal(text)
