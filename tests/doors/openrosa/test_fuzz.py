"""Whatever bytes reach the upload address: an answer, never a failure, and nothing kept that was not owned up to.

The long run, and what needs a real socket: `python tests/perf/fuzz.py`.
"""

from __future__ import annotations

import os
import resource
import time

import pytest
from django.db import connection
from django.test import Client, RequestFactory
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from server.openrosa.bodies import MOST_PARTS
from server.openrosa.problems import BadMultipart
from server.openrosa.uploads import read
from server.openrosa.views import MOST_IDS
from server.quarantine.models import Quarantined
from server.submissions.models import Attachment, SubmissionVersion, Waiting
from tests.factories.submissions import instance

pytestmark = [
    pytest.mark.django_db,
    # Python says so of what a client made up, filename*=unicode_escape; no fault of ours.
    pytest.mark.filterwarnings("ignore:invalid escape sequence:DeprecationWarning"),
]
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "25"))
FUZZED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
)
BOUNDARY = "b0undary"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"


def body_of(parts: list[tuple[bytes, bytes]], boundary: bytes = BOUNDARY.encode()) -> bytes:
    """Parts given by their head's lines and content."""
    raw = b"".join(b"--%b\r\n%b\r\n\r\n%b\r\n" % (boundary, *part) for part in parts)
    return raw + b"--%b--\r\n" % boundary


def xml_head(filename: bytes = b"x.xml") -> bytes:
    return b'Content-Disposition: form-data; name="xml_submission_file"; filename="%b"' % filename


def counted() -> tuple[int, int, int]:
    return (
        SubmissionVersion.objects.count(),
        Attachment.objects.count(),
        Waiting.objects.count(),
    )


def post(phone, body: bytes, content_type: str = MULTIPART, query: str = "", **headers) -> int:
    """Send; checks what holds of every upload. Twice, for a phone would do so."""
    before = counted()
    statuses = []
    for _time in range(2):
        answer = Client(raise_request_exception=False).generic(
            "POST", f"{phone.base}/submission{query}", body, content_type=content_type, **headers
        )
        statuses.append(answer.status_code)
        assert answer.status_code == 201 or 400 <= answer.status_code < 500, answer.content
        if _time == 0:
            after = counted()
    if statuses[0] != 201:
        assert after == before, "kept, but not acknowledged"
    assert statuses[1] == statuses[0], "a resend is answered like the first"
    assert counted() == after, "a resend changes nothing"
    return statuses[0]


# --- XML ---------------------------------------------------------------------

RECORD = instance(7).decode()
TEXT = st.text(st.characters(codec="utf-8"), max_size=300)
ENCODINGS = st.sampled_from(
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "gb18030", "gbk",
     "big5", "iso-8859-1", "utf-7", "cp037"]
)  # fmt: skip
HOSTILE = [
    '<!DOCTYPE d [<!ENTITY a "xxxxxxxxxx">' + "".join(
        f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)
    ) + "]><d>&j;</d>",
    '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><d id="household_survey">&x;</d>',
    '<!DOCTYPE d SYSTEM "http://127.0.0.1:9/x.dtd"><d id="household_survey"/>',
    '<!DOCTYPE d [<!ENTITY % p SYSTEM "http://127.0.0.1:9/p">%p;]><d/>',
    '<d id="household_survey" xmlns:xi="http://www.w3.org/2001/XInclude">'
    '<xi:include href="file:///etc/passwd" parse="text"/></d>',
    "<d>" * 5000 + "</d>" * 5000,
    "<d>" * 200 + "</d>" * 200,
    '<?xml version="1.0" encoding="no-such"?><d/>',
    '<?xml version="1.1"?><d>&#1;</d>',
    "<d id='&#0;'/>",
    "", "\0", "<", "<!--", "<?xml?>", "<d xmlns:a=''/>", "<a:d/>",
]  # fmt: skip


@st.composite
def documents(draw) -> bytes:
    """A record that was changed, re-encoded, cut off or turned into something else."""
    text = draw(st.sampled_from([RECORD, *HOSTILE]) | TEXT | st.just(RECORD))
    where = draw(st.integers(0, len(text)))
    match draw(
        st.sampled_from(["as it is", "insert", "cut", "id", "version", "instance", "bytes"])
    ):
        case "insert":
            text = text[:where] + draw(TEXT) + text[where:]
        case "cut":
            text = text[:where]
        case "id":
            text = text.replace('id="household_survey"', f'id="{draw(TEXT)}"')
        case "version":
            text = text.replace('version="2026.1"', f'version="{draw(TEXT)}"')
        case "instance":
            text = text.replace("uuid:", draw(TEXT))
        case "bytes":
            raw = bytearray(text.encode())
            for _flip in range(draw(st.integers(1, 5))):
                if raw:
                    raw[draw(st.integers(0, len(raw) - 1))] = draw(st.integers(0, 255))
            return bytes(raw)
    encoding = draw(ENCODINGS | st.just("utf-8"))
    if draw(st.booleans()):
        text = text.replace(
            "<?xml version='1.0' ?>", f"<?xml version='1.0' encoding='{encoding}'?>"
        )
    return text.encode(encoding, "replace")


