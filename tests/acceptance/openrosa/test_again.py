"""Duplicates, files and edits (items 141–177)."""

from __future__ import annotations

from itertools import pairwise

from tests.acceptance.openrosa.checklist import item
from tests.acceptance.openrosa.conftest import offer, publish
from tests.acceptance.openrosa.line import (
    JPEG,
    SENT,
    VERSION,
    Line,
    field,
    is_refused,
    message_of,
    new_id,
    part,
    photo,
    record,
)

INCOMPLETE = field("*isIncomplete*", "yes")
HEARD = "conformance_heard"
_HEARD = """
| survey   |
|          | type             | name  | label |
|          | audit            | audit |       |
|          | background-audio | heard |       |
|          | text             | a     | 甲    |
| settings |
|          | form_title | form_id | version   |
|          | 录音       | {id}    | {version} |
"""


@item(141, "D01")
def test_an_identical_resend_is_accepted(line: Line) -> None:
    document = record(new_id())
    assert [line.send(document).status_code in SENT for _ in range(3)] == [True] * 3


@item(142, "D02")
def test_an_identical_resend_is_stored_once(line: Line) -> None:
    name = new_id()
    for _ in range(2):
        line.send(record(name))
    assert line.count(name) == 1
    assert line.versions(name) == [name]


@item(143, "D03")
def test_a_resend_in_another_encoding_is_the_same_record(line: Line) -> None:
    name = new_id()
    document = record(name)
    line.send(document)
    dressed = part(document, filename="other name.xml", headers=("Content-Type: application/xml",))
    again = line.post(dressed, boundary="another", query="?deviceID=collect%3Aother")
    assert again.status_code in SENT
    assert line.post_body(document, "text/xml").status_code in SENT
    assert line.count(name) == 1


@item(144, "D04")
def test_other_answers_under_a_stored_instance_id_are_refused(line: Line) -> None:
    name = new_id()
    line.send(record(name, name="甲"))
    refused = line.send(record(name, name="乙"))
    assert refused.status_code == 409
    assert message_of(refused)
    assert line.document(name) == record(name, name="甲")
    assert [item["reason"] for item in line.quarantined(name)] == ["instance-conflict"]


@item(145, "D05")
def test_the_same_instance_id_in_another_form_is_another_record(line: Line) -> None:
    name = new_id()
    line.send(record(name))
    assert line.send(record(name, form="conformance_other")).status_code in SENT
    assert line.count(name) == 1
    assert line.count(name, "conformance_other") == 1
    assert line.document(name) == record(name)


@item(146, "D06")
def test_a_resend_with_files_keeps_them(line: Line) -> None:
    name = new_id()
    for _ in range(2):
        assert line.send(record(name), a__jpg=JPEG, b__jpg=b"b").status_code in SENT
    assert line.files(name) == {"a.jpg": JPEG, "b.jpg": b"b"}


@item(151, "T01")
def test_a_photo_is_stored_byte_for_byte(line: Line) -> None:
    name = new_id()
    line.send(record(name, photo="p.jpg"), p__jpg=JPEG)
    assert line.files(name) == {"p.jpg": JPEG}


@item(152, "T02")
def test_a_record_split_over_posts_comes_together(line: Line) -> None:
    name = new_id()
    document = part(record(name))
    sent = [
        line.post(document, photo("2.jpg", b"2"), INCOMPLETE),
        line.post(document, photo("1.jpg", b"1"), photo("2.jpg", b"2"), INCOMPLETE),
        line.post(document, photo("3.jpg", b"3")),
    ]
    assert all(response.status_code in SENT for response in sent)
    assert line.count(name) == 1
    assert line.files(name) == {"1.jpg": b"1", "2.jpg": b"2", "3.jpg": b"3"}


@item(153, "T03")
def test_files_may_follow_unannounced(line: Line) -> None:
    name = new_id()
    line.send(record(name, photo="late.jpg"))
    assert line.send(record(name, photo="late.jpg"), late__jpg=JPEG).status_code in SENT
    assert line.files(name) == {"late.jpg": JPEG}


@item(154, "T04")
def test_the_same_file_again_is_accepted(line: Line) -> None:
    document = record(new_id())
    for _ in range(3):
        assert line.send(document, a__jpg=JPEG).status_code in SENT


@item(155, "T05")
def test_other_bytes_under_a_files_name_leave_one_whole_version(line: Line) -> None:
    name = new_id()
    line.send(record(name), a__jpg=b"first", cut__jpg=JPEG[:10])
    assert line.send(record(name), a__jpg=b"second", cut__jpg=JPEG).status_code in SENT
    assert line.files(name) == {"a.jpg": b"first", "cut.jpg": JPEG}


