#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An independent consumer of 住登外者宛名番号付番API, for tests.

It stands for a core business system which asks the numbering function (031)
for a 住登外者宛名番号.  It reads one JSON order from standard input, acts, and
prints one JSON line.  Written from the Digital Agency's API workbook (第2.0版),
共通機能標準仕様書 第2.1版, and RFC 6749/6750/7519/7523; standard library only.

    python3 consumer_031.py [--state FILE] [--mistake NAME]... < order.json
    python3 consumer_031.py --serve 127.0.0.1:PORT
    python3 consumer_031.py --list-mistakes
"""

import argparse
import base64
import hashlib
import hmac
import http.client
import http.server
import json
import os
import re
import ssl
import sys
import tempfile
import threading
import time
import unicodedata
import urllib.parse
import uuid

SCOPE = "031:app_submit/v10/jutogaishaatenabangofuban:Create"
SCOPE_INQUIRY = "031:app_submit/v10/jutogaishaatenakihonjohosyokai:Read"
SCOPE_OTHER_PROVIDER = "999:app_submit/v10/betsuteikyosystem:Read"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
TOKEN_MARGIN = 10          # seconds: a token about to expire is not used
DEFAULT_TIMEOUT_MS = 35000  # a little more than the provider's 30 seconds
DEFAULT_RETRY_WAIT_MS = 3000
MAX_ANSWER = 1024 * 1024
EXIT_BAD_INPUT = 2
EXIT_UNKNOWN_ACTION = 89

# Items of the data type Ｎ, dates, and fixed-length codes of the request sheet.
FULL_WIDTH_ITEMS = frozenset("""
    shimei uji_nihonjin na_nihonjin shimei_gaikokujinromaji shimei_gaikokujinkanji
    shimei_furigana uji_nihonjin_furigana na_nihonjin_furigana tsusho tsusho_furigana
    seinengappi_fushohyoki jusho_todofuken jusho_shikugunchosonmei jusho_choaza
    jusho_banchigohyoki jusho_katagaki jusho_katagaki_furigana jusho_kokumeito
    jusho_kokugaijusho""".split())
DATE_ITEMS = ("seinengappi", "sosanengappi")
CODE_ITEMS = ("shikuchosonkodo", "atenabango", "jusho_shikuchosonkodo", "jusho_choazakodo",
              "jusho_yubinbango", "jusho_kokumeikodo", "gyomuid", "dokujishisakushisutemutoid",
              "nayosesakiatenabango", "sosashaid")

MISTAKES = [
    # --- the access token
    ("token-in-query", "Sends the access token in the query string instead of the header.",
     "アクセストークンをヘッダでなくクエリ文字列で送る。"),
    ("token-twice", "Sends the access token in the header and in the query string.",
     "アクセストークンをヘッダとクエリ文字列の両方で送る。"),
    ("basic-to-api", "Sends Basic credentials to the API instead of a Bearer token.",
     "APIにBearerでなくBasic認証で接続する。"),
    ("no-bearer-word", "Sends the bare token without the word Bearer.",
     "AuthorizationヘッダにBearerを付けない。"),
    ("token-not-cached", "Gets a new token for every attempt, ignoring the stored one.",
     "保存済みトークンを使わず毎回取得する。"),
    ("token-kept-forever", "Uses a stored token past its expiry.",
     "有効期限を過ぎた保存トークンを使い続ける。"),
    ("no-new-token-on-401", "Gives up at 401 without getting a fresh token.",
     "401で新しいトークンを取得せず終了する。"),
    ("same-token-on-401", "Tries again at 401 with the very same token.",
     "401で同じトークンのまま再送する。"),
    ("redirect-with-token", "Follows redirects and hands the token to the other host.",
     "リダイレクトに従い別ホストにトークンを渡す。"),
    # --- the token request
    ("assertion-hs384", "Signs the assertion with HS384.",
     "アサーションをHS384で署名する。"),
    ("assertion-none", "Sends an unsigned assertion (alg none).",
     "アサーションを署名なし（alg=none）で送る。"),
    ("assertion-reused-jti", "Every assertion carries the same jti.",
     "jtiが毎回同じである。"),
    ("assertion-no-jti", "The assertion has no jti.",
     "アサーションにjtiがない。"),
    ("assertion-long-life", "The assertion is valid for a year.",
     "アサーションの有効期間が1年である。"),
    ("assertion-wrong-aud", "aud is the API, not the authorization server.",
     "audが認可サーバでなくAPIのURLである。"),
    ("assertion-milliseconds", "exp and iat are in milliseconds.",
     "exp・iatをミリ秒で設定する。"),
    ("secret-in-body", "Sends the client secret in the form (client_secret_post).",
     "クライアントシークレットを本文で送る。"),
    ("scope-missing", "Asks for a token without scope.",
     "スコープを指定せずトークンを要求する。"),
    ("scope-wide", "Asks for more scope than it needs.",
     "不要なスコープまで要求する。"),
    ("scope-two-providers", "Asks for one token for two providers.",
     "複数の提供側のスコープを一度に要求する。"),
    ("tls-unverified", "Does not verify the server's certificate.",
     "サーバ証明書を検証しない。"),
    # --- the request
    ("halfwidth-names", "Sends half-width characters in Ｎ items.",
     "全角項目を半角文字で送る。"),
    ("codes-as-integers", "Codes lose their leading zeros.",
     "コードの先頭の0が落ちる。"),
    ("date-slashes", "Writes dates with slashes.",
     "日付をスラッシュ区切りで送る。"),
    ("required-missing", "Leaves out 操作者ID.",
     "必須の操作者IDを送らない。"),
    ("kubun-as-number", "Sends 処理区分 as a JSON number.",
     "処理区分をJSONの数値で送る。"),
    ("sends-null", "Sends null for the optional items which are not set.",
     "設定のない任意項目をnullで送る。"),
    ("wrong-content-type", "Sends the JSON as text/plain.",
     "JSONをtext/plainとして送る。"),
    ("url-format", "Sends form parameters, taking the words on the URL format literally.",
     "「URL形式」を字義どおりに取り、フォーム形式で送る。"),
    ("body-sjis", "Writes the JSON in Windows-31J.",
     "JSONをWindows-31Jで送る。"),
    ("get-method", "Uses GET.",
     "GETで送る。"),
    ("kojinbango-in-url", "Puts 個人番号 into the URL as well.",
     "個人番号をURLにも入れる。"),
    ("kojinbango-in-header", "Puts 個人番号 into a header as well.",
     "個人番号をヘッダにも入れる。"),
    # --- reaction to the answer
    ("retry-on-400", "Sends the same request again after a 400.",
     "400の後に同じ要求を再送する。"),
    ("retry-endless", "Retries 5xx and time-outs without end (capped at 6 sendings).",
     "5xx・タイムアウトで際限なく再送する（6回で打切り）。"),
    ("retry-at-once", "Retries without waiting.",
     "待たずに再送する。"),
    ("no-retry", "Does not retry after 5xx or a time-out.",
     "5xx・タイムアウトで再送しない。"),
    ("json-always", "Breaks down when a 5xx has no JSON body.",
     "5xxの本文がJSONでないと異常終了する。"),
    ("number-as-integer", "Handles the answered number as an integer.",
     "応答の宛名番号を整数として扱う。"),
    ("number-unchecked", "Takes any 200 for success, whatever its body.",
     "200であれば本文を確認せず成功とする。"),
]
MISTAKE_NAMES = frozenset(name for name, _, _ in MISTAKES)


class BadInput(Exception):
    pass


class UnknownAction(Exception):
    pass


class Unreachable(Exception):
    """No HTTP answer: refused, reset, timed out, or TLS failed."""

    def __init__(self, reason, retry=True):
        super().__init__(reason)
        self.reason = reason
        self.retry = retry


class TokenRefused(Exception):
    def __init__(self, status, reason):
        super().__init__(reason)
        self.status = status
        self.reason = reason


# ---------------------------------------------------------------------------
# The order
# ---------------------------------------------------------------------------

class Order:
    """What the driver is told to do."""

    def __init__(self, data):
        if not isinstance(data, dict):
            raise BadInput("the order is not a JSON object")
        action = data.get("action")
        if not isinstance(action, str):
            raise BadInput("action is missing")
        if action != "number":
            raise UnknownAction(action)
        self.endpoint = self.url(data, "endpoint")
        self.token_endpoint = self.url(data, "token_endpoint")
        self.client_id = self.text(data, "client_id")
        self.client_secret = self.text(data, "client_secret")
        self.ca = data.get("ca")
        if self.ca is not None and not isinstance(self.ca, str):
            raise BadInput("ca is neither a path nor null")
        self.timeout = self.milliseconds(data, "timeout_ms", DEFAULT_TIMEOUT_MS, 1)
        self.retry_wait = self.milliseconds(data, "retry_wait_ms", DEFAULT_RETRY_WAIT_MS, 0)
        self.fields = self.strings(data.get("fields"))

    @staticmethod
    def text(data, name):
        value = data.get(name)
        if not isinstance(value, str) or not value:
            raise BadInput(name + " is missing")
        return value

    @classmethod
    def url(cls, data, name):
        value = cls.text(data, name)
        try:
            parts = urllib.parse.urlsplit(value)
            _ = parts.port
        except ValueError:
            raise BadInput(name + " is not a URL") from None
        loopback = parts.hostname in ("127.0.0.1", "localhost", "::1")
        # Plain HTTP is only for test stands on the same machine.
        if not parts.hostname or not (parts.scheme == "https" or parts.scheme == "http" and loopback):
            raise BadInput(name + " is not an https URL")
        return value

    @staticmethod
    def milliseconds(data, name, default, least):
        value = data.get(name)
        if value is None:
            value = default
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value < least:
            raise BadInput(name + " is not a number of milliseconds")
        return value / 1000.0

    @staticmethod
    def strings(fields):
        """The request parameters; items without a value are not sent."""
        if not isinstance(fields, dict):
            raise BadInput("fields is missing")
        result = {}
        for name, value in fields.items():
            if value is None:
                continue
            if isinstance(value, int) and not isinstance(value, bool):
                value = str(value)
            if not isinstance(value, str):
                raise BadInput("fields holds a value which is not a string")
            result[name] = value
        return result


# ---------------------------------------------------------------------------
# HTTP
# ---------------------------------------------------------------------------

class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    def json(self):
        try:
            value = json.loads(self.body.decode("utf-8"))
        except (ValueError, RecursionError):
            return None
        return value if isinstance(value, dict) else None


def tls_context(ca, verify):
    try:
        context = ssl.create_default_context(cafile=ca)
    except (OSError, ssl.SSLError):
        raise BadInput("the CA file cannot be used") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def exchange(url, method, headers, body, timeout, context):
    """One HTTP exchange with a limit on its whole duration."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme == "https":
        connection = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=timeout,
                                                 context=context)
    else:
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)
    target = (parts.path or "/") + ("?" + parts.query if parts.query else "")
    expired = threading.Event()

    def cut():
        expired.set()
        try:
            if connection.sock is not None:
                connection.sock.shutdown(2)
        except OSError:
            pass

    timer = threading.Timer(timeout, cut)
    timer.daemon = True
    timer.start()
    try:
        connection.request(method, target, body=body, headers=headers)
        response = connection.getresponse()
        data = response.read(MAX_ANSWER)
        if expired.is_set():
            raise Unreachable("timeout")
        if response.length and len(data) < MAX_ANSWER:
            raise Unreachable("connection failed")  # cut off within the body
        return Answer(response.status, response.headers, data)
    except ssl.SSLCertVerificationError:
        raise Unreachable("certificate not trusted", retry=False) from None
    except TimeoutError:
        raise Unreachable("timeout") from None
    except (OSError, http.client.HTTPException):
        raise Unreachable("timeout" if expired.is_set() else "connection failed") from None
    finally:
        timer.cancel()
        connection.close()