@FUZZED
@given(document=documents())
def test_any_document_is_taken_or_refused_cleanly(phone, document: bytes) -> None:
    status = post(phone, body_of([(xml_head(), document)]))

    if status != 201 and len(document) < 20_000_000:
        assert any(item.size == len(document) for item in Quarantined.objects.all())


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_documents_are_refused_at_once(phone, text: str) -> None:
    started = time.perf_counter()

    assert post(phone, body_of([(xml_head(), text.encode())])) in (400, 404)

    assert time.perf_counter() - started < 5


def test_a_document_of_millions_of_elements_is_refused_before_it_is_unfolded(phone) -> None:
    """20 MB of the shortest elements would be 600 MB as a tree, in each of the threads."""
    from server.core.xml import BadXml, parse

    for document in (b"<d>" + b"<a/>" * 2_000_000 + b"</d>",
                     b"<d " + b" ".join(b"a%d=''" % n for n in range(600_000)) + b"/>"):  # fmt: skip
        started = time.perf_counter()
        with pytest.raises(BadXml):
            parse(document)
        assert time.perf_counter() - started < 1


# --- multipart ---------------------------------------------------------------

NAMES = st.sampled_from(
    [b"a.jpg", b"../../etc/passwd", b"..\\..\\x", b"/etc/passwd", b"\0.jpg", b"a\0b.jpg", b".", b"..",
     b"", b" ", b"CON", b"x" * 3000, "照片".encode() * 1000, "门牌.jpg".encode("gb18030"),
     "😀.jpg".encode(), b"%00.jpg", b"%2e%2e%2fx", b'a\\"b.jpg', b"a;b=c.jpg", b"\xff\xfe", b"a\tb",
     b"&lt;.jpg", b"%22.jpg", b"\xed\xa0\x80.jpg", "a\u202egpj.exe".encode()]
)  # fmt: skip
HEADS = st.sampled_from(
    [b'Content-Disposition: form-data; name="f"; filename="%b"',
     b'content-disposition: form-data; name="f"; filename="%b"',
     b'Content-Disposition: form-data; name="%b"; filename="%b"',
     b'Content-Disposition: form-data; name="%b"',
     b"Content-Disposition: form-data; name=f; filename=%b",
     b"Content-Disposition: form-data; name=f; filename*=utf-8''%b",
     b"Content-Disposition: form-data; name=f; filename*=no-such-charset''%b",
     b"Content-Disposition: form-data; name=f; filename*=utf-16''%b",
     b"Content-Disposition: form-data; name=f; filename*=idna''%b",
     b"Content-Disposition: form-data; name=f; filename*=unicode_escape''%%5Cud800%b",
     b"Content-Disposition: form-data; name=f; filename*=base64''%b",
     b"Content-Disposition: attachment; filename=\"%b\"",
     b"Content-Disposition: ", b"", b"X: %b",
     b'Content-Disposition: form-data; name="xml_submission_file"; filename="%b"',
     b'Content-Disposition: form-data; name="xml_submission_file"']
)  # fmt: skip
MORE = st.lists(
    st.sampled_from(
        [b"Content-Type: image/jpeg", b"Content-Type: ;;;", b"Content-Type: a/b; charset=no-such",
         b"Content-Type: multipart/mixed; boundary=in", b"Content-Type: text/xml; charset=utf-16",
         b"Content-Transfer-Encoding: base64", b"Content-Transfer-Encoding: quoted-printable",
         b"Content-Length: 99999999", b"Content-Length: x", b"Content-Type: \0", b"X" * 5000,
         b"Content-Type: " + b"x" * 900, b"Content-Type: \xff\xfe/\xff"]
    ),
    max_size=2,
)  # fmt: skip


@st.composite
def parts(draw) -> tuple[bytes, bytes]:
    head = draw(HEADS)
    name = draw(NAMES)
    head = head % ((name,) * (head.count(b"%b"))) if b"%" in head else head
    return b"\r\n".join([head, *draw(MORE)]), draw(
        st.binary(max_size=100) | st.sampled_from([RECORD.encode(), b"\r\n--b0undary", b"=="])
    )