@item(156, "T06")
def test_file_names_survive(line: Line) -> None:
    name = new_id()
    names = [
        "a b.jpg",
        "门口 😀.jpg",
        "it's.jpg",
        "100%.jpg",
        "%41.jpg",
        "[1]{2}(3).jpg",
        "a;b=c.jpg",
    ]
    files = {file: file.encode() for file in names}
    line.post(part(record(name)), *(photo(*file) for file in files.items()))
    quoted = line.post(part(record(name)), photo("%22q%22.jpg", b"q"))
    assert quoted.status_code in SENT
    assert line.files(name) == {**files, '"q".jpg': b"q"}


@item(157, "T07")
def test_file_names_never_become_paths(line: Line) -> None:
    name = new_id()
    hostile = [
        "../../outside.jpg",
        "/etc/outside.jpg",
        "..\\..\\outside2.jpg",
        "..",
        ".",
        "C:\\x.jpg",
    ]
    sent = line.post(part(record(name)), *(photo(file, file.encode()) for file in hostile))
    assert sent.status_code in SENT
    assert not any(
        "/" in file or "\\" in file or file in ("", ".", "..") for file in line.files(name)
    )
    blobs = line.office.folder / "blobs"
    assert not [path for path in line.office.folder.rglob("*outside*") if blobs not in path.parents]
    assert not list(blobs.rglob("*outside*"))


@item(158, "T08")
def test_files_nobody_names_do_no_harm(line: Line) -> None:
    name = new_id()
    assert line.send(record(name), leftover__tmp=b"x", audit__csv=b"event").status_code in SENT
    assert set(line.files(name)) == {"leftover.tmp", "audit.csv"}


@item(159, "T09")
def test_a_file_that_never_arrives_blocks_nothing(line: Line) -> None:
    name = new_id()
    assert line.send(record(name, photo="never.jpg")).status_code in SENT
    assert line.count(name) == 1


@item(160, "T10")
def test_two_answers_may_name_one_file(line: Line) -> None:
    name = new_id()
    document = record(name, photo="p.jpg").replace(b"<photo2/>", b"<photo2>p.jpg</photo2>")
    assert line.send(document, p__jpg=JPEG).status_code in SENT
    assert line.files(name) == {"p.jpg": JPEG}


@item(161, "T11")
def test_a_photo_of_ten_megabytes_is_stored(line: Line) -> None:
    name = new_id()
    large = bytes(range(256)) * 4096 * 10
    assert line.send(record(name), large__jpg=large).status_code in SENT
    assert line.files(name) == {"large.jpg": large}


@item(162, "T12")
def test_an_empty_file_is_taken(line: Line) -> None:
    name = new_id()
    assert line.send(record(name), empty__jpg=b"").status_code in SENT
    assert line.files(name) == {"empty.jpg": b""}


@item(163, "T13")
def test_a_hundred_and_one_files_in_one_post(line: Line) -> None:
    name = new_id()
    files = [photo(f"{number}.jpg", f"{number % 3}".encode()) for number in range(101)]
    assert line.post(part(record(name)), *files).status_code in SENT
    path = f"submissions/{name}/attachments/"
    assert len(line.ask(path, form="conformance_probe").json()) == 101


@item(164, "T14")
def test_files_of_any_content_type(line: Line) -> None:
    name = new_id()
    kinds = (
        "Content-Type: */*",
        "Content-Type: application/x-odd; a=b",
        "Content-Type: nonsense",
        "",
    )
    files = [photo(f"{number}.jpg", b"x", kind) for number, kind in enumerate(kinds)]
    assert line.post(part(record(name)), *files).status_code in SENT
    assert len(line.files(name)) == len(kinds)


@item(165, "T15")
def test_the_audit_log_is_stored(line: Line) -> None:
    name = new_id()
    log = b'event,node,start,end\nquestion,/data/name,1,2\n"a,\n""b",,,\n'
    audit = photo("audit.csv", log, "Content-Type: text/csv")
    assert line.post(part(record(name)), audit).status_code in SENT
    assert line.files(name) == {"audit.csv": log}


@item(166, "T16")
def test_odd_names_of_file_parts(line: Line) -> None:
    name = new_id()
    starred = part(b"x", "y", None).replace(
        b'name="y"', b"name=\"y\"; filename*=UTF-8''%E9%97%A8.jpg"
    )
    sent = line.post(part(record(name)), part(b"a", "one", "other.jpg"), starred)
    assert sent.status_code in SENT
    assert line.files(name)["other.jpg"] == b"a"


@item(167, "T17")
def test_doubled_parts(line: Line) -> None:
    name = new_id()
    document = part(record(name))
    twice = line.post(document, document, photo("a.jpg", b"1"), photo("a.jpg", b"2"))
    assert twice.status_code < 500
    other = line.post(part(record(new_id())), part(record(new_id())))
    assert other.status_code < 500
    assert line.files(name)["a.jpg"] in (b"1", b"2")


@item(168, "T18")
def test_a_file_over_the_advertised_limit_is_taken(line: Line) -> None:
    name = new_id()
    large = bytes(100_000_001)
    assert line.send(record(name), large__bin=large).status_code in SENT
    attachments = line.ask(f"submissions/{name}/attachments/", form="conformance_probe").json()
    assert [attachment["size"] for attachment in attachments] == [len(large)]