# ---------------------------------------------------------------------------
# Tokens
# ---------------------------------------------------------------------------

def b64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def make_assertion(order, mistakes):
    """The client assertion of client_secret_jwt (RFC 7523, HS256)."""
    algorithm, digest = "HS256", hashlib.sha256
    if "assertion-hs384" in mistakes:
        algorithm, digest = "HS384", hashlib.sha384
    if "assertion-none" in mistakes:
        algorithm = "none"
    now = int(time.time())
    lifetime = 365 * 86400 if "assertion-long-life" in mistakes else 60
    claims = {"iss": order.client_id, "sub": order.client_id, "aud": order.token_endpoint,
              "jti": str(uuid.uuid4()), "iat": now, "exp": now + lifetime}
    if "assertion-reused-jti" in mistakes:
        claims["jti"] = "1"
    if "assertion-no-jti" in mistakes:
        del claims["jti"]
    if "assertion-wrong-aud" in mistakes:
        claims["aud"] = order.endpoint
    if "assertion-milliseconds" in mistakes:
        claims["iat"] *= 1000
        claims["exp"] *= 1000
    header = {"alg": algorithm, "typ": "JWT"}
    signed = ".".join(b64url(json.dumps(part, separators=(",", ":")).encode("utf-8"))
                      for part in (header, claims))
    if algorithm == "none":
        return signed + "."
    signature = hmac.new(order.client_secret.encode("utf-8"), signed.encode("ascii"), digest)
    return signed + "." + b64url(signature.digest())


