"""Answers questions about values with python-stdnum, jpdatetime and CPython's own calendar and codecs.

One question a line: kind, tab, value. One answer a line. `-` stands for "refused".
"""

import datetime
import sys

from jpdatetime import jpdatetime
from stdnum.jp import cn, in_


def refused(ask, *errors):
    def answer(value):
        try:
            return ask(value)
        except errors:
            return "-"

    return answer


def yes(valid):
    return "1" if valid else "0"


def wareki(value):
    day = datetime.date.fromisoformat(value)
    written = jpdatetime(day.year, day.month, day.day).strftime("%-G年")
    return f"{written}{day.month}月{day.day}日"


def western(value):
    return jpdatetime.strptime(value, "%G年%m月%d日").strftime("%Y-%m-%d")


def calendar(value):
    """Number of the day since 1970-01-01, day of the week, age of somebody born on that day at 2026-11-22."""
    day = datetime.date.fromisoformat(value)
    today = datetime.date(2026, 11, 22)
    age = today.year - day.year - ((today.month, today.day) < (day.month, day.day))
    return f"{day.toordinal() - datetime.date(1970, 1, 1).toordinal()} {day.isoweekday()} {age}"


def jis(value):
    """Whether a code point has a cell in JIS X 0213, by codecs that hold nothing else.

    euc_jis_2004 also writes JIS X 0212 in three bytes, so of it only two bytes count (plane 1); iso2022_jp_2004 lacks
    U+FF5E.
    """
    text = chr(int(value, 16))
    if ord(text) < 0x80:
        return "0"
    try:
        plane_1 = text.encode("euc_jis_2004")
        if len(plane_1) == 2 and plane_1[0] != 0x8E:
            return "1"
    except UnicodeEncodeError:
        pass
    try:
        text.encode("iso2022_jp_2004")
        return "1"
    except UnicodeEncodeError:
        return "0"


def sequences(_):
    """Every cell of plane 1 that is two code points."""
    found = set()
    for row in range(0xA1, 0xFF):
        for cell in range(0xA1, 0xFF):
            try:
                text = bytes([row, cell]).decode("euc_jis_2004")
            except UnicodeDecodeError:
                continue
            if len(text) == 2:
                found.add(" ".join(f"{ord(c):04X}" for c in text))
    return ",".join(sorted(found))


ANSWERS = {
    "individual": lambda value: yes(in_.is_valid(value)),
    "individual-digit": lambda value: in_.calc_check_digit(value),
    "corporate": lambda value: yes(cn.is_valid(value)),
    "corporate-digit": lambda value: cn.calc_check_digit(value),
    "wareki": wareki,
    "western": refused(western, ValueError),
    "calendar": refused(calendar, ValueError),
    "jis": jis,
    "sequences": sequences,
}

out = []
for line in sys.stdin:
    kind, value = line.rstrip("\n").split("\t")
    out.append(str(ANSWERS[kind](value)))
    if len(out) == 4096:
        print("\n".join(out))
        out.clear()
if out:
    print("\n".join(out))
