"""Small entity lists as the server makes them, for filling the forms without a server."""

from __future__ import annotations

import datetime as dt

from tests.acceptance.engine.hints import CHINA

TODAY = dt.datetime.now(CHINA).date()
HOME = "23.1350000 113.3450000 0 0"
HOUSEHOLD, CASE, PERSON, EMPLOYER = (f"{n}0000000-0000-4000-8000-000000000001" for n in "bcde")
VACANCY, OTHER_VACANCY = (f"f0000000-0000-4000-8000-00000000000{n}" for n in (1, 2))
OFFER, TRAINING, TRANSFER, FLOATING, FLEXIBLE = (
    f"80000000-0000-4000-8000-00000000000{n}" for n in range(1, 6)
)
RETIREE = "90000000-0000-4000-8000-000000000001"
CHILD, LODGER = (f"d0000000-0000-4000-8000-00000000000{n}" for n in (2, 3))


def _csv(*rows: str) -> bytes:
    return ("\n".join(rows) + "\n").encode()


MEDIA = {
    "communities.csv": _csv(
        "name,label,__version,code,street,geometry",
        f"a0000000-0000-5000-8000-000000000001,示范一社区,1,440106003001,石牌街道,{HOME}",
        f"a0000000-0000-5000-8000-000000000002,示范二村,1,440106003201,石牌街道,{HOME}",
    ),
    "households.csv": _csv(
        "name,label,__version,geometry,community,hh_no,address,building,room,head,members,assisted,"
        "last_visit,due_on,marker-color,marker-symbol",
        f"{HOUSEHOLD},王芳 3栋,4,{HOME},440106003001,0001,天河路1号,3栋,302,王芳,3,1,"
        "2026-10-01,2026-11-30,#ff0000,h",
    ),
    "cases.csv": _csv(
        "name,label,__version,geometry,community,person,household,person_name,address,categories,"
        "state,last_visit,next_due,offers,marker-color,marker-symbol",
        f"{CASE},王芳 3栋 0016,4,{HOME},440106003001,{PERSON},{HOUSEHOLD},王芳,天河路1号3栋302,"
        f"“4050”下岗失业人员,援助中,{TODAY - dt.timedelta(days=40)},{TODAY},2,#ff0000,a",
    ),
    "persons.csv": _csv(
        "name,label,__version,community,household,person_name,relation,sex,birth_year,building,"
        "room,confirmed_on,offer,job,training,course,transfer,floating,flexible",
        f"{PERSON},王芳 户主 女 1970 3栋 302,3,440106003001,{HOUSEHOLD},王芳,0,2,1970,3栋,302,2026-07-01,"
        f"{OFFER},保洁员,{TRAINING},电工,{TRANSFER},{FLOATING},{FLEXIBLE}",
        f"{CHILD},王小 子 男 2015 3栋 302,1,440106003001,{HOUSEHOLD},王小,2,1,2015,3栋,302,2026-07-01,,,,,,,",
        f"{LODGER},李强 男 1980,1,440106003001,,李强,,1,1980,,,,,,,,,,",
    ),
    "employers.csv": _csv(
        "name,label,__version,geometry,community,address,contact,vacancies,last_visit,marker-color",
        f"{EMPLOYER},好又多商店,2,{HOME},440106003001,天河路9号,李强,2,2026-09-01,#00ff00",
    ),
    "vacancies.csv": _csv(
        "name,label,__version,community,employer,employer_name,title,occupation,wage,n_left,"
        "n_filled,welfare,assisted,expires_on",
        f"{VACANCY},保洁员 好又多商店 2000–2500元,1,440106003001,{EMPLOYER},好又多商店,保洁员,4,"
        f"2000–2500,2,1,1,1,{TODAY + dt.timedelta(days=20)}",
        f"{OTHER_VACANCY},营业员 好又多商店 2600元,1,440106003001,{EMPLOYER},好又多商店,营业员,4,2600,1,0,0,0,",
    ),
    "retirees.csv": _csv(
        "name,label,__version,community,person,person_name,sex,birth_year,building,room,qual_on",
        f"{RETIREE},王芳 女 1950 3栋 302,1,440106003001,{PERSON},王芳,2,1950,3栋,302,2025-11-01",
    ),
}
TOWN, VILLAGE = (f"a0000000-0000-5000-8000-00000000000{n}" for n in (1, 2))
HERE = {"community": TOWN, "mode": "1"}