class TokenStore:
    """Access tokens, in memory and (with --state) in a file of mode 0600."""

    def __init__(self, path):
        self.path = path
        self.lock = threading.Lock()
        self.tokens = self.load()

    @staticmethod
    def key(order):
        return order.token_endpoint + " " + order.client_id

    def load(self):
        if not self.path:
            return {}
        try:
            with open(self.path, encoding="utf-8") as file:
                data = json.load(file)
        except (OSError, ValueError):
            return {}
        return data if isinstance(data, dict) else {}

    def get(self, order, even_expired):
        with self.lock:
            entry = self.tokens.get(self.key(order))
        try:
            if even_expired or entry["expires_at"] > time.time() + TOKEN_MARGIN:
                return entry["token"]
        except (TypeError, KeyError):
            pass
        return None

    def put(self, order, token, expires_in):
        with self.lock:
            self.tokens[self.key(order)] = {"token": token, "expires_at": time.time() + expires_in}
            self.save()

    def drop(self, order):
        with self.lock:
            self.tokens.pop(self.key(order), None)
            self.save()

    def save(self):
        if not self.path:
            return
        folder = os.path.dirname(os.path.abspath(self.path))
        handle, name = tempfile.mkstemp(prefix=".state-", dir=folder)  # mode 0600
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(self.tokens, file)
        os.replace(name, self.path)


