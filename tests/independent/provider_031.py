#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An independent provider of 住登外者宛名番号付番API (business system 031), for tests.

One process holds an authorization server (OAuth 2.0 Client Credentials), the
numbering API and a control hook.  It is written from the Digital Agency's API
workbook (第2.0版), 共通機能標準仕様書 第2.1版, and RFC 6749/6750/7519/7523/7662.
Only the Python standard library and the `openssl` command are used.

    python3 provider_031.py --listen 127.0.0.1:0 --workdir DIR [--mistake NAME]...
    python3 provider_031.py --list-mistakes
"""

import argparse
import base64
import binascii
import datetime
import hashlib
import hmac
import http.server
import json
import os
import re
import secrets
import shutil
import signal
import socket
import socketserver
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unicodedata
import urllib.parse

API_CALL = "app_submit/v10/jutogaishaatenabangofuban"
API_PATH = "/" + API_CALL
SCOPE_NUMBERING = "031:app_submit/v10/jutogaishaatenabangofuban:Create"
SCOPE_INQUIRY = "031:app_submit/v10/jutogaishaatenakihonjohosyokai:Read"
# An invented API of another provider: it exists only so that the rule "one
# token, one provider" can be exercised.
SCOPE_OTHER_PROVIDER = "999:app_submit/v10/betsuteikyosystem:Read"

TITLE = "住登外者宛名番号付番"
DETAIL_DONE = "登録が完了しました。"
DETAIL_ERROR = "エラーが発生しました。"
DETAIL_TOKEN = "アクセストークンが無効です。"
DETAIL_UNEXPECTED = "想定外のエラーが発生しました。"
JSON_TYPE = "application/json;charset=UTF-8"

DEFAULT_CLIENT_ID = "IndependentPeer031TestClient0001"
DEFAULT_CLIENT_SECRET = "test-only-secret-of-the-independent-peer-031"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
TOKEN_LIFETIME = 300
MAX_BODY = 1024 * 1024
MAX_ASSERTION_LIFETIME = 3600

# ---------------------------------------------------------------------------
# Planted mistakes: name, English, Japanese
# ---------------------------------------------------------------------------

MISTAKES = [
    # --- checking of the parameters
    ("length-bytes", "Counts the UTF-8 bytes of a value as its length.",
     "桁数をUTF-8のバイト数で数える。"),
    ("length-utf16", "Counts UTF-16 code units, so a character outside the BMP counts 2.",
     "桁数をUTF-16符号単位で数え、BMP外の文字を2桁とする。"),
    ("choaza-max-18", "Allows only 18 characters for 住所_町字 (the item definition) instead of 120.",
     "住所_町字を120桁でなく項目定義書の18桁までとする。"),
    ("variable-as-fixed", "Demands the full length for variable-length half-width items (操作者ID must be 10).",
     "可変長の半角項目を固定長とみなし、操作者IDに10桁を要求する。"),
    ("halfwidth-accepted", "Accepts half-width characters in full-width (Ｎ) items.",
     "全角文字列（Ｎ）の項目に半角文字を許す。"),
    ("kanji-jis-only", "Refuses kanji which Windows-31J does not have.",
     "Windows-31Jにない漢字を拒否する。"),
    ("date-no-calendar", "Accepts days which are not in the calendar (2019-02-29).",
     "暦に存在しない日付（2019-02-29等）を受理する。"),
    ("date-slash-accepted", "Accepts dates written with slashes.",
     "スラッシュ区切りの日付を受理する。"),
    ("date-unknown-refused", "Refuses an unknown day (不詳日) in 生年月日.",
     "生年月日の不詳日を拒否する。"),
    ("date-unknown-everywhere", "Accepts an unknown day (不詳日) in 操作年月日 too.",
     "操作年月日にも不詳日を許す。"),
    ("time-seconds-required", "Refuses a 操作時刻 without seconds.",
     "秒を省略した操作時刻を拒否する。"),
    ("time-range-skipped", "Accepts times such as 25:61:00.",
     "25:61:00のような存在しない時刻を受理する。"),
    ("municipality-digit-skipped", "Does not verify the check digit of 市区町村コード.",
     "市区町村コードの検査数字を確認しない。"),
    ("code-list-skipped", "Accepts codes outside their lists (処理区分 9 is handled as 0).",
     "コード一覧にない値を受理する（処理区分9を0として扱う）。"),
    ("extra-field-refused", "Refuses a request with an unknown member.",
     "未知の項目を含むリクエストを拒否する。"),
    ("conditional-as-required", "Demands 氏_日本人 and 名_日本人 of everybody, foreigners included.",
     "氏_日本人・名_日本人を外国人にも必須とする。"),
    ("empty-accepted", "Accepts an empty string for a required item.",
     "必須項目の空文字を設定ありとみなす。"),
    ("blank-optional-refused", "Refuses an empty string for an optional item.",
     "任意項目の空文字を拒否する。"),
    ("json-number-accepted", "Accepts JSON numbers where strings are defined.",
     "文字列項目にJSONの数値を許す。"),
    ("null-crash", "A null in an optional item ends in 503.",
     "任意項目がnullのとき想定外エラー（503）になる。"),
    ("number-not-required", "With 処理区分 1 or 2 a missing 宛名番号 is not noticed; a new number is given.",
     "処理区分1・2で宛名番号の未設定を検出せず新規付番する。"),
    ("merge-check-skipped", "名寄せ元フラグ 1 without 名寄せ先宛名番号 is accepted.",
     "名寄せ元フラグ1で名寄せ先宛名番号の未設定を受理する。"),
    # --- error answers
    ("errors-in-metadata", "Puts title and detail of a 400 into metadata, as in the 200.",
     "400のtitle・detailを200と同じくmetadataに入れる。"),
    ("validation-status-200", "Answers 200 to invalid parameters, with the error body.",
     "パラメータエラーをHTTP 200で返す。"),
    ("validation-status-422", "Answers 422 to invalid parameters.",
     "パラメータエラーをHTTP 422で返す。"),
    ("message-own-words", "Uses its own wording for E0001.",
     "E0001の文言が独自（「は必須項目です。」）である。"),
    ("message-romaji", "Names the parameter, not the item, in error messages.",
     "エラーメッセージに項目名でなくパラメータ名を入れる。"),
    ("code-three-digits", "Error codes have three digits (E001).",
     "エラーコードが3桁（E001）である。"),
    ("no-e0003", "Reports wrong lengths as E0002; E0003 never appears.",
     "桁数エラーをE0002で返し、E0003を使わない。"),
    ("first-error-only", "Stops at the first error.",
     "最初のエラーだけを返す。"),
    ("errors-object", "errors is an object, not an array.",
     "errorsを配列でなくオブジェクトで返す。"),
    ("echo-kojinbango", "Repeats the received 個人番号 in its error message.",
     "受信した個人番号をエラーメッセージに出力する。"),
    ("links-missing", "Error answers have no _links.",
     "エラー応答に_linksがない。"),
    # --- numbering and its answer
    ("result-object", "result is an object, not an array.",
     "resultを配列でなくオブジェクトで返す。"),
    ("rireki-string", "rirekibango is a string.",
     "履歴番号を文字列で返す。"),
    ("rireki-from-zero", "The history starts at 0.",
     "履歴番号が0から始まる。"),
    ("number-integer", "atenabango is a JSON number.",
     "宛名番号をJSONの数値で返す。"),
    ("drop-leading-zeros", "Codes lose their leading zeros in the answer.",
     "応答のコードの先頭の0が落ちる。"),
    ("detail-without-period", "detail lacks its final 。.",
     "処理結果メッセージの句点がない。"),
    ("self-href-absolute", "href is the whole URL with host and port.",
     "hrefにホスト名を含む絶対URLを入れる。"),
    ("no-check-digit", "New numbers have no check digit (14 digits).",
     "検査数字のない14桁の番号を付番する。"),
    ("check-digit-remainder", "Uses the remainder itself as check digit, without subtracting it from 11.",
     "11から引かず剰余をそのまま検査数字とする。"),
    ("check-digit-remainder-one", "Remainder 1 gives check digit 1, not 0.",
     "剰余1のときの検査数字を0でなく1とする。"),
    ("duplicate-under-load", "No lock: simultaneous requests get the same number.",
     "排他制御がなく、同時要求に同じ番号を返す。"),
    ("resident-collision", "New numbers may collide with the residents' numbers.",
     "住民宛名番号と重複する番号を付番する。"),
    ("reuse-on-retry", "The same request again gets the same number.",
     "同じ内容の再依頼に前回の番号を返す。"),
    ("kubun1-new-number", "Handles 処理区分 1 as a new numbering.",
     "処理区分1でも新規付番する。"),
    ("kubun1-resident-refused", "Refuses a former resident's number with 処理区分 1.",
     "処理区分1で元住民の宛名番号を拒否する。"),
    ("kubun2-new-number", "Handles 処理区分 2 as a new numbering.",
     "処理区分2でも新規付番する。"),
    ("kubun2-unknown-accepted", "Accepts an unknown 宛名番号 with 処理区分 2.",
     "処理区分2で未登録の宛名番号を受理する。"),
    # --- HTTP
    ("content-type-no-charset", "Answers with Content-Type application/json, without charset.",
     "応答のContent-Typeにcharsetがない。"),
    ("response-sjis", "Writes the answer in Windows-31J.",
     "応答本文をWindows-31Jで出力する。"),
    ("url-format-only", "Takes the words on the URL format literally: form parameters, no JSON body.",
     "「URL形式」を字義どおりに取り、フォーム形式だけを受け付ける。"),
    ("get-accepted", "Also numbers on GET, with the parameters in the query.",
     "GETとクエリ文字列でも付番する。"),
    ("maintenance-json", "Answers JSON while under maintenance.",
     "メンテナンス中にJSONを返す。"),
    ("maintenance-200", "Shows a sorry page with status 200 while under maintenance.",
     "メンテナンス中にHTTP 200の案内ページを返す。"),
    ("timeout-json", "Answers JSON after a time-out.",
     "タイムアウト時にJSONを返す。"),
    ("timeout-never", "Has no time-out: a slow call is answered with 200 after twice the time.",
     "タイムアウトがなく、2倍の時間の後に200を返す。"),
    ("unexpected-html-500", "An unexpected error is an HTML page with status 500.",
     "想定外エラーをHTMLの500で返す。"),
    # --- access token at the API
    ("token-in-query", "Accepts the access token in the query string.",
     "クエリ文字列のアクセストークンを受理する。"),
    ("token-expiry-ignored", "Accepts expired access tokens.",
     "期限切れのアクセストークンを受理する。"),
    ("scope-ignored", "Does not look at the scope of the access token.",
     "アクセストークンのスコープを確認しない。"),
    ("validate-before-auth", "Checks the parameters before the token: 400 without any token.",
     "トークン検証より先にパラメータを検査し、未認証で400を返す。"),
    ("unauthorized-no-body", "401 without a JSON body.",
     "401にJSON本文がない。"),
    ("unauthorized-as-403", "403 instead of 401.",
     "401でなく403を返す。"),
    ("unauthorized-with-errors", "The 401 body has an errors array, as the 400 body.",
     "401の本文に400と同じerrorsを付ける。"),
    # --- authorization server
    ("alg-none-accepted", "Accepts client assertions with alg none.",
     "alg=noneのクライアントアサーションを受理する。"),
    ("alg-any-hs", "Accepts HS384 and HS512 besides HS256.",
     "HS256以外にHS384・HS512も受理する。"),
    ("signature-ignored", "Does not verify the signature of the assertion.",
     "アサーションの署名を検証しない。"),
    ("assertion-expiry-ignored", "Accepts expired assertions.",
     "期限切れのアサーションを受理する。"),
    ("audience-ignored", "Does not look at aud.",
     "audを確認しない。"),
    ("jti-replay-accepted", "Accepts the same assertion twice.",
     "同じアサーションの再利用を許す。"),
    ("iss-sub-mismatch", "Looks at sub only; iss may differ.",
     "issとsubの一致を確認しない。"),
    ("two-auth-methods", "Accepts two client authentication methods in one request.",
     "一つの要求での二つのクライアント認証を許す。"),
    ("refresh-token", "Issues a refresh token.",
     "リフレッシュトークンを発行する。"),
    ("unknown-scope-granted", "Grants any scope asked for.",
     "未知のスコープも付与する。"),
    ("multi-provider-token", "Grants scopes of two providers in one token.",
     "複数の提供側のスコープを一つのトークンに付与する。"),
    ("token-long-life", "Access tokens live for 24 hours.",
     "アクセストークンの有効期間が24時間である。"),
    ("token-cacheable", "Token answers carry no Cache-Control.",
     "トークン応答にCache-Controlがない。"),
    ("introspection-open", "Introspection without client authentication.",
     "イントロスペクションをクライアント認証なしで許す。"),
    ("introspection-always-active", "Introspection calls expired tokens active.",
     "期限切れのトークンをactiveと回答する。"),
]
MISTAKE_NAMES = frozenset(name for name, _, _ in MISTAKES)


def list_mistakes(table):
    return json.dumps([{"name": n, "en": e, "ja": j} for n, e, j in table],
                      ensure_ascii=False, indent=2)


# ---------------------------------------------------------------------------
# Check digits
# ---------------------------------------------------------------------------

def weighted_sum(body):
    """Sum of the digits with the weights 2..7, repeating from the right."""
    return sum(int(d) * (2 + i % 6) for i, d in enumerate(reversed(body)))


def check_digit(body):
    """Modulus 11; the remainders 0 and 1 both give 0."""
    remainder = weighted_sum(body) % 11
    return "0" if remainder <= 1 else str(11 - remainder)


def municipality_code_ok(code):
    """全国地方公共団体コード: five digits, then a modulus 11 check digit."""
    if not 1 <= int(code[:2]) <= 47:
        return False
    total = sum(int(d) * w for d, w in zip(code, (6, 5, 4, 3, 2)))
    return str((11 - total % 11) % 10) == code[5]


# ---------------------------------------------------------------------------
# Request parameters (the 40 rows of the sheet リクエスト_API仕様)
# ---------------------------------------------------------------------------

class Item:
    """One request parameter.

    kind: "code" (value out of `choices`), "digits" (fixed length, digits),
    "alnum" (fixed length, letters and digits), "half" (variable length,
    half-width), "full" (variable length, full-width), "date", "time".
    """

    def __init__(self, name, label, kind, size, required=False, choices=None,
                 municipality=False, unknown_day=False):
        self.name = name
        self.label = label
        self.kind = kind
        self.size = size
        self.required = required
        self.choices = choices
        self.municipality = municipality
        self.unknown_day = unknown_day


ITEMS = [
    Item("shorikubun", "処理区分", "code", 1, required=True, choices="012"),
    Item("shikuchosonkodo", "市区町村コード", "digits", 6, required=True, municipality=True),
    Item("atenabango", "宛名番号", "digits", 15),
    Item("kojinbango", "個人番号", "digits", 12),
    Item("shimei", "氏名", "full", 100),
    Item("uji_nihonjin", "氏_日本人", "full", 50),
    Item("na_nihonjin", "名_日本人", "full", 50),
    Item("shimei_gaikokujinromaji", "氏名_外国人ローマ字", "full", 100),
    Item("shimei_gaikokujinkanji", "氏名_外国人漢字", "full", 100),
    Item("shimei_furigana", "氏名_フリガナ", "full", 100),
    Item("uji_nihonjin_furigana", "氏_日本人_フリガナ", "full", 50),
    Item("na_nihonjin_furigana", "名_日本人_フリガナ", "full", 50),
    Item("tsusho", "通称", "full", 100),
    Item("tsusho_furigana", "通称_フリガナ", "full", 100),
    Item("tsusho_furiganakakuninjokyo", "通称_フリガナ確認状況", "code", 1, choices="01"),
    Item("seibetsu", "性別", "code", 1, choices="012"),
    Item("seinengappi", "生年月日", "date", 10, unknown_day=True),
    Item("seinengappi_fushofuragu", "生年月日_不詳フラグ", "code", 1, choices="01"),
    Item("seinengappi_fushohyoki", "生年月日_不詳表記", "full", 72),
    Item("jusho_shikuchosonkodo", "住所_市区町村コード", "digits", 6, municipality=True),
    Item("jusho_choazakodo", "住所_町字コード", "digits", 7),
    Item("shiteitoshi_gyoseikutokodo", "指定都市_行政区等コード", "half", 12),
    Item("jusho_todofuken", "住所_都道府県", "full", 4),
    Item("jusho_shikugunchosonmei", "住所_市区郡町村名", "full", 12),
    Item("jusho_choaza", "住所_町字", "full", 120),
    Item("jusho_banchigohyoki", "住所_番地号表記", "full", 50),
    Item("jusho_katagaki", "住所_方書", "full", 300),
    Item("jusho_katagaki_furigana", "住所_方書_フリガナ", "full", 300),
    Item("jusho_yubinbango", "住所_郵便番号", "digits", 7),
    Item("jusho_kokumeikodo", "住所_国名コード", "digits", 3),
    Item("jusho_kokumeito", "住所_国名等", "full", 100),
    Item("jusho_kokugaijusho", "住所_国外住所", "full", 300),
    Item("gyomuid", "業務ID", "digits", 3),
    Item("dokujishisakushisutemutoid", "独自施策システム等ID", "alnum", 3),
    Item("nayosemotofuragu", "名寄せ元フラグ", "code", 1, required=True, choices="01"),
    Item("nayosesakiatenabango", "名寄せ先宛名番号", "digits", 15),
    Item("tagyomusanshofukafuragu", "他業務参照不可フラグ", "code", 1, required=True, choices="01"),
    Item("sosashaid", "操作者ID", "half", 10, required=True),
    Item("sosanengappi", "操作年月日", "date", 10, required=True),
    Item("sosajikoku", "操作時刻", "time", 8, required=True),
]
ITEM = {item.name: item for item in ITEMS}
WORDS = {
    "code": "半角数字", "digits": "半角数字", "alnum": "半角英数字", "half": "半角文字",
    "full": "全角文字", "date": "YYYY-MM-DD", "time": "HH:MM:SS",
}


def is_variation_selector(char):
    return "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef"


def is_full_width(char):
    if is_variation_selector(char):
        return True
    category = unicodedata.category(char)
    if category == "Cn":  # ideographs newer than this Python's tables
        return ord(char) >= 0x20000
    if category in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        return False
    return unicodedata.east_asian_width(char) not in ("Na", "H")


def in_windows31j(char):
    try:
        char.encode("cp932")
    except UnicodeEncodeError:
        return False
    return True


class Checker:
    """Checks the parameters of one request and collects every error."""

    def __init__(self, mistakes):
        self.mistakes = mistakes

    # -- the four messages of the error list

    def error(self, code, text):
        if "code-three-digits" in self.mistakes:
            code = "E" + code[2:]
        return {"code": code, "message": text}

    def label(self, item):
        return item.name if "message-romaji" in self.mistakes else item.label

    def missing(self, item):
        if "message-own-words" in self.mistakes:
            return self.error("E0001", self.label(item) + "は必須項目です。")
        return self.error("E0001", self.label(item) + "が設定されていません。")

    def wrong_character(self, item, words, value=None):
        return self.error("E0002", self.shown(item, value) + "は" + words + "で設定してください。")

    def wrong_length(self, item, size, value=None):
        code = "E0002" if "no-e0003" in self.mistakes else "E0003"
        return self.error(code, "%sは%d桁で設定してください。" % (self.shown(item, value), size))

    def wrong_relation(self, given, wanted):
        return self.error("E0004", "%sが設定されている場合、%sは設定必須です。"
                          % (self.label(given), self.label(wanted)))

    def shown(self, item, value):
        # A received value never appears in a message.
        if item.name == "kojinbango" and "echo-kojinbango" in self.mistakes:
            return "%s（%s）" % (self.label(item), value)
        return self.label(item)

    # -- checking

    def length(self, value):
        """Length in characters; a variation selector belongs to its character."""
        if "length-bytes" in self.mistakes:
            return len(value.encode("utf-8", "surrogatepass"))
        if "length-utf16" in self.mistakes:
            return len(value.encode("utf-16-le", "surrogatepass")) // 2
        return sum(1 for char in value if not is_variation_selector(char))

    def max_size(self, item):
        if item.name == "jusho_choaza" and "choaza-max-18" in self.mistakes:
            return 18
        return item.size

    def check(self, fields):
        """Returns (clean values, list of errors).  Null and "" mean: not set."""
        mistakes = self.mistakes
        values, errors = {}, []
        for item in ITEMS:
            if item.name not in fields:
                value = None
            else:
                value = fields[item.name]
                if value is None and "null-crash" in mistakes and not item.required:
                    value = value.strip()  # planted: None has no strip()
            if (isinstance(value, (int, float)) and not isinstance(value, bool)
                    and "json-number-accepted" in mistakes):
                value = str(value)
            if value is None or value == "":
                if value == "" and "empty-accepted" in mistakes:
                    values[item.name] = ""
                elif item.required:
                    errors.append(self.missing(item))
                elif value == "" and "blank-optional-refused" in mistakes:
                    errors.append(self.wrong_character(item, WORDS[item.kind], value))
                continue
            problem = self.check_value(item, value)
            if problem:
                errors.append(problem)
            values[item.name] = value
        errors.extend(self.check_relations(values))
        if "extra-field-refused" in mistakes:
            for name in fields:
                if name not in ITEM:
                    errors.append(self.error("E0002", "パラメータ名は定義済みの名称で設定してください。"))
        if "first-error-only" in mistakes:
            errors = errors[:1]
        return values, errors

    def check_relations(self, values):
        mistakes = self.mistakes
        errors = []
        # The workbook's own example of a 400 reports this one as E0001.
        if values.get("shorikubun") in ("1", "2") and not values.get("atenabango"):
            if "number-not-required" not in mistakes:
                errors.append(self.missing(ITEM["atenabango"]))
        if values.get("nayosemotofuragu") == "1" and not values.get("nayosesakiatenabango"):
            if "merge-check-skipped" not in mistakes:
                errors.append(self.wrong_relation(ITEM["nayosemotofuragu"],
                                                  ITEM["nayosesakiatenabango"]))
        if "conditional-as-required" in mistakes:
            errors.extend(self.missing(ITEM[name]) for name in ("uji_nihonjin", "na_nihonjin")
                          if not values.get(name))
        return errors

    def check_value(self, item, value):
        if not isinstance(value, str):
            return self.wrong_character(item, WORDS[item.kind], "")
        if item.kind == "full":
            return self.check_full(item, value)
        if item.kind == "half":
            return self.check_half(item, value)
        if item.kind == "date":
            return self.check_date(item, value)
        if item.kind == "time":
            return self.check_time(item, value)
        return self.check_fixed(item, value)

    def check_full(self, item, value):
        if "halfwidth-accepted" in self.mistakes:
            allowed = not any(unicodedata.category(c) in ("Cc", "Cs") for c in value)
        else:
            allowed = all(is_full_width(c) for c in value)
        if "kanji-jis-only" in self.mistakes and allowed:
            allowed = all(in_windows31j(c) for c in value)
        if not allowed:
            return self.wrong_character(item, WORDS["full"], value)
        size = self.max_size(item)
        if self.length(value) > size:
            return self.wrong_length(item, size, value)
        return None

    def check_half(self, item, value):
        if not re.fullmatch(r"[\x20-\x7e]*", value):
            return self.wrong_character(item, WORDS["half"], value)
        wrong = len(value) > item.size
        if "variable-as-fixed" in self.mistakes:
            wrong = len(value) != item.size
        return self.wrong_length(item, item.size, value) if wrong else None

    def check_fixed(self, item, value):
        pattern = r"[0-9A-Za-z]*" if item.kind == "alnum" else r"[0-9]*"
        if not re.fullmatch(pattern, value):
            return self.wrong_character(item, WORDS[item.kind], value)
        if len(value) != item.size:
            return self.wrong_length(item, item.size, value)
        if item.choices and value not in item.choices:
            if "code-list-skipped" not in self.mistakes:
                return self.wrong_character(item, "、".join(item.choices) + "のいずれか", value)
        if item.municipality and not municipality_code_ok(value):
            if "municipality-digit-skipped" not in self.mistakes:
                return self.wrong_character(item, "全国地方公共団体コード", value)
        return None

    def check_date(self, item, value):
        if "date-slash-accepted" in self.mistakes:
            value = value.replace("/", "-")
        if not re.fullmatch(r"[0-9-]*", value):
            return self.wrong_character(item, WORDS["date"], value)
        if len(value) != 10:
            return self.wrong_length(item, 10, value)
        match = re.fullmatch(r"([0-9]{4})-([0-9]{2})-([0-9]{2})", value)
        unknown_ok = item.unknown_day and "date-unknown-refused" not in self.mistakes
        if "date-unknown-everywhere" in self.mistakes:
            unknown_ok = True
        if not match or not self.day_exists(*map(int, match.groups()), unknown_ok):
            return self.wrong_character(item, WORDS["date"], value)
        return None

    def day_exists(self, year, month, day, unknown_ok):
        """An unknown part (不詳日) is written with zeros, where allowed."""
        if unknown_ok and 0 in (year, month, day):
            if month == 0 and day != 0:
                return False
            # A leap year stands for an unknown year, a long month for an unknown month.
            year, month, day = year or 2000, month or 1, day or 1
        if "date-no-calendar" in self.mistakes:
            return 1 <= month <= 12 and 1 <= day <= 31
        try:
            datetime.date(year, month, day)
        except ValueError:
            return False
        return True

    def check_time(self, item, value):
        if not re.fullmatch(r"[0-9:]*", value):
            return self.wrong_character(item, WORDS["time"], value)
        lengths = (8,) if "time-seconds-required" in self.mistakes else (5, 8)
        if len(value) not in lengths:
            return self.wrong_length(item, 8, value)
        match = re.fullmatch(r"([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?", value)
        if not match:
            return self.wrong_character(item, WORDS["time"], value)
        hour, minute, second = (int(part or 0) for part in match.groups())
        if hour > 23 or minute > 59 or second > 59:
            if "time-range-skipped" not in self.mistakes:
                return self.wrong_character(item, WORDS["time"], value)
        return None


# ---------------------------------------------------------------------------
# Register of numbers
# ---------------------------------------------------------------------------

class Refused(Exception):
    """The request is well-formed, but cannot be done (answered with 400)."""

    def __init__(self, error):
        super().__init__("refused")
        self.error = error


class Register:
    """Numbers in use.  Personal data of the request is deliberately not kept."""

    FIRST_BODY = 310000000  # written with 14 digits, so there are leading zeros

    def __init__(self, mistakes):
        self.mistakes = mistakes
        self.lock = threading.Lock()
        self.next_body = self.FIRST_BODY
        self.records = {}    # number -> {"history": int, "business": set}
        self.residents = set()
        self.remembered = {}  # only for the mistake reuse-on-retry

    def load_residents(self, numbers):
        with self.lock:
            self.residents.update(numbers)

    def set_next(self, body):
        with self.lock:
            self.next_body = int(body)

    def reset(self):
        """Residents are forgotten; a number once given is never given again."""
        with self.lock:
            self.residents.clear()

    def make_number(self, value):
        body = "%014d" % value
        if "no-check-digit" in self.mistakes:
            return body
        if "check-digit-remainder" in self.mistakes:
            return body + str(weighted_sum(body) % 11)[-1]
        if "check-digit-remainder-one" in self.mistakes and weighted_sum(body) % 11 == 1:
            return body + "1"
        return body + check_digit(body)

    def is_taken(self, number):
        if number in self.records:
            return True
        if number in self.residents and "resident-collision" not in self.mistakes:
            return True
        # Planted: make the wrong digit visible in every number.
        return "check-digit-remainder" in self.mistakes and number[14] == check_digit(number[:14])

    def take_new_number(self):
        value = self.next_body
        number = self.make_number(value)
        while self.is_taken(number):
            value = (value + 1) % 10 ** 14
            number = self.make_number(value)
        if "duplicate-under-load" in self.mistakes:
            time.sleep(0.05)  # planted: other threads read next_body meanwhile
        self.next_body = (value + 1) % 10 ** 14
        return number

    def record(self, number, business):
        entry = self.records.setdefault(number, {"history": 0, "business": set()})
        entry["history"] += 1
        entry["business"].add(business)
        return entry["history"]

    def process(self, values, checker):
        """Does what 処理区分 asks for; returns (number, history number)."""
        if "duplicate-under-load" in self.mistakes:
            return self.process_locked(values, checker)
        with self.lock:
            return self.process_locked(values, checker)

    def process_locked(self, values, checker):
        kubun = values.get("shorikubun", "0")
        number = values.get("atenabango", "")
        business = values.get("gyomuid", "000")
        as_new = (kubun not in ("1", "2")
                  or kubun == "1" and "kubun1-new-number" in self.mistakes
                  or kubun == "2" and "kubun2-new-number" in self.mistakes
                  or not number)
        if as_new:
            key = (values.get("shimei"), values.get("seinengappi"), values.get("jusho_choaza"))
            if "reuse-on-retry" in self.mistakes:
                number = self.remembered.get(key) or self.take_new_number()
                self.remembered[key] = number
                if number in self.records:
                    return number, self.records[number]["history"]
            else:
                number = self.take_new_number()
            return number, self.record(number, business)
        if kubun == "1":
            # The caller knows this number already: a former resident's, or an
            # existing one.  Giving it again adds to its history.
            if "kubun1-resident-refused" in self.mistakes and number in self.residents:
                raise Refused(checker.wrong_character(ITEM["atenabango"], "未使用の番号"))
            return number, self.record(number, business)
        if number not in self.records and "kubun2-unknown-accepted" not in self.mistakes:
            raise Refused(checker.wrong_character(ITEM["atenabango"], "登録済みの住登外者宛名番号"))
        entry = self.records.setdefault(number, {"history": 1, "business": set()})
        entry["business"].add(business)  # 処理区分 2: nothing but 業務ID changes
        return number, entry["history"]


# ---------------------------------------------------------------------------
# Authorization server
# ---------------------------------------------------------------------------

class OAuthError(Exception):
    def __init__(self, status, code, description, basic=False):
        super().__init__(code)
        self.status = status
        self.code = code
        self.description = description
        self.basic = basic


def bad_client(description, basic=False):
    return OAuthError(401, "invalid_client", description, basic)


def b64url_decode(text):
    if not re.fullmatch(r"[A-Za-z0-9_-]*", text):
        raise ValueError("not base64url")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def same(left, right):
    return hmac.compare_digest(left.encode("utf-8", "replace"), right.encode("utf-8", "replace"))


class AuthorizationServer:
    KNOWN_SCOPES = (SCOPE_NUMBERING, SCOPE_INQUIRY, SCOPE_OTHER_PROVIDER)

    def __init__(self, base_url, client_id, client_secret, mistakes):
        self.issuer = base_url
        self.token_endpoint = base_url + "/token"
        self.introspection_endpoint = base_url + "/introspect"
        self.client_id = client_id
        self.client_secret = client_secret
        self.mistakes = mistakes
        self.lock = threading.Lock()
        self.tokens = {}   # token -> {"scope", "client_id", "iat", "exp"}
        self.used_jti = {}  # jti -> time after which it may be forgotten

    # -- client authentication

    def parse_form(self, content_type, query, body):
        """The form of a token or introspection request, each name at most once."""
        if query:
            raise OAuthError(400, "invalid_request", "parameters belong into the body")
        media_type = content_type.split(";")[0].strip().lower()
        if media_type != "application/x-www-form-urlencoded":
            raise OAuthError(400, "invalid_request", "wrong content type")
        try:
            pairs = urllib.parse.parse_qsl(body.decode("utf-8"), keep_blank_values=True,
                                           encoding="utf-8", errors="strict", max_num_fields=50)
        except ValueError:
            raise OAuthError(400, "invalid_request", "unreadable form") from None
        form = {}
        for name, value in pairs:
            if name in form:
                raise OAuthError(400, "invalid_request", "repeated parameter")
            form[name] = value
        return {name: value for name, value in form.items() if value != ""}

    def authenticate(self, authorization, form):
        """client_secret_jwt or, as the interim measure, client_secret_basic."""
        methods = [authorization is not None,
                   "client_assertion" in form or "client_assertion_type" in form,
                   "client_secret" in form]
        if sum(methods) > 1 and "two-auth-methods" not in self.mistakes:
            raise OAuthError(400, "invalid_request", "more than one client authentication method")
        if methods[1]:
            self.check_assertion(form)
        elif methods[0]:
            self.check_basic(authorization)
        else:
            raise bad_client("client authentication is required")
        if "client_id" in form and not same(form["client_id"], self.client_id):
            raise bad_client("client_id does not belong to the credentials", basic=methods[0])

    def check_basic(self, authorization):
        scheme, _, value = authorization.partition(" ")
        try:
            if scheme.lower() != "basic":
                raise ValueError("scheme")
            text = base64.b64decode(value.strip(), validate=True).decode("utf-8")
            user, colon, password = text.partition(":")
            if not colon:
                raise ValueError("no colon")
        except (ValueError, binascii.Error):
            raise bad_client("unreadable credentials", basic=True) from None
        # RFC 6749 2.3.1 asks for form-encoded values; many clients send them raw.
        id_ok = same(user, self.client_id) or same(urllib.parse.unquote_plus(user), self.client_id)
        secret_ok = (same(password, self.client_secret)
                     or same(urllib.parse.unquote_plus(password), self.client_secret))
        if not (id_ok and secret_ok):
            raise bad_client("wrong credentials", basic=True)

    def check_assertion(self, form):
        if form.get("client_assertion_type") != ASSERTION_TYPE or "client_assertion" not in form:
            raise bad_client("unusable client_assertion_type or client_assertion")
        parts = form["client_assertion"].split(".")
        try:
            if len(parts) != 3:
                raise ValueError("parts")
            header = json.loads(b64url_decode(parts[0]).decode("utf-8"))
            claims = json.loads(b64url_decode(parts[1]).decode("utf-8"))
            signature = b64url_decode(parts[2])
            if not isinstance(header, dict) or not isinstance(claims, dict):
                raise ValueError("not objects")
        except (ValueError, binascii.Error, RecursionError):
            raise bad_client("unreadable assertion") from None
        self.check_signature(header, (parts[0] + "." + parts[1]).encode("ascii"), signature)
        self.check_claims(claims)

    def check_signature(self, header, signed, signature):
        mistakes = self.mistakes
        algorithm = header.get("alg")
        hashes = {"HS256": hashlib.sha256}
        if "alg-any-hs" in mistakes:
            hashes.update(HS384=hashlib.sha384, HS512=hashlib.sha512)
        if algorithm == "none" and "alg-none-accepted" in mistakes:
            return
        if not isinstance(algorithm, str) or algorithm not in hashes or "crit" in header:
            raise bad_client("the assertion must be signed with HS256")
        expected = hmac.new(self.client_secret.encode("utf-8"), signed, hashes[algorithm]).digest()
        if not hmac.compare_digest(expected, signature) and "signature-ignored" not in mistakes:
            raise bad_client("wrong signature")

    def check_claims(self, claims):
        mistakes = self.mistakes
        now = time.time()
        if claims.get("sub") != self.client_id:
            raise bad_client("wrong sub")
        if claims.get("iss") != self.client_id and "iss-sub-mismatch" not in mistakes:
            raise bad_client("wrong iss")
        audience = claims.get("aud")
        if not isinstance(audience, list):
            audience = [audience]
        accepted = (self.issuer, self.token_endpoint, self.introspection_endpoint)
        if not any(one in accepted for one in audience if isinstance(one, str)):
            if "audience-ignored" not in mistakes:
                raise bad_client("wrong aud")
        expiry = claims.get("exp")
        if not is_number(expiry):
            raise bad_client("exp is missing")
        if expiry <= now and "assertion-expiry-ignored" not in mistakes:
            raise bad_client("expired assertion")
        if expiry > now + MAX_ASSERTION_LIFETIME:
            raise bad_client("exp is too far away")
        for name in ("nbf", "iat"):
            if name in claims and not (is_number(claims[name]) and claims[name] <= now + 60):
                raise bad_client(name + " is in the future")
        self.check_jti(claims.get("jti"), expiry, now)

    def check_jti(self, jti, expiry, now):
        if not isinstance(jti, str) or not jti:
            raise bad_client("jti is missing")
        with self.lock:
            for old in [one for one, end in self.used_jti.items() if end < now]:
                del self.used_jti[old]
            if jti in self.used_jti and "jti-replay-accepted" not in self.mistakes:
                raise bad_client("the assertion was used before")
            self.used_jti[jti] = expiry

    # -- token endpoint

    def grant(self, authorization, form):
        mistakes = self.mistakes
        self.authenticate(authorization, form)
        if "grant_type" not in form:
            raise OAuthError(400, "invalid_request", "grant_type is missing")
        if form["grant_type"] != "client_credentials":
            raise OAuthError(400, "unsupported_grant_type", "only client_credentials")
        scopes = list(dict.fromkeys(form.get("scope", "").split(" ")))
        if scopes == [""]:
            raise OAuthError(400, "invalid_scope", "scope is missing")
        if any(s not in self.KNOWN_SCOPES for s in scopes):
            if "unknown-scope-granted" not in mistakes:
                raise OAuthError(400, "invalid_scope", "unknown scope")
        if len({s.split(":")[0] for s in scopes}) > 1 and "multi-provider-token" not in mistakes:
            raise OAuthError(400, "invalid_scope", "one token serves one provider")
        now = int(time.time())
        lifetime = 86400 if "token-long-life" in mistakes else TOKEN_LIFETIME
        token = secrets.token_urlsafe(32)
        with self.lock:
            for old in [t for t, info in self.tokens.items() if info["exp"] < now - 3600]:
                del self.tokens[old]
            self.tokens[token] = {"scope": " ".join(scopes), "client_id": self.client_id,
                                  "iat": now, "exp": now + lifetime}
        answer = {"access_token": token, "token_type": "Bearer", "expires_in": lifetime,
                  "scope": " ".join(scopes)}
        if "refresh-token" in mistakes:
            answer["refresh_token"] = secrets.token_urlsafe(32)
        return answer

    # -- introspection

    def introspect(self, token):
        """The answer of RFC 7662 on one token."""
        with self.lock:
            info = self.tokens.get(token)
            info = dict(info) if info else None
        if info is None:
            return {"active": False}
        if info["exp"] <= time.time() and "introspection-always-active" not in self.mistakes:
            return {"active": False}
        return dict(info, active=True, token_type="Bearer", sub=info["client_id"],
                    iss=self.issuer)

    def introspection_request(self, authorization, form):
        if "introspection-open" not in self.mistakes:
            self.authenticate(authorization, form)
        if "token" not in form:
            raise OAuthError(400, "invalid_request", "token is missing")
        return self.introspect(form["token"])

    def expire(self, token):
        with self.lock:
            if token not in self.tokens:
                return False
            self.tokens[token]["exp"] = int(time.time()) - 1
            return True

    def known_scope_of(self, token):
        """Only for the mistake token-expiry-ignored."""
        with self.lock:
            info = self.tokens.get(token)
            return info["scope"] if info else None


# ---------------------------------------------------------------------------
# The API
# ---------------------------------------------------------------------------

class Reply:
    """An HTTP answer: status, headers, body."""

    def __init__(self, status, body=b"", headers=()):
        self.status = status
        self.body = body
        self.headers = list(headers)


def plain_reply(status, text):
    return Reply(status, text.encode("utf-8"), [("Content-Type", "text/plain; charset=UTF-8")])


class BadJson(Exception):
    pass


def parse_json_object(body):
    def unique(pairs):
        if len({name for name, _ in pairs}) != len(pairs):
            raise BadJson("repeated member")
        return dict(pairs)

    def refuse(_constant):
        raise BadJson("NaN and Infinity are not JSON")

    try:
        value = json.loads(body.decode("utf-8"), object_pairs_hook=unique, parse_constant=refuse)
    except (ValueError, RecursionError):
        raise BadJson("unreadable") from None
    if not isinstance(value, dict):
        raise BadJson("not an object")
    return value


class Request:
    def __init__(self, method, target, headers, body):
        self.method = method
        self.path, _, self.query = target.partition("?")
        self.headers = headers
        self.body = body

    def single(self, name):
        """The value of a header; None if absent, "" if it is there twice."""
        values = self.headers.get_all(name) or []
        if not values:
            return None
        return values[0].strip() if len(values) == 1 else ""


class Provider:
    """Everything but the sockets."""

    def __init__(self, base_url, client_id, client_secret, mistakes, timeout_ms):
        self.base_url = base_url
        self.mistakes = frozenset(mistakes)
        self.timeout = timeout_ms / 1000.0
        self.auth = AuthorizationServer(base_url, client_id, client_secret, self.mistakes)
        self.register = Register(self.mistakes)
        self.checker = Checker(self.mistakes)
        self.switches = {"maintenance": False, "unexpected": False, "slow": False}
        self.introspection_down = False  # the API cannot ask the authorization server
        self.stopping = threading.Event()

    def handle(self, request):
        routes = {API_PATH: self.api, "/token": self.token, "/introspect": self.introspection,
                  "/test-driver": self.driver}
        route = routes.get(request.path)
        if route is None:
            return Reply(404)
        allowed = ["POST"]
        if route == self.api and "get-accepted" in self.mistakes:
            allowed.append("GET")
        if request.method not in allowed:
            return Reply(405, headers=[("Allow", "POST")])
        return route(request)

    # -- authorization server endpoints

    def oauth(self, request, action):
        no_store = [("Cache-Control", "no-store"), ("Pragma", "no-cache")]
        if request.path == "/token" and "token-cacheable" in self.mistakes:
            no_store = []
        headers = [("Content-Type", JSON_TYPE)] + no_store
        try:
            form = self.auth.parse_form(request.single("Content-Type") or "", request.query,
                                        request.body)
            answer, status = action(request.single("Authorization"), form), 200
        except OAuthError as error:
            status = error.status
            answer = {"error": error.code, "error_description": error.description}
            if error.basic:
                headers.append(("WWW-Authenticate", 'Basic realm="031"'))
        return Reply(status, json.dumps(answer).encode("ascii"), headers)

    def token(self, request):
        return self.oauth(request, self.auth.grant)

    def introspection(self, request):
        return self.oauth(request, self.auth.introspection_request)

    # -- answers of the API

    def json_reply(self, status, value, headers=()):
        text = json.dumps(value, ensure_ascii=False)
        if "response-sjis" in self.mistakes:
            body = text.encode("cp932", "replace")
        else:
            body = text.encode("utf-8")
        content_type = JSON_TYPE
        if "content-type-no-charset" in self.mistakes:
            content_type = "application/json"
        return Reply(status, body, [("Content-Type", content_type), *headers])

    def links(self):
        href = API_PATH
        if "self-href-absolute" in self.mistakes:
            href = self.base_url + API_PATH
        return {"self": {"href": href}}

    def detail(self, text):
        return text.rstrip("。") if "detail-without-period" in self.mistakes else text

    def error_body(self, detail):
        body = {"title": TITLE, "detail": self.detail(detail)}
        if "links-missing" not in self.mistakes:
            body["_links"] = self.links()
        return body

    def refuse_400(self, errors):
        body = self.error_body(DETAIL_ERROR)
        if "errors-in-metadata" in self.mistakes:
            body = {"metadata": {"title": body.pop("title"), "detail": body.pop("detail")}, **body}
        body["errors"] = errors[0] if "errors-object" in self.mistakes else errors
        status = 400
        if "validation-status-200" in self.mistakes:
            status = 200
        elif "validation-status-422" in self.mistakes:
            status = 422
        return self.json_reply(status, body)

    def refuse_401(self, challenge):
        status = 403 if "unauthorized-as-403" in self.mistakes else 401
        headers = [("WWW-Authenticate", challenge)]
        if "unauthorized-no-body" in self.mistakes:
            return Reply(status, headers=headers)
        body = self.error_body(DETAIL_TOKEN)
        if "unauthorized-with-errors" in self.mistakes:
            body["errors"] = [{"code": "E0001", "message": "アクセストークンが設定されていません。"}]
        return self.json_reply(status, body, headers)

    def unexpected_503(self):
        if "unexpected-html-500" in self.mistakes:
            page = "<html><body><h1>Internal Server Error</h1></body></html>"
            return Reply(500, page.encode("ascii"), [("Content-Type", "text/html")])
        return self.json_reply(503, self.error_body(DETAIL_UNEXPECTED))

    # -- one call of the API

    def api(self, request):
        if self.switches["maintenance"]:
            return self.maintenance()
        try:
            return self.api_call(request)
        except Exception:  # the workbook: any other error is a 503 with JSON
            return self.unexpected_503()

    def maintenance(self):
        if "maintenance-json" in self.mistakes:
            return self.json_reply(503, self.error_body(DETAIL_UNEXPECTED))
        if "maintenance-200" in self.mistakes:
            page = "<html><body>ただいまメンテナンス中です。</body></html>"
            return Reply(200, page.encode("utf-8"), [("Content-Type", "text/html; charset=UTF-8")])
        return plain_reply(503, "Service Unavailable\n")

    def api_call(self, request):
        mistakes = self.mistakes
        if "validate-before-auth" not in mistakes:
            refusal = self.check_token(request)
            if refusal:
                return refusal
        if self.switches["unexpected"]:
            return self.unexpected_503()
        if self.switches["slow"]:
            late = self.time_out()
            if late:
                return late
        fields, errors = self.read_fields(request)
        values = {}
        if not errors:
            values, errors = self.checker.check(fields)
        if errors:
            return self.refuse_400(errors)
        if "validate-before-auth" in mistakes:
            refusal = self.check_token(request)
            if refusal:
                return refusal
        try:
            number, history = self.register.process(values, self.checker)
        except Refused as refused:
            return self.refuse_400([refused.error])
        return self.done(values, number, history)

    def check_token(self, request):
        """None if the access token is good, else the answer to give."""
        mistakes = self.mistakes
        query = urllib.parse.parse_qs(request.query, keep_blank_values=True)
        authorization = request.single("Authorization")
        in_query = query.get("access_token", [None])[0]
        if "token-in-query" in mistakes and authorization is None and in_query:
            authorization = "Bearer " + in_query
        elif in_query is not None and authorization is not None:
            # RFC 6750: more than one way of sending the token is invalid_request.
            return self.refuse_400([self.checker.error(
                "E0002", "アクセストークンはAuthorizationヘッダのみで設定してください。")])
        if authorization is None:
            return self.refuse_401('Bearer realm="031"')
        match = re.fullmatch(r"(?i:bearer) +([A-Za-z0-9._~+/-]+=*)", authorization)
        token = match.group(1) if match else ""
        scope = None
        if token and self.introspection_down:
            # Nothing is known about the token, so the call is not accepted.
            return self.unexpected_503()
        if token:
            # The provider asks the authorization server; here it is the same process.
            answer = self.auth.introspect(token)
            scope = answer.get("scope") if answer["active"] else None
            if scope is None and "token-expiry-ignored" in mistakes:
                scope = self.auth.known_scope_of(token)
        if scope is None:
            return self.refuse_401('Bearer realm="031", error="invalid_token"')
        if SCOPE_NUMBERING not in scope.split(" ") and "scope-ignored" not in mistakes:
            # RFC 6750 would say 403; the workbook knows only 401 for a bad token.
            return self.refuse_401('Bearer realm="031", error="insufficient_scope", scope="%s"'
                                   % SCOPE_NUMBERING)
        return None

    def time_out(self):
        if "timeout-never" in self.mistakes:
            self.stopping.wait(self.timeout * 2)
            return None
        self.stopping.wait(self.timeout)
        if "timeout-json" in self.mistakes:
            return self.json_reply(503, self.error_body(DETAIL_UNEXPECTED))
        return plain_reply(504, "Gateway Timeout\n")

    def read_fields(self, request):
        mistakes = self.mistakes
        if request.method == "GET":  # only with the mistake get-accepted
            return dict(urllib.parse.parse_qsl(request.query)), []
        media_type, _, parameters = (request.single("Content-Type") or "").partition(";")
        media_type = media_type.strip().lower()
        if "url-format-only" in mistakes:
            if media_type != "application/x-www-form-urlencoded":
                return {}, [self.checker.error("E0002", "リクエストはURL形式で設定してください。")]
            return dict(urllib.parse.parse_qsl(request.body.decode("utf-8"))), []
        charset = re.search(r"(?i)\bcharset\s*=\s*\"?([^\s\";]+)", parameters)
        if media_type != "application/json" or charset and charset.group(1).lower() != "utf-8":
            return {}, [self.checker.error(
                "E0002", "Content-Typeはapplication/jsonで設定してください。")]
        try:
            return parse_json_object(request.body), []
        except BadJson:
            return {}, [self.checker.error("E0002", "リクエストボディはJSON形式で設定してください。")]

    def done(self, values, number, history):
        mistakes = self.mistakes
        code = values.get("shikuchosonkodo", "")
        operator = values.get("sosashaid", "")
        if "drop-leading-zeros" in mistakes:
            code, number = str(int(code)), str(int(number))
            if operator.isdigit():
                operator = str(int(operator))
        if "number-integer" in mistakes:
            number = int(number)
        if "rireki-from-zero" in mistakes:
            history -= 1
        if "rireki-string" in mistakes:
            history = str(history)
        result = {
            "shikuchosonkodo": code,
            "atenabango": number,
            "rirekibango": history,
            "sosashaid": operator,
            "sosanengappi": values.get("sosanengappi", ""),
            "sosajikoku": values.get("sosajikoku", ""),
        }
        return self.json_reply(200, {
            "metadata": {"title": TITLE, "detail": self.detail(DETAIL_DONE)},
            "_links": self.links(),
            "result": result if "result-object" in mistakes else [result],
        })

    # -- control hook

    def driver(self, request):
        try:
            order = parse_json_object(request.body)
        except BadJson:
            return Reply(400)
        action = order.get("action")
        if not isinstance(action, str):
            return Reply(400)
        name, _, state = action.rpartition("-")
        if name in self.switches and state in ("on", "off"):
            self.switches[name] = state == "on"
            return Reply(204)
        if action in ("introspection-down", "introspection-up"):
            self.introspection_down = action == "introspection-down"
            return Reply(204)
        if action == "expire-token":
            token = order.get("token")
            done = isinstance(token, str) and self.auth.expire(token)
            return Reply(204 if done else 400)
        if action == "load-residents":
            numbers = order.get("numbers")
            if not isinstance(numbers, list) or not all(
                    isinstance(n, str) and re.fullmatch(r"[0-9]{15}", n) for n in numbers):
                return Reply(400)
            self.register.load_residents(numbers)
            return Reply(204)
        if action == "next-number":
            body = order.get("body")
            if not isinstance(body, str) or not re.fullmatch(r"[0-9]{14}", body):
                return Reply(400)
            self.register.set_next(body)
            return Reply(204)
        if action == "reset":
            for switch in self.switches:
                self.switches[switch] = False
            self.introspection_down = False
            self.register.reset()
            return Reply(204)
        return Reply(501)


# ---------------------------------------------------------------------------
# HTTPS
# ---------------------------------------------------------------------------

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 120
    disable_nagle_algorithm = True

    def version_string(self):
        return "IndependentPeer031"

    def log_message(self, *args):
        """Nothing is logged: a request line might carry personal data."""

    def serve(self):
        body = self.read_body()
        if body is None:
            return
        request = Request(self.command, self.path, self.headers, body)
        self.answer(self.server.provider.handle(request))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = serve

    def answer(self, reply):
        self.send_response(reply.status)
        for name, value in reply.headers:
            self.send_header(name, value)
        if reply.status != 204:
            self.send_header("Content-Length", str(len(reply.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD" and reply.body:
            self.wfile.write(reply.body)

    def reject(self, status):
        """The rest of the connection cannot be understood: answer and close."""
        self.close_connection = True
        self.answer(Reply(status))

    def read_body(self):
        """The request body, or None when an answer was given already."""
        encoding = self.headers.get("Transfer-Encoding")
        lengths = set(self.headers.get_all("Content-Length") or [])
        if encoding is not None:
            if lengths or encoding.strip().lower() != "chunked":
                return self.reject(400)
            return self.read_chunks()
        if not lengths:
            return b""
        length = lengths.pop()
        if lengths or not re.fullmatch(r"[0-9]{1,12}", length):
            return self.reject(400)
        if int(length) > MAX_BODY:
            return self.reject(413)
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            self.close_connection = True
            return None
        return body

    def read_chunks(self):
        body = bytearray()
        while True:
            match = re.match(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;.*)?\r?\n$", self.rfile.readline(1024))
            if not match:
                return self.reject(400)
            size = int(match.group(1), 16)
            if len(body) + size > MAX_BODY:
                return self.reject(413)
            if size == 0:
                break
            body += self.rfile.read(size)
            self.rfile.readline(8)
        while self.rfile.readline(8192).strip():  # trailers
            pass
        return bytes(body)


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 128
    provider = None
    tls = None

    def server_bind(self):
        socketserver.TCPServer.server_bind(self)  # without a reverse name look-up
        self.server_name, self.server_port = self.server_address[:2]

    def finish_request(self, request, client_address):
        # In the connection's own thread, so that a slow handshake harms nobody.
        request.settimeout(30)
        with self.tls.wrap_socket(request, server_side=True) as connection:
            Handler(connection, client_address, self)
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def handle_error(self, request, client_address):
        kind = sys.exc_info()[0]
        if kind is not None and not issubclass(kind, OSError):
            print("internal error: %s" % kind.__name__, file=sys.stderr)


def make_certificate(workdir):
    """A test CA (ca.pem in workdir) and a server certificate for loopback.

    Returns a TLS context; the private keys do not outlive this function.
    """
    secret_dir = tempfile.mkdtemp(prefix="peer031-")

    def path(name):
        return os.path.join(secret_dir, name)

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    key_options = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    try:
        openssl("req", "-x509", *key_options, "-keyout", path("ca.key"), "-out", path("ca.pem"),
                "-days", "3", "-subj", "/CN=Independent peer 031 test CA",
                "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        openssl("req", "-new", *key_options, "-keyout", path("server.key"),
                "-out", path("server.csr"), "-subj", "/CN=localhost")
        with open(path("server.ext"), "w", encoding="ascii") as file:
            file.write("basicConstraints=critical,CA:FALSE\n"
                       "keyUsage=critical,digitalSignature\n"
                       "extendedKeyUsage=serverAuth\n"
                       "subjectAltName=IP:127.0.0.1,DNS:localhost\n")
        openssl("x509", "-req", "-in", path("server.csr"), "-CA", path("ca.pem"),
                "-CAkey", path("ca.key"), "-set_serial", str(secrets.randbits(62) + 1),
                "-days", "2", "-sha256", "-extfile", path("server.ext"),
                "-out", path("server.pem"))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(path("server.pem"), path("server.key"))
        shutil.copyfile(path("ca.pem"), os.path.join(workdir, "ca.pem"))
        return context
    finally:
        shutil.rmtree(secret_dir, ignore_errors=True)


def parse_arguments():
    parser = argparse.ArgumentParser(description="Independent 031 numbering provider for tests")
    parser.add_argument("--listen", default="127.0.0.1:0", metavar="127.0.0.1:PORT")
    parser.add_argument("--workdir", metavar="DIR")
    parser.add_argument("--mistake", action="append", default=[], metavar="NAME")
    parser.add_argument("--list-mistakes", action="store_true")
    parser.add_argument("--timeout-ms", type=int, default=30000)
    parser.add_argument("--client-id", default=DEFAULT_CLIENT_ID)
    parser.add_argument("--client-secret", default=DEFAULT_CLIENT_SECRET)
    options = parser.parse_args()
    unknown = sorted(set(options.mistake) - MISTAKE_NAMES)
    if unknown:
        parser.error("unknown mistake: " + ", ".join(unknown))
    host, _, port = options.listen.rpartition(":")
    if host not in ("127.0.0.1", "localhost") or not port.isdigit() or int(port) > 65535:
        parser.error("--listen takes 127.0.0.1:PORT")
    options.port = int(port)
    if not re.fullmatch(r"[0-9A-Za-z]{32}", options.client_id):
        parser.error("a client id has 32 letters and digits")
    if len(options.client_secret) < 32:
        parser.error("a client secret has at least 32 characters")
    if options.timeout_ms <= 0:
        parser.error("--timeout-ms must be positive")
    return options


def main():
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8")
    options = parse_arguments()
    if options.list_mistakes:
        print(list_mistakes(MISTAKES))
        return 0
    workdir = options.workdir or tempfile.mkdtemp(prefix="peer031-work-")
    os.makedirs(workdir, exist_ok=True)
    workdir = os.path.abspath(workdir)
    try:
        tls = make_certificate(workdir)
    except (OSError, subprocess.CalledProcessError) as error:
        print("cannot make the certificate: %s" % error, file=sys.stderr)
        return 1

    with Server(("127.0.0.1", options.port), Handler) as server:
        base_url = "https://127.0.0.1:%d" % server.server_port
        server.tls = tls
        server.provider = Provider(base_url, options.client_id, options.client_secret,
                                   options.mistake, options.timeout_ms)
        auth = server.provider.auth
        ready = {
            "url": base_url,
            "endpoint": base_url + API_PATH,
            "token_endpoint": auth.token_endpoint,
            "introspection_endpoint": auth.introspection_endpoint,
            "driver": base_url + "/test-driver",
            "ca": os.path.join(workdir, "ca.pem"),
            "client_id": options.client_id,
            "client_secret": options.client_secret,
        }

        def stop(_signal, _frame):
            server.provider.stopping.set()
            threading.Thread(target=server.shutdown, daemon=True).start()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        ready_path = os.path.join(workdir, "ready.json")
        with open(ready_path + ".new", "w", encoding="utf-8") as file:
            json.dump(ready, file, indent=2)
        os.replace(ready_path + ".new", ready_path)
        print("listening on " + base_url, flush=True)
        print("CA certificate: " + ready["ca"], flush=True)
        server.serve_forever(poll_interval=0.1)
    if os.path.exists(ready_path):
        os.unlink(ready_path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