@item(169, "T19")
def test_empty_long_and_broken_file_names(line: Line) -> None:
    name = new_id()
    for odd in ("", "a\0b.jpg", "长" * 3000 + ".jpg", "x" * 3000, "\x01\x7f.jpg", " .jpg"):
        sent = line.post(part(record(name)), part(b"x", "f", odd))
        assert sent.status_code < 500, odd[:20]
    assert line.count(name) == 1
    invalid = b'Content-Disposition: form-data; name="f"; filename="\xff\xfe.jpg"\r\n\r\nx'
    assert line.post(part(record(name)), invalid).status_code < 500


@item(170)
def test_a_name_of_a_file_belongs_to_its_record(line: Line) -> None:
    names = [new_id() for _ in range(3)]
    for number, name in enumerate(names):
        content = b"the same" if number else b"another"
        assert line.send(record(name), **{"1763900000000__jpg": content}).status_code in SENT
    contents = [line.files(name)["1763900000000.jpg"] for name in names]
    assert contents == [b"another", b"the same", b"the same"]


@item(171)
def test_files_without_a_question_on_the_screen_are_expected(line: Line) -> None:
    publish(line.office, (HEARD, VERSION), markdown=_HEARD)
    offer(line.office, line.staff, HEARD, "conformance")
    name = new_id()
    document = (
        f'<data id="{HEARD}" version="{VERSION}" xmlns:orx="http://openrosa.org/xforms">'
        "<heard>heard.m4a</heard><a>x</a><orx:meta><audit>audit.csv</audit>"
        f"<orx:instanceID>{name}</orx:instanceID></orx:meta></data>"
    ).encode()

    def file_counts() -> tuple[int, int]:
        """Files present and expected, as ODK Central's OData gives them."""
        url = f"{line.office.url}/v1/projects/1/forms/{HEARD}.svc/Submissions"
        rows = line.staff.get(url, headers={"X-Forwarded-Proto": "https"}, timeout=30).json()[
            "value"
        ]
        (row,) = (row for row in rows if row["__id"] == name)
        return row["__system"]["attachmentsPresent"], row["__system"]["attachmentsExpected"]

    assert line.send(document).status_code in SENT
    assert file_counts() == (0, 2)
    assert line.send(document, heard__m4a=b"sound").status_code in SENT
    assert line.send(document, audit__csv=b"event,node,start,end\n").status_code in SENT
    assert file_counts() == (2, 2)


@item(177)
def test_an_edit_keeps_the_files_it_does_not_send_again(line: Line) -> None:
    first, second = new_id(), new_id()
    line.send(record(first, photo="p.jpg"), p__jpg=JPEG, dropped__jpg=b"x")
    edit = record(second, name="乙", photo="p.jpg", deprecated=first)
    assert line.send(edit).status_code in SENT
    assert line.document(first) == edit
    assert line.files(first)["p.jpg"] == JPEG


@item(172, "V01")
def test_an_edit_is_accepted_and_nothing_is_lost(line: Line) -> None:
    first, second = new_id(), new_id()
    line.send(record(first, name="甲", photo="p.jpg"), p__jpg=JPEG)
    edit = record(second, name="乙", photo="p.jpg", deprecated=first)
    assert line.send(edit, p__jpg=JPEG).status_code in SENT
    assert line.versions(first) == [first, second]
    assert line.document(first) == edit
    assert line.files(first) == {"p.jpg": JPEG}


@item(173, "V02")
def test_an_edit_again_is_applied_once(line: Line) -> None:
    first, second = new_id(), new_id()
    line.send(record(first))
    for _ in range(3):
        assert line.send(record(second, deprecated=first)).status_code in SENT
    assert line.send(record(first)).status_code in SENT
    assert line.versions(first) == [first, second]


@item(174, "V03")
def test_an_edit_that_overtakes_its_original_is_answered_and_accepted_later(line: Line) -> None:
    first, second = new_id(), new_id()
    edit = record(second, deprecated=first)
    early = line.send(edit)
    assert early.status_code in SENT or is_refused(early)
    line.send(record(first))
    assert line.send(edit).status_code in SENT
    assert line.document(first) == edit


@item(175, "V04")
def test_an_edit_of_what_was_edited_is_kept_with_a_message(line: Line) -> None:
    first, second, third = new_id(), new_id(), new_id()
    line.send(record(first))
    line.send(record(second, deprecated=first))
    late = line.send(record(third, deprecated=first))
    assert late.status_code in SENT or is_refused(late)
    assert line.versions(first)[:2] == [first, second]


@item(176, "V05")
def test_an_edit_of_an_edit_is_accepted(line: Line) -> None:
    chain = [new_id() for _ in range(4)]
    line.send(record(chain[0]))
    for before, name in pairwise(chain):
        assert line.send(record(name, deprecated=before)).status_code in SENT
    assert line.versions(chain[0]) == chain