# ---------------------------------------------------------------------------
# The consumer
# ---------------------------------------------------------------------------

def check_digit(body):
    remainder = sum(int(d) * (2 + i % 6) for i, d in enumerate(reversed(body))) % 11
    return "0" if remainder <= 1 else str(11 - remainder)


def to_half_width(text):
    """For a planted mistake: ASCII and half-width katakana wherever possible."""
    half_kana = {}
    for code in range(0xFF61, 0xFFA0):
        half_kana[unicodedata.normalize("NFKC", chr(code))] = chr(code)
    result = []
    for char in text:
        decomposed = unicodedata.normalize("NFD", char)
        if all(part in half_kana or part in "\u3099\u309a" for part in decomposed):
            result.append("".join({"\u3099": "\uff9e", "\u309a": "\uff9f"}.get(part)
                                  or half_kana[part] for part in decomposed))
        else:
            result.append(unicodedata.normalize("NFKC", char))
    return "".join(result)


def masked(text):
    """Nothing that might be a 個人番号 is printed."""
    return re.sub(r"[0-9０-９]{10,}", "***", text)[:300]


class Consumer:
    def __init__(self, store, mistakes):
        self.store = store
        self.mistakes = frozenset(mistakes)

    # -- token

    def token(self, order, context, fresh=False):
        mistakes = self.mistakes
        if not fresh and "token-not-cached" not in mistakes:
            token = self.store.get(order, "token-kept-forever" in mistakes)
            if token:
                return token
        form = {"grant_type": "client_credentials", "scope": SCOPE, "client_id": order.client_id}
        if "secret-in-body" in mistakes:
            form["client_secret"] = order.client_secret
        else:
            form["client_assertion_type"] = ASSERTION_TYPE
            form["client_assertion"] = make_assertion(order, mistakes)
        if "scope-missing" in mistakes:
            del form["scope"]
        if "scope-wide" in mistakes:
            form["scope"] = SCOPE + " " + SCOPE_INQUIRY
        if "scope-two-providers" in mistakes:
            form["scope"] = SCOPE + " " + SCOPE_OTHER_PROVIDER
        answer = exchange(order.token_endpoint, "POST",
                          {"Content-Type": "application/x-www-form-urlencoded",
                           "Accept": "application/json"},
                          urllib.parse.urlencode(form).encode("ascii"), order.timeout, context)
        data = answer.json() or {}
        token = data.get("access_token")
        if answer.status != 200:
            raise TokenRefused(answer.status, str(data.get("error") or "no token"))
        if not isinstance(token, str) or str(data.get("token_type")).lower() != "bearer":
            raise TokenRefused(answer.status, "unusable token answer")
        granted = data.get("scope", form.get("scope", SCOPE))
        if not isinstance(granted, str) or SCOPE not in granted.split(" "):
            raise TokenRefused(answer.status, "the token lacks the scope")
        lifetime = data.get("expires_in")
        if isinstance(lifetime, bool) or not isinstance(lifetime, (int, float)):
            lifetime = 0
        self.store.put(order, token, lifetime)  # a refresh token, if any, is not kept
        return token

    # -- request

    def prepared_fields(self, order):
        mistakes = self.mistakes
        fields = dict(order.fields)
        if "halfwidth-names" in mistakes:
            for name in FULL_WIDTH_ITEMS & fields.keys():
                fields[name] = to_half_width(fields[name])
        if "codes-as-integers" in mistakes:
            for name in CODE_ITEMS:
                if re.fullmatch(r"[0-9]+", fields.get(name, "")):
                    fields[name] = str(int(fields[name]))
        if "date-slashes" in mistakes:
            for name in DATE_ITEMS:
                if name in fields:
                    fields[name] = fields[name].replace("-", "/")
        if "required-missing" in mistakes:
            fields.pop("sosashaid", None)
        if "kubun-as-number" in mistakes and fields.get("shorikubun", "").isdigit():
            fields["shorikubun"] = int(fields["shorikubun"])
        if "sends-null" in mistakes:
            for name in ("kojinbango", "tsusho", "jusho_kokumeito", "nayosesakiatenabango"):
                fields.setdefault(name, None)
        return fields

    def send(self, order, context, token):
        """One request to the API."""
        mistakes = self.mistakes
        fields = self.prepared_fields(order)
        url, query, method = order.endpoint, {}, "POST"
        headers = {"Content-Type": "application/json", "Accept": "application/json",
                   "Authorization": "Bearer " + token}
        encoding = "cp932" if "body-sjis" in mistakes else "utf-8"
        body = json.dumps(fields, ensure_ascii=False).encode(encoding, "replace")
        if "wrong-content-type" in mistakes:
            headers["Content-Type"] = "text/plain"
        if "url-format" in mistakes:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = urllib.parse.urlencode(fields).encode("ascii")
        if "get-method" in mistakes:
            method, body = "GET", None
            query.update((name, value) for name, value in fields.items()
                         if name != "kojinbango")
        if "token-in-query" in mistakes or "token-twice" in mistakes:
            query["access_token"] = token
        if "token-in-query" in mistakes:
            del headers["Authorization"]
        elif "no-bearer-word" in mistakes:
            headers["Authorization"] = token
        elif "basic-to-api" in mistakes:
            pair = order.client_id + ":" + order.client_secret
            headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        kojinbango = order.fields.get("kojinbango")
        if kojinbango and "kojinbango-in-url" in mistakes:
            query["kojinbango"] = kojinbango
        if kojinbango and "kojinbango-in-header" in mistakes:
            headers["X-Kojinbango"] = kojinbango
        if query:
            url += ("&" if "?" in url else "?") + urllib.parse.urlencode(query)
        answer = exchange(url, method, headers, body, order.timeout, context)
        location = answer.headers.get("Location")
        if "redirect-with-token" in mistakes and 300 <= answer.status < 400 and location:
            url = urllib.parse.urljoin(url, location)
            answer = exchange(url, method, headers, body, order.timeout, context)
        return answer

    # -- the whole action

    def number(self, order):
        """Asks for a number; returns {"status", "number", "error"}."""
        context = tls_context(order.ca, "tls-unverified" not in self.mistakes)
        retries_left = 0 if "no-retry" in self.mistakes else 1
        if "retry-endless" in self.mistakes:
            retries_left = 5
        fresh_tokens_left = 0 if "no-new-token-on-401" in self.mistakes else 1
        resend_400 = "retry-on-400" in self.mistakes
        fresh = False
        while True:
            try:
                token = self.token(order, context, fresh)
                fresh = False
                answer = self.send(order, context, token)
            except Unreachable as problem:
                result = self.result(None, None, problem.reason)
                again = problem.retry
            except TokenRefused as problem:
                result = self.result(problem.status, None, "token: " + masked(problem.reason))
                again = problem.status >= 500
            else:
                result = self.judge(order, answer)
                again = answer.status >= 500
                if answer.status == 401 and fresh_tokens_left:
                    fresh_tokens_left -= 1
                    if "same-token-on-401" not in self.mistakes:
                        self.store.drop(order)
                        fresh = True
                    continue
                if answer.status == 400 and resend_400:
                    resend_400 = False
                    continue
            if not again or retries_left == 0:
                return result
            retries_left -= 1
            if "retry-at-once" not in self.mistakes:
                time.sleep(order.retry_wait)

    @staticmethod
    def result(status, number, error):
        return {"status": status, "number": number, "error": error}

    def judge(self, order, answer):
        """What the answer means for the caller."""
        status, data = answer.status, answer.json()
        if "json-always" in self.mistakes and data is None:
            raise ValueError("planted: the answer is not JSON")
        if status == 200:
            number, error = self.number_of(order, data or {})
            return self.result(status, number, error)
        if status == 400:
            return self.result(status, None, self.messages(data) or "bad request")
        if status == 401:
            return self.result(status, None, "access token refused")
        if 300 <= status < 400:
            return self.result(status, None, "redirect refused")
        detail = (data or {}).get("detail")
        return self.result(status, None,
                           masked(detail) if isinstance(detail, str) else "HTTP %d" % status)

    @staticmethod
    def messages(data):
        errors = (data or {}).get("errors")
        if not isinstance(errors, list):
            return ""
        texts = ["%s %s" % (one.get("code"), one.get("message"))
                 for one in errors if isinstance(one, dict)]
        return masked(" / ".join(texts))

    def number_of(self, order, data):
        result = data.get("result")
        first = result[0] if isinstance(result, list) and result else None
        number = first.get("atenabango") if isinstance(first, dict) else None
        if "number-unchecked" in self.mistakes:
            return (number if number is not None else ""), None
        if not isinstance(number, str) or not re.fullmatch(r"[0-9]{15}", number):
            return None, "unusable answer: 宛名番号"
        kubun = order.fields.get("shorikubun")
        if kubun == "0" and number[14] != check_digit(number[:14]):
            return None, "unusable answer: check digit of 宛名番号"
        if kubun in ("1", "2") and number != order.fields.get("atenabango"):
            return None, "unusable answer: another 宛名番号"
        if first.get("shikuchosonkodo") != order.fields.get("shikuchosonkodo"):
            return None, "unusable answer: 市区町村コード"
        if "number-as-integer" in self.mistakes:
            return int(number), None
        return number, None