CONTENT_TYPES = st.sampled_from(
    [MULTIPART, f'multipart/form-data; boundary="{BOUNDARY}"', "multipart/form-data",
     f"multipart/form-data; boundary={'x' * 300}", "multipart/form-data; boundary=",
     "multipart/form-data; boundary=é", f"MULTIPART/FORM-DATA; Boundary={BOUNDARY}",
     f"multipart/mixed; boundary={BOUNDARY}", f"{MULTIPART}; charset=no-such", f"{MULTIPART}; charset=utf-16",
     "text/xml", "application/x-www-form-urlencoded", "application/json", "",
     "multipart/form-data; boundary*=utf-8''b0undary"]
)  # fmt: skip


@FUZZED
@given(
    first=st.lists(parts(), max_size=2),
    last=st.lists(parts(), max_size=2),
    has_record=st.booleans() | st.just(True),
    content_type=CONTENT_TYPES | st.just(MULTIPART),
    cut=st.none() | st.floats(0, 1),
    preamble=st.sampled_from([b"", b"", b"", b"hello\r\n", b"\r\n"]),
)
def test_any_body_is_taken_or_refused_cleanly(
    phone, first, last, has_record, content_type, cut, preamble
) -> None:
    record = [(xml_head(), RECORD.encode())] if has_record else []
    body = preamble + body_of([*first, *record, *last])
    if cut is not None:
        body = body[: int(len(body) * cut)]

    post(phone, body, content_type)


@FUZZED
@given(query=st.text(max_size=30), agent=st.text(st.characters(codec="latin-1"), max_size=300))
@example(query="deviceID=%00%ff&deviceID=" + "x" * 3000, agent="\0" * 300)
@example(query="deviceID=\ud83d", agent="\xff")
def test_anything_a_phone_says_of_itself_is_taken(phone, query: str, agent: str) -> None:
    sent = query.encode("utf-8", "surrogatepass").decode("latin-1")
    body = body_of([(xml_head(), RECORD.encode())])

    assert post(phone, body, query=f"?{sent}", HTTP_USER_AGENT=agent) == 201


@FUZZED
@given(
    path=st.sampled_from(
        ["formList?formID={}", "forms/{}/x/form.xml", "forms/household_survey/{}/manifest.xml",
         "forms/household_survey/2026.1/media/{}", "entities/integrity?id={}", "{}"]
    ),
    word=st.sampled_from(["%00", "%2500", "%ff", "%F0%9F%98%80", "%ED%A0%80", "..%2f..", "a" * 5000, "'", "%25"]),
)  # fmt: skip
def test_any_address_gets_a_clean_answer(phone, path: str, word: str) -> None:
    answer = Client(raise_request_exception=False).get(f"{phone.base}/{path.format(word)}")

    assert answer.status_code < 500, answer.content


def test_any_token_gets_a_clean_answer(phone) -> None:
    for token in ("%00", "%ff", "a" * 5000, "..", "%ED%A0%80", "'"):
        answer = Client(raise_request_exception=False).head(f"/key/{token}/submission")
        assert answer.status_code in (403, 404), (token, answer.status_code)
    connection.ensure_connection()


def test_many_files_need_no_more_open_files_than_one(phone) -> None:
    """An office's web process may have 1,024 files open, for all its phones together."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = [
        (b'Content-Disposition: form-data; name="f%d"; filename="%d.jpg"' % (n, n), b"x" * 4000)
        for n in range(300)
    ]
    body = body_of([(xml_head(), RECORD.encode()), *files])
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) + 20, hard))
    try:
        status = post(phone, body)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    assert status == 201
    assert Attachment.objects.count() == 300


@pytest.mark.parametrize("size", [1, 300])
def test_an_upload_has_a_bounded_number_of_files(phone, size) -> None:
    """15,000 files kept a thread for half a minute: each is synced to the disk by itself."""
    files = [
        (b'Content-Disposition: form-data; name="f%d"; filename="%d.jpg"' % (n, n), b"x" * size)
        for n in range(MOST_PARTS)
    ]

    assert post(phone, body_of([(xml_head(), RECORD.encode()), *files])) == 413
    assert not Attachment.objects.exists()


@pytest.mark.parametrize("number", [MOST_IDS, MOST_IDS + 1])
def test_a_bounded_number_of_entities_is_asked_for_at_once(phone, number) -> None:
    query = "id=" + ",".join(str(n) for n in range(number))
    answer = Client().get(f"/key/{phone.token}/entities/integrity?{query}")
    assert answer.status_code == (200 if number == MOST_IDS else 413)


def test_a_content_type_in_an_unknown_character_set_is_refused_not_a_failure() -> None:
    """Django reads the header before any middleware; gunicorn would answer 500 by itself."""
    from server.config.wsgi import Request

    environ = RequestFactory().post("/key/x/submission", {"a": "b"}).environ
    environ["CONTENT_TYPE"] = "multipart/form-data; boundary*=nix''b"

    with pytest.raises(BadMultipart):
        read(Request(environ))
