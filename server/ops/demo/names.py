"""Fictional names of people, roads and employers for the demo, as they might be in Guangzhou."""

from __future__ import annotations

from random import Random
from typing import Final

_SURNAMES: Final = (
    "陈李黄张梁林刘吴罗杨王何郑叶曾朱谢周钟蔡冯邓邱潘徐郭邝麦区冼容关卢苏黎莫谭严游伍霍简"
)
_DOUBLE_SURNAMES: Final = ("欧阳", "司徒", "上官")
_MEN: Final = "伟强志明辉杰文锋浩斌俊健荣坚宏波泽宇轩铭钊锐祺楷梓"
_WOMEN: Final = "芳丽敏静娟燕玲霞婷雪梅琳莹慧嘉欣怡诗颖珊蔼媚妍彤妙"
_EITHER: Final = "家思海华永春晓国子乐安平宁君秋云"
_RARE: Final = ("𠮷", "㼆", "堃", "淼")

ROADS: Final = ("棠荫路", "荔景街", "榕荫大道", "木棉中路", "紫荆横街", "凤岗路", "玉兰里")
ESTATES: Final = (
    "荔景花园",
    "棠荫苑",
    "榕树里小区",
    "木棉新村",
    "紫荆大院",
    "凤岗雅居",
    "玉兰阁",
    "供销社宿舍",
    "机修厂宿舍",
)
COMMUNITIES: Final = (
    ("棠荫", "Tangyin"),
    ("荔景", "Lijing"),
    ("榕荫", "Rongyin"),
    ("木棉", "Mumian"),
    ("紫荆", "Zijing"),
    ("凤岗", "Fenggang"),
    ("玉兰", "Yulan"),
    ("石龙里", "Shilongli"),
    ("水荫", "Shuiyin"),
    ("松岗", "Songgang"),
    ("新塘口", "Xintangkou"),
    ("长福", "Changfu"),
    ("南社", "Nanshe"),
    ("天秀", "Tianxiu"),
    ("东圃里", "Dongpuli"),
)
STREET_NAME: Final = ("棠荫街道", "Tangyin Street")

_TRADES: Final = (
    ("F", "便利店", ("理货员", "收银员")),
    ("H", "茶餐厅", ("楼面服务员", "厨工", "洗碗工")),
    ("H", "肠粉店", ("厨工", "收银员")),
    ("O", "家政服务部", ("住家保姆", "钟点工", "养老护理员")),
    ("O", "维修店", ("家电维修工", "学徒")),
    ("C", "制衣厂", ("车位工", "裁床工", "质检员")),
    ("C", "电子厂", ("装配工", "仓管员")),
    ("G", "快递站", ("快递员", "分拣员")),
    ("K", "物业公司", ("保安员", "保洁员", "水电工")),
    ("I", "软件工作室", ("测试员", "客服专员")),
    ("Q", "门诊部", ("护理员", "前台")),
    ("P", "幼儿园", ("保育员", "厨工")),
)


def person_name(rng: Random, *, woman: bool, surname: str = "") -> str:
    """A full name; with a random surname when none is given."""
    surname = surname or random_surname(rng)
    pool = (_WOMEN if woman else _MEN) + _EITHER
    given = "".join(rng.choice(pool) for _ in range(1 if rng.random() < 0.15 else 2))
    if rng.random() < 0.004:
        given = given[:-1] + rng.choice(_RARE)
    return surname + given


def random_surname(rng: Random) -> str:
    """A surname, common ones more often."""
    if rng.random() < 0.01:
        return rng.choice(_DOUBLE_SURNAMES)
    # _SURNAMES is ordered from common to rare.
    return _SURNAMES[min(int(rng.expovariate(1 / 11)), len(_SURNAMES) - 1)]


def community_name(number: int) -> tuple[str, str]:
    """The name of the nth community (from 0) in Chinese and English."""
    zh, en = COMMUNITIES[number % len(COMMUNITIES)]
    repetition = number // len(COMMUNITIES)
    return (
        f"{zh}{'一二三四五六七八九'[repetition] if repetition else ''}社区",
        f"{en}{f' {repetition + 1}' if repetition else ''} Community",
    )


def random_trade(rng: Random) -> tuple[str, str, tuple[str, ...]]:
    """(industry code, kind of business for the name, titles of its jobs)."""
    return rng.choice(_TRADES)


def firm_name(rng: Random, business: str) -> str:
    """An employer's name that ends with the kind of business."""
    return f"广州示范{rng.choice(_MEN)}{rng.choice(_EITHER)}{business}"