# ---------------------------------------------------------------------------
# Command line and hook
# ---------------------------------------------------------------------------

def print_line(value):
    print(json.dumps(value, ensure_ascii=False), flush=True)


def read_order(text):
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise BadInput("the order is not JSON") from None
    order = Order(data)
    if order.ca is not None:
        tls_context(order.ca, True)  # an unusable file is bad input
    return order


def act(consumer, order):
    try:
        return consumer.number(order)
    except Exception as problem:  # whatever the peer sent, this line is printed
        return Consumer.result(None, None, "internal error: " + type(problem).__name__)


def run_once(consumer):
    try:
        order = read_order(sys.stdin.buffer.read().decode("utf-8", "replace"))
    except UnknownAction:
        print("unknown action", file=sys.stderr)
        return EXIT_UNKNOWN_ACTION
    except BadInput as problem:
        print("bad input: %s" % problem, file=sys.stderr)
        return EXIT_BAD_INPUT
    print_line(act(consumer, order))
    return 0


def make_hook(consumer):
    class Hook(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30

        def log_message(self, *args):
            """Nothing is logged."""

        def finish_with(self, status):
            self.send_response(status)
            self.send_header("Content-Length", "0")
            if self.close_connection:
                self.send_header("Connection", "close")
            self.end_headers()

        def do_POST(self):
            length = self.headers.get("Content-Length", "")
            if not re.fullmatch(r"[0-9]{1,7}", length):
                self.close_connection = True
                return self.finish_with(411)
            body = self.rfile.read(int(length))
            if self.path != "/":
                return self.finish_with(404)
            try:
                order = read_order(body.decode("utf-8", "replace"))
            except UnknownAction:
                return self.finish_with(501)
            except BadInput:
                return self.finish_with(400)
            self.finish_with(202)
            threading.Thread(target=lambda: print_line(act(consumer, order)), daemon=True).start()

    return Hook


def serve(consumer, address):
    host, _, port = address.rpartition(":")
    if host not in ("127.0.0.1", "localhost") or not port.isdigit() or int(port) > 65535:
        print("--serve takes 127.0.0.1:PORT", file=sys.stderr)
        return EXIT_BAD_INPUT
    with http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), make_hook(consumer)) as server:
        print_line({"listening": "http://127.0.0.1:%d/" % server.server_address[1]})
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            pass
    return 0


def main():
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8")
    parser = argparse.ArgumentParser(description="Independent consumer of the 031 numbering API")
    parser.add_argument("--state", metavar="FILE", help="keeps the access token between runs")
    parser.add_argument("--serve", metavar="127.0.0.1:PORT", help="take orders by HTTP POST /")
    parser.add_argument("--mistake", action="append", default=[], metavar="NAME")
    parser.add_argument("--list-mistakes", action="store_true")
    options = parser.parse_args()
    if options.list_mistakes:
        print(json.dumps([{"name": n, "en": e, "ja": j} for n, e, j in MISTAKES],
                         ensure_ascii=False, indent=2))
        return 0
    unknown = sorted(set(options.mistake) - MISTAKE_NAMES)
    if unknown:
        parser.error("unknown mistake: " + ", ".join(unknown))
    consumer = Consumer(TokenStore(options.state), options.mistake)
    if options.serve:
        return serve(consumer, options.serve)
    return run_once(consumer)


if __name__ == "__main__":
    sys.exit(main())
