#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of the independent provider and consumer (loopback only, bounded).

Every planted mistake has a probe: a function that is true for the correct
form.  Each probe is run against the correct form (must hold) and against the
form with the mistake (must not hold).

    python3 -m unittest -v test_independent.py
"""

import base64
import hashlib
import hmac
import http.client
import http.server
import json
import os
import re
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import consumer_031  # noqa: E402
import provider_031  # noqa: E402

PROVIDER = os.path.join(HERE, "provider_031.py")
CONSUMER = os.path.join(HERE, "consumer_031.py")
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
CREATE = provider_031.SCOPE_NUMBERING
READ = provider_031.SCOPE_INQUIRY
OTHER = provider_031.SCOPE_OTHER_PROVIDER
API = provider_031.API_PATH
TIMEOUT_MS = 300  # the provider's time-out in these tests


def sample(**changes):
    """A correct request about an invented person; None removes an item."""
    fields = {
        "shorikubun": "0", "shikuchosonkodo": "131016", "shimei": "試験　太郎",
        "uji_nihonjin": "試験", "na_nihonjin": "太郎", "seibetsu": "1",
        "seinengappi": "1990-01-02", "jusho_todofuken": "東京都", "jusho_choaza": "架空町一丁目",
        "gyomuid": "001", "dokujishisakushisutemutoid": "000", "nayosemotofuragu": "0",
        "tagyomusanshofukafuragu": "0", "sosashaid": "op01", "sosanengappi": "2024-02-29",
        "sosajikoku": "09:00:00",
    }
    fields.update(changes)
    return {name: value for name, value in fields.items() if value is not None}


def b64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


class Response:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        """The body as UTF-8 JSON, or None."""
        try:
            return json.loads(self.body.decode("utf-8"))
        except ValueError:
            return None

    def codes(self):
        return [error["code"] for error in (self.json() or {}).get("errors", [])]

    def messages(self):
        return [error["message"] for error in (self.json() or {}).get("errors", [])]

    def result(self):
        return self.json()["result"][0]

    def number(self):
        return self.result()["atenabango"]


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args):
        return None


class Peer:
    """A running provider and a small client for it."""

    def __init__(self, *mistakes):
        self.folder = tempfile.TemporaryDirectory()
        command = [sys.executable, PROVIDER, "--workdir", self.folder.name,
                   "--timeout-ms", str(TIMEOUT_MS)]
        for mistake in mistakes:
            command += ["--mistake", mistake]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        ready = os.path.join(self.folder.name, "ready.json")
        end = time.monotonic() + 20
        while not os.path.exists(ready):
            if self.process.poll() is not None or time.monotonic() > end:
                self.close()
                raise RuntimeError("the provider does not start")
            time.sleep(0.01)
        with open(ready, encoding="utf-8") as file:
            self.ready = json.load(file)
        self.id, self.secret = self.ready["client_id"], self.ready["client_secret"]
        self.tls = ssl.create_default_context(cafile=self.ready["ca"])
        self.opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), NoRedirect(),
            urllib.request.HTTPSHandler(context=self.tls))
        self.cached_token = None

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.folder.cleanup()

    def http(self, path, body=b"", headers=None, method="POST"):
        request = urllib.request.Request(self.ready["url"] + path, data=body, method=method,
                                         headers=headers or {})
        try:
            with self.opener.open(request, timeout=10) as response:
                return Response(response.status, response.headers, response.read())
        except urllib.error.HTTPError as error:
            with error:
                return Response(error.code, error.headers, error.read())

    # -- authorization server

    def assertion(self, header=None, digest=hashlib.sha256, signature=None, **claims):
        now = int(time.time())
        body = {"iss": self.id, "sub": self.id, "aud": self.ready["token_endpoint"],
                "jti": uuid.uuid4().hex, "iat": now, "exp": now + 60}
        body.update(claims)
        signed = ".".join(b64url(json.dumps(part).encode())
                          for part in (header or {"alg": "HS256", "typ": "JWT"}, body))
        if signature is None:
            signature = hmac.new(self.secret.encode(), signed.encode(), digest).digest()
        return signed + "." + b64url(signature)

    def ask_token(self, scope=CREATE, assertion=None, headers=None, **form):
        data = {"grant_type": "client_credentials", "scope": scope}
        if assertion is not False:
            data.update(client_assertion_type=ASSERTION_TYPE,
                        client_assertion=assertion or self.assertion())
        data.update(form)
        return self.http("/token", urllib.parse.urlencode(data).encode(), {
            "Content-Type": "application/x-www-form-urlencoded", **(headers or {})})

    def basic(self):
        pair = (self.id + ":" + self.secret).encode()
        return {"Authorization": "Basic " + base64.b64encode(pair).decode()}

    def introspect(self, token, headers=None):
        return self.http("/introspect", urllib.parse.urlencode({"token": token}).encode(), {
            "Content-Type": "application/x-www-form-urlencoded",
            **(self.basic() if headers is None else headers)})

    def token(self, scope=CREATE):
        return self.ask_token(scope).json()["access_token"]

    # -- API

    def call(self, fields, token=None, headers=None, query="", method="POST", raw=None):
        if token is None:
            self.cached_token = token = self.cached_token or self.token()
        body = raw if raw is not None else json.dumps(fields, ensure_ascii=False).encode()
        sent = {"Content-Type": "application/json"}
        if token:
            sent["Authorization"] = "Bearer " + token
        sent.update(headers or {})
        return self.http(API + query, body if method == "POST" else None, sent, method)

    def drive(self, action, **more):
        body = json.dumps({"action": action, **more}).encode()
        return self.http("/test-driver", body, {"Content-Type": "application/json"}).status

    def parallel(self, count):
        """The numbers given to simultaneous requests."""
        token, numbers, gate = self.token(), [], threading.Barrier(count)

        def one():
            gate.wait(10)
            numbers.append(self.call(sample(), token).number())

        threads = [threading.Thread(target=one) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        return numbers


# ---------------------------------------------------------------------------
# Probes of the provider: true for the correct form
# ---------------------------------------------------------------------------

def answers(status, **changes):
    """The probe "this request gets that status"."""
    return lambda peer: peer.call(sample(**changes)).status == status


def good_number(number):
    return (bool(re.fullmatch(r"[0-9]{15}", number))
            and number[14] == provider_031.check_digit(number[:14]))


def body_with_remainder(wanted):
    value = 50000000000000
    while provider_031.weighted_sum(str(value)) % 11 != wanted:
        value += 1
    return str(value)


def probe_switch(name, check, scenario=lambda peer: peer.call(sample())):
    def probe(peer):
        peer.drive(name + "-on")
        try:
            return check(scenario(peer))
        finally:
            peer.drive(name + "-off")
    return probe


def probe_duplicates(peer):
    numbers = peer.parallel(8)
    return len(numbers) == 8 and len(set(numbers)) == 8


def probe_residents(peer):
    peer.drive("next-number", body="70000000000000")
    resident = "70000000000000" + provider_031.check_digit("70000000000000")
    peer.drive("load-residents", numbers=[resident])
    return peer.call(sample()).number() != resident


def probe_remainder_one(peer):
    peer.drive("next-number", body=body_with_remainder(1))
    return good_number(peer.call(sample()).number())


def probe_kubun1(peer):
    number = "80000000000000" + provider_031.check_digit("80000000000000")
    peer.drive("load-residents", numbers=[number])
    answer = peer.call(sample(shorikubun="1", atenabango=number))
    return answer.status == 200 and answer.number() == number


def probe_kubun2(peer):
    number = peer.call(sample()).number()
    answer = peer.call(sample(shorikubun="2", atenabango=number, gyomuid="002"))
    return answer.status == 200 and answer.number() == number


def probe_zeros(peer):
    answer = peer.call(sample(shikuchosonkodo="011002", sosashaid="000123"))
    return (answer.result()["shikuchosonkodo"], answer.result()["sosashaid"]) == ("011002", "000123")


def probe_echo(peer):
    value = "98765" * 2  # ten digits: not a 個人番号, and of the wrong length
    answer = peer.call(sample(kojinbango=value))
    return answer.status == 400 and value not in answer.body.decode("utf-8")


def probe_first_error(peer):
    answer = peer.call(sample(sosashaid=None, seibetsu="x", gyomuid="1"))
    return answer.codes() == ["E0002", "E0003", "E0001"]


def probe_expired(peer):
    token = peer.token()
    return peer.drive("expire-token", token=token) == 204 and peer.call(sample(), token).status == 401


def probe_expired_introspection(peer):
    token = peer.token()
    before = peer.introspect(token).json()["active"]
    peer.drive("expire-token", token=token)
    return before and peer.introspect(token).json() == {"active": False}


def probe_replay(peer):
    assertion = peer.assertion()
    return (peer.ask_token(assertion=assertion).status == 200
            and peer.ask_token(assertion=assertion).status == 401)


def refuses_assertion(**changes):
    return lambda peer: peer.ask_token(assertion=peer.assertion(**changes)).status == 401


def error_body_ok(answer, detail):
    data = answer.json()
    return (isinstance(data, dict) and data.get("title") == "住登外者宛名番号付番"
            and data.get("detail") == detail
            and data.get("_links") == {"self": {"href": API}})


PROVIDER_PROBES = {
    "length-bytes": answers(200, shimei="試" * 100),
    "length-utf16": answers(200, jusho_todofuken="𠮷" * 4),
    "choaza-max-18": answers(200, jusho_choaza="町" * 120),
    "variable-as-fixed": answers(200, sosashaid="a"),
    "halfwidth-accepted": answers(400, shimei="ﾃｽﾄ"),
    "kanji-jis-only": answers(200, shimei="𠮷田　試"),
    "date-no-calendar": answers(400, seinengappi="2019-02-29"),
    "date-slash-accepted": answers(400, sosanengappi="2024/02/29"),
    "date-unknown-refused": answers(200, seinengappi="1990-00-00"),
    "date-unknown-everywhere": answers(400, sosanengappi="2024-00-00"),
    "time-seconds-required": answers(200, sosajikoku="09:00"),
    "time-range-skipped": answers(400, sosajikoku="25:61:00"),
    "municipality-digit-skipped": answers(400, shikuchosonkodo="131017"),
    "code-list-skipped": answers(400, shorikubun="9"),
    "extra-field-refused": answers(200, mishitei="1"),
    "conditional-as-required": answers(200, uji_nihonjin=None, na_nihonjin=None),
    "empty-accepted": answers(400, sosashaid=""),
    "blank-optional-refused": answers(200, tsusho=""),
    "json-number-accepted": answers(400, gyomuid=100),
    "null-crash": lambda p: p.call({**sample(), "tsusho": None}).status == 200,
    "number-not-required": answers(400, shorikubun="1"),
    "merge-check-skipped": lambda p: p.call(sample(nayosemotofuragu="1")).codes() == ["E0004"],
    "errors-in-metadata": lambda p: error_body_ok(p.call(sample(sosashaid="")), "エラーが発生しました。"),
    "validation-status-200": answers(400, sosashaid=""),
    "validation-status-422": answers(400, sosashaid=""),
    "message-own-words": lambda p: p.call(sample(sosashaid="")).messages()
    == ["操作者IDが設定されていません。"],
    "message-romaji": lambda p: p.call(sample(seibetsu="x")).messages()
    == ["性別は半角数字で設定してください。"],
    "code-three-digits": lambda p: p.call(sample(sosashaid="")).codes() == ["E0001"],
    "no-e0003": lambda p: p.call(sample(gyomuid="01")).codes() == ["E0003"],
    "first-error-only": probe_first_error,
    "errors-object": lambda p: isinstance(p.call(sample(sosashaid="")).json()["errors"], list),
    "echo-kojinbango": probe_echo,
    "links-missing": lambda p: "_links" in p.call(sample(sosashaid="")).json(),
    "result-object": lambda p: isinstance(p.call(sample()).json()["result"], list),
    "rireki-string": lambda p: type(p.call(sample()).result()["rirekibango"]) is int,
    "rireki-from-zero": lambda p: p.call(sample()).result()["rirekibango"] == 1,
    "number-integer": lambda p: isinstance(p.call(sample()).number(), str),
    "drop-leading-zeros": probe_zeros,
    "detail-without-period": lambda p: p.call(sample()).json()["metadata"]["detail"]
    == "登録が完了しました。",
    "self-href-absolute": lambda p: p.call(sample()).json()["_links"]["self"]["href"] == API,
    "no-check-digit": lambda p: good_number(p.call(sample()).number()),
    "check-digit-remainder": lambda p: good_number(p.call(sample()).number()),
    "check-digit-remainder-one": probe_remainder_one,
    "duplicate-under-load": probe_duplicates,
    "resident-collision": probe_residents,
    "reuse-on-retry": lambda p: p.call(sample()).number() != p.call(sample()).number(),
    "kubun1-new-number": probe_kubun1,
    "kubun1-resident-refused": probe_kubun1,
    "kubun2-new-number": probe_kubun2,
    "kubun2-unknown-accepted": answers(400, shorikubun="2", atenabango="9" * 15),
    "content-type-no-charset": lambda p: p.call(sample()).headers["Content-Type"]
    == "application/json;charset=UTF-8",
    "response-sjis": lambda p: p.call(sample()).json() is not None,
    "url-format-only": answers(200),
    "get-accepted": lambda p: p.call({}, method="GET", query="?" + urllib.parse.urlencode(
        sample())).status == 405,
    "maintenance-json": probe_switch("maintenance", lambda a: a.json() is None),
    "maintenance-200": probe_switch("maintenance", lambda a: a.status == 503),
    "timeout-json": probe_switch("slow", lambda a: a.status >= 500 and a.json() is None),
    "timeout-never": probe_switch("slow", lambda a: a.status >= 500),
    "unexpected-html-500": probe_switch("unexpected", lambda a: a.status == 503 and error_body_ok(
        a, "想定外のエラーが発生しました。")),
    "token-in-query": lambda p: p.call(sample(), "", query="?access_token=" + p.token()).status == 401,
    "token-expiry-ignored": probe_expired,
    "scope-ignored": lambda p: p.call(sample(), p.token(READ)).status == 401,
    "validate-before-auth": lambda p: p.call({}, "").status == 401,
    "unauthorized-no-body": lambda p: error_body_ok(p.call(sample(), ""), "アクセストークンが無効です。"),
    "unauthorized-as-403": lambda p: p.call(sample(), "wrong").status == 401,
    "unauthorized-with-errors": lambda p: set(p.call(sample(), "").json()) == {
        "title", "detail", "_links"},
    "alg-none-accepted": refuses_assertion(header={"alg": "none"}, signature=b""),
    "alg-any-hs": refuses_assertion(header={"alg": "HS384"}, digest=hashlib.sha384),
    "signature-ignored": refuses_assertion(signature=b"x" * 32),
    "assertion-expiry-ignored": refuses_assertion(exp=int(time.time()) - 120),
    "audience-ignored": refuses_assertion(aud="https://elsewhere.invalid/token"),
    "jti-replay-accepted": probe_replay,
    "iss-sub-mismatch": refuses_assertion(iss="A" * 32),
    "two-auth-methods": lambda p: p.ask_token(headers=p.basic()).status == 400,
    "refresh-token": lambda p: "refresh_token" not in p.ask_token().json(),
    "unknown-scope-granted": lambda p: p.ask_token("031:mishitei:Read").json().get("error")
    == "invalid_scope",
    "multi-provider-token": lambda p: p.ask_token(CREATE + " " + OTHER).json().get("error")
    == "invalid_scope",
    "token-long-life": lambda p: p.ask_token().json()["expires_in"] == 300,
    "token-cacheable": lambda p: p.ask_token().headers["Cache-Control"] == "no-store",
    "introspection-open": lambda p: p.introspect(p.token(), {}).status == 401,
    "introspection-always-active": probe_expired_introspection,
}


class ProviderTest(unittest.TestCase):
    """The correct form."""

    @classmethod
    def setUpClass(cls):
        cls.peer = Peer()

    @classmethod
    def tearDownClass(cls):
        cls.peer.close()

    def setUp(self):
        self.assertEqual(self.peer.drive("reset"), 204)

    def test_new_number(self):
        answer = self.peer.call(sample())
        self.assertEqual(answer.status, 200)
        data = answer.json()
        self.assertEqual(data["metadata"],
                         {"title": "住登外者宛名番号付番", "detail": "登録が完了しました。"})
        self.assertEqual(data["_links"], {"self": {"href": API}})
        self.assertEqual(len(data["result"]), 1)
        number = data["result"][0].pop("atenabango")
        self.assertTrue(good_number(number))
        self.assertEqual(data["result"][0], {
            "shikuchosonkodo": "131016", "rirekibango": 1, "sosashaid": "op01",
            "sosanengappi": "2024-02-29", "sosajikoku": "09:00:00"})

    def test_probes_hold(self):
        for name, probe in PROVIDER_PROBES.items():
            with self.subTest(probe=name):
                self.assertTrue(probe(self.peer))

    def test_every_mistake_is_listed_and_probed(self):
        output = subprocess.run([sys.executable, PROVIDER, "--list-mistakes"], check=True,
                                capture_output=True, timeout=20).stdout
        listed = json.loads(output)
        self.assertEqual([m["name"] for m in listed], list(PROVIDER_PROBES))
        self.assertTrue(all(re.fullmatch(r"[a-z0-9-]+", m["name"]) and m["en"] and m["ja"]
                            for m in listed))

    def test_existing_number_and_history(self):
        number = self.peer.call(sample()).number()
        again = self.peer.call(sample(shorikubun="1", atenabango=number))
        self.assertEqual(again.result()["rirekibango"], 2)
        update = self.peer.call(sample(shorikubun="2", atenabango=number))
        self.assertEqual(update.result()["rirekibango"], 2)

    def test_handed_over_number_is_not_given_again(self):
        body = "60000000000001"
        number = body + provider_031.check_digit(body)
        self.assertEqual(self.peer.call(sample(shorikubun="1", atenabango=number)).status, 200)
        self.assertEqual(self.peer.drive("next-number", body=body), 204)
        self.assertNotEqual(self.peer.call(sample()).number(), number)

    def test_next_number(self):
        self.peer.drive("next-number", body="12340000000000")
        self.assertEqual(self.peer.call(sample()).number()[:14], "12340000000000")

    def test_example_of_the_workbook(self):
        answer = self.peer.call(sample(shorikubun="2"))
        self.assertEqual(answer.json()["errors"],
                         [{"code": "E0001", "message": "宛名番号が設定されていません。"}])

    def test_unreadable_bodies(self):
        for raw in (b"", b"[]", b"{", b'"x"', b"\xff\xfe", b'{"a":"1","a":"2"}', b"[" * 100000,
                    b'{"shimei":NaN}'):
            with self.subTest(raw=raw[:20]):
                answer = self.peer.call(None, raw=raw)
                self.assertEqual(answer.status, 400)
                self.assertEqual(answer.codes(), ["E0002"])

    def test_wrong_types_of_values(self):
        for value in (1, True, [], {}, "\ud83d"):
            with self.subTest(value=value):
                raw = json.dumps(sample(shimei=value)).encode()
                self.assertEqual(self.peer.call(None, raw=raw).codes(), ["E0002"])

    def test_ideographic_variation_counts_once(self):
        self.assertEqual(self.peer.call(sample(jusho_todofuken="葛\U000e0100" * 4)).status, 200)

    def test_http_method_path_and_content_type(self):
        self.assertEqual(self.peer.call({}, method="GET").status, 405)
        self.assertEqual(self.peer.call({}, method="PUT").status, 405)
        self.assertEqual(self.peer.http("/elsewhere").status, 404)
        wrong = self.peer.call(sample(), headers={"Content-Type": "text/plain"})
        self.assertEqual(wrong.status, 400)
        good = self.peer.call(sample(), headers={"Content-Type": "application/json; charset=utf-8"})
        self.assertEqual(good.status, 200)

    def test_token_by_two_ways_is_refused(self):
        token = self.peer.token()
        self.assertEqual(self.peer.call(sample(), token, query="?access_token=" + token).status, 400)

    def test_client_secret_basic(self):
        answer = self.peer.ask_token(assertion=False, headers=self.peer.basic())
        self.assertEqual(answer.status, 200)
        wrong = self.peer.ask_token(assertion=False, headers={"Authorization": "Basic eDp5"})
        self.assertEqual(wrong.status, 401)
        self.assertTrue(wrong.headers["WWW-Authenticate"].startswith("Basic"))

    def test_issuer_as_audience(self):
        assertion = self.peer.assertion(aud=[self.peer.ready["url"]])
        self.assertEqual(self.peer.ask_token(assertion=assertion).status, 200)

    def test_other_grants_and_secret_in_body(self):
        for grant in ("refresh_token", "password", "authorization_code"):
            answer = self.peer.ask_token(grant_type=grant)
            self.assertEqual((answer.status, answer.json()["error"]), (400, "unsupported_grant_type"))
        answer = self.peer.ask_token(assertion=False, client_id=self.peer.id,
                                     client_secret=self.peer.secret)
        self.assertEqual((answer.status, answer.json()["error"]), (401, "invalid_client"))

    def test_introspection(self):
        data = self.peer.introspect(self.peer.token()).json()
        self.assertTrue(data["active"])
        self.assertEqual((data["scope"], data["client_id"]), (CREATE, self.peer.id))
        self.assertEqual(self.peer.introspect("unknown").json(), {"active": False})

    def test_driver(self):
        self.assertEqual(self.peer.drive("no-such-action"), 501)
        self.assertEqual(self.peer.drive("next-number", body="1"), 400)
        self.assertEqual(self.peer.drive("load-residents", numbers="x"), 400)
        self.assertEqual(self.peer.drive("expire-token", token="unknown"), 400)
        self.assertEqual(self.peer.http("/test-driver", b"[]").status, 400)
        self.assertEqual(self.peer.drive("maintenance-on"), 204)
        self.assertEqual(self.peer.drive("reset"), 204)
        self.assertEqual(self.peer.call(sample()).status, 200)

    def test_keep_alive_and_chunks(self):
        host, port = self.peer.ready["url"][8:].split(":")
        connection = http.client.HTTPSConnection(host, int(port), timeout=10, context=self.peer.tls)
        headers = {"Content-Type": "application/json", "Authorization": "Bearer " + self.peer.token()}
        body = json.dumps(sample()).encode()
        try:
            for chunked in (False, True, False):
                data = iter([body[:50], body[50:]]) if chunked else body
                connection.request("POST", API, data, headers, encode_chunked=chunked)
                response = connection.getresponse()
                self.assertEqual(response.status, 200)
                self.assertEqual(response.version, 11)
                response.read()
                self.assertIsNotNone(connection.sock)
        finally:
            connection.close()

    def test_stuck_connection_harms_nobody(self):
        host, port = self.peer.ready["url"][8:].split(":")
        with socket.create_connection((host, int(port)), timeout=10):
            self.assertEqual(self.peer.call(sample()).status, 200)

    def test_bad_command_lines(self):
        for arguments in (["--mistake", "none-such"], ["--listen", "0.0.0.0:0"],
                          ["--client-id", "short"], ["--client-secret", "short"]):
            done = subprocess.run([sys.executable, PROVIDER, *arguments], capture_output=True,
                                  timeout=20)
            self.assertEqual(done.returncode, 2)


class ProviderMistakesTest(unittest.TestCase):
    def test_each_mistake_shows(self):
        for name, probe in PROVIDER_PROBES.items():
            with self.subTest(mistake=name):
                peer = Peer(name)
                try:
                    self.assertFalse(self.holds(probe, peer))
                finally:
                    peer.close()

    @staticmethod
    def holds(probe, peer):
        try:
            return probe(peer)
        except (KeyError, TypeError, AttributeError):
            return False  # the answer had not even the expected form


# ---------------------------------------------------------------------------
# The consumer, against a peer which writes down what it receives
# ---------------------------------------------------------------------------

NUMBER = "00000000031000"[:14]
NUMBER += provider_031.check_digit(NUMBER)
KOJINBANGO = "98765" * 2  # stands for a 個人番号; ten digits only


def done_body(fields):
    return json.dumps({
        "metadata": {}, "_links": {},
        "result": [{"shikuchosonkodo": fields.get("shikuchosonkodo"), "atenabango": NUMBER,
                    "rirekibango": 1}]}).encode()


class Recorder:
    """A scripted peer over plain HTTP: token endpoint and API."""

    def __init__(self, script=()):
        self.script = list(script)  # statuses of the API's answers; then 200
        self.token_forms, self.calls, self.tokens = [], [], 0
        self.elsewhere = []
        recorder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 10

            def log_message(self, *args):
                pass

            def do_POST(self):
                length = int(self.headers.get("Content-Length") or 0)
                recorder.receive(self, self.rfile.read(length))

            do_GET = do_POST

            def give(self, status, body, headers=()):
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None
        self.url = "http://127.0.0.1:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def receive(self, handler, body):
        path, _, query = handler.path.partition("?")
        if path == "/token":
            self.token_forms.append(dict(urllib.parse.parse_qsl(body.decode())))
            self.tokens += 1
            answer = {"access_token": "token%d" % self.tokens, "token_type": "Bearer",
                      "expires_in": 300}
            return handler.give(200, json.dumps(answer).encode())
        if path == "/elsewhere":
            self.elsewhere.append(dict(handler.headers))
            return handler.give(200, done_body({}))
        self.calls.append({"method": handler.command, "query": query, "body": body,
                           "headers": handler.headers, "time": time.monotonic()})
        step = self.script.pop(0) if self.script else 200
        if step == "hang":
            time.sleep(1.6)
            handler.close_connection = True
            return None
        if step == "reset":
            handler.close_connection = True
            return None
        if step == "empty-200":
            return handler.give(200, b"{}")
        if step == 307:
            return handler.give(307, b"", [("Location", self.url + "/elsewhere")])
        if step == 200:
            try:
                fields = json.loads(body.decode())
            except ValueError:
                fields = {}
            return handler.give(200, done_body(fields))
        return handler.give(step, b"not JSON" if step >= 500 else b"{}")

    # -- what was received

    def fields(self, index=0):
        return json.loads(self.calls[index]["body"].decode("utf-8"))

    def header(self, name, index=0):
        return self.calls[index]["headers"].get(name)

    def assertion(self, index=0):
        """Header, claims, and whether the signature is a good HS256."""
        text = self.token_forms[index]["client_assertion"]
        head, claims, signature = text.split(".")
        good = hmac.new(b"s" * 32, (head + "." + claims).encode(), hashlib.sha256).digest()

        def decoded(part):
            return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))

        return json.loads(decoded(head)), json.loads(decoded(claims)), decoded(signature) == good


class Run:
    """One run of the consumer as a command, against a Recorder."""

    def __init__(self, mistakes, script=(), runs=1, state=None, retry_wait_ms=80,
                 timeout_ms=5000, **changes):
        self.peer = Recorder(script)
        self.outputs, self.codes = [], []
        self.order = {
            "action": "number", "endpoint": self.peer.url + API,
            "token_endpoint": self.peer.url + "/token", "client_id": "C" * 32,
            "client_secret": "s" * 32, "ca": None, "fields": sample(**changes),
            "timeout_ms": timeout_ms, "retry_wait_ms": retry_wait_ms}
        arguments = [part for name in mistakes for part in ("--mistake", name)]
        with tempfile.TemporaryDirectory() as folder:
            if runs > 1:
                arguments += ["--state", os.path.join(folder, "state.json")]
            if state is not None:
                entry = {"token": "stored", "expires_at": time.time() + state}
                key = self.order["token_endpoint"] + " " + self.order["client_id"]
                arguments += ["--state", os.path.join(folder, "state.json")]
                with open(os.path.join(folder, "state.json"), "w", encoding="utf-8") as file:
                    json.dump({key: entry}, file)
            try:
                for _ in range(runs):
                    self.once(arguments)
            finally:
                self.peer.close()

    def once(self, arguments):
        done = subprocess.run([sys.executable, CONSUMER, *arguments],
                              input=json.dumps(self.order).encode(), capture_output=True, timeout=30)
        self.codes.append(done.returncode)
        self.outputs.append(json.loads(done.stdout) if done.stdout.strip() else None)

    @property
    def calls(self):
        return len(self.peer.calls)


def received(check, **options):
    """A probe on what the peer received in one run."""
    return lambda mistakes: check(Run(mistakes, **options).peer)


def claim_probe(check):
    return received(lambda peer: check(*peer.assertion()))


def reacts(script, calls, tokens=1, **options):
    def probe(mistakes):
        run = Run(mistakes, script, **options)
        return (run.calls, run.peer.tokens) == (calls, tokens)
    return probe


def probe_waits(mistakes):
    run = Run(mistakes, [503], retry_wait_ms=400)
    return run.calls == 2 and run.peer.calls[1]["time"] - run.peer.calls[0]["time"] >= 0.35


def probe_fresh_token(mistakes):
    run = Run(mistakes, [401])
    return [run.peer.header("Authorization", i) for i in range(run.calls)] == [
        "Bearer token1", "Bearer token2"]


def probe_jti(mistakes):
    peer = Run(mistakes, [401]).peer
    return peer.assertion(0)[1].get("jti") != peer.assertion(1)[1].get("jti")


def probe_tls(mistakes):
    """A certificate of an unknown authority must stop the consumer."""
    peer = Peer()
    try:
        order = {"action": "number", "endpoint": peer.ready["endpoint"],
                 "token_endpoint": peer.ready["token_endpoint"], "client_id": peer.id,
                 "client_secret": peer.secret, "ca": None, "fields": sample(),
                 "timeout_ms": 5000, "retry_wait_ms": 10}
        arguments = [part for name in mistakes for part in ("--mistake", name)]
        done = subprocess.run([sys.executable, CONSUMER, *arguments],
                              input=json.dumps(order).encode(), capture_output=True, timeout=30)
        return json.loads(done.stdout)["number"] is None
    finally:
        peer.close()


def probe_number_kept(mistakes):
    return Run(mistakes).outputs[0]["number"] == NUMBER


def probe_redirect(mistakes):
    run = Run(mistakes, [307])
    return not run.peer.elsewhere and run.outputs[0]["status"] == 307


def probe_plain_5xx(mistakes):
    return Run(mistakes, [503, 503]).outputs[0]["status"] == 503


def is_json_sample(peer):
    try:
        return peer.fields() == sample()
    except ValueError:
        return False


CONSUMER_PROBES = {
    "token-in-query": received(lambda p: p.header("Authorization") == "Bearer token1"
                               and not p.calls[0]["query"]),
    "token-twice": received(lambda p: not p.calls[0]["query"]),
    "basic-to-api": received(lambda p: p.header("Authorization") == "Bearer token1"),
    "no-bearer-word": received(lambda p: p.header("Authorization") == "Bearer token1"),
    "token-not-cached": reacts([], 2, tokens=1, runs=2),
    "token-kept-forever": reacts([], 1, tokens=1, state=-5),
    "no-new-token-on-401": reacts([401, 401, 401], 2, tokens=2),
    "same-token-on-401": probe_fresh_token,
    "redirect-with-token": probe_redirect,
    "assertion-hs384": claim_probe(lambda h, c, good: h["alg"] == "HS256" and good),
    "assertion-none": claim_probe(lambda h, c, good: h["alg"] == "HS256" and good),
    "assertion-reused-jti": probe_jti,
    "assertion-no-jti": claim_probe(lambda h, c, good: bool(c.get("jti"))),
    "assertion-long-life": claim_probe(lambda h, c, good: c["exp"] - c["iat"] <= 300),
    "assertion-wrong-aud": claim_probe(lambda h, c, good: c["aud"].endswith("/token")),
    "assertion-milliseconds": claim_probe(lambda h, c, good: c["exp"] < time.time() + 3600),
    "secret-in-body": received(lambda p: "client_secret" not in p.token_forms[0]),
    "scope-missing": received(lambda p: p.token_forms[0].get("scope") == CREATE),
    "scope-wide": received(lambda p: p.token_forms[0].get("scope") == CREATE),
    "scope-two-providers": received(lambda p: p.token_forms[0].get("scope") == CREATE),
    "tls-unverified": probe_tls,
    "halfwidth-names": received(lambda p: p.fields()["shimei"] == "ガ　Ａ", shimei="ガ　Ａ"),
    "codes-as-integers": received(lambda p: p.fields()["gyomuid"] == "001"),
    "date-slashes": received(is_json_sample),
    "required-missing": received(is_json_sample),
    "kubun-as-number": received(is_json_sample),
    "sends-null": received(is_json_sample),
    "wrong-content-type": received(lambda p: p.header("Content-Type") == "application/json"),
    "url-format": received(is_json_sample),
    "body-sjis": received(is_json_sample),
    "get-method": received(lambda p: p.calls[0]["method"] == "POST"),
    "kojinbango-in-url": received(lambda p: KOJINBANGO not in p.calls[0]["query"],
                                  kojinbango=KOJINBANGO),
    "kojinbango-in-header": received(lambda p: KOJINBANGO not in str(p.calls[0]["headers"]),
                                     kojinbango=KOJINBANGO),
    "retry-on-400": reacts([400, 400], 1),
    "retry-endless": reacts([503] * 10, 2),
    "retry-at-once": probe_waits,
    "no-retry": reacts([503], 2),
    "json-always": probe_plain_5xx,
    "number-as-integer": probe_number_kept,
    "number-unchecked": lambda m: Run(m, ["empty-200"]).outputs[0]["error"] is not None,
}


class ConsumerTest(unittest.TestCase):
    def test_probes_hold(self):
        for name, probe in CONSUMER_PROBES.items():
            with self.subTest(probe=name):
                self.assertTrue(probe([]))

    def test_each_mistake_shows(self):
        for name, probe in CONSUMER_PROBES.items():
            with self.subTest(mistake=name):
                self.assertFalse(probe([name]))

    def test_every_mistake_is_probed(self):
        self.assertEqual([name for name, _, _ in consumer_031.MISTAKES], list(CONSUMER_PROBES))

    def test_time_out_and_reset_are_retried_once(self):
        for step in ("hang", "reset"):
            run = Run([], [step], timeout_ms=1000)
            self.assertEqual((run.calls, run.outputs[0]["number"]), (2, NUMBER))
            run = Run([], [step, step, step], timeout_ms=1000)
            self.assertEqual((run.calls, run.outputs[0]["status"]), (2, None))
            self.assertEqual(run.codes, [0])

    def test_endless_retries_are_capped(self):
        self.assertEqual(Run(["retry-endless"], [503] * 10, retry_wait_ms=1).calls, 6)

    def test_token_request(self):
        form = Run([]).peer.token_forms[0]
        self.assertEqual(form["grant_type"], "client_credentials")
        self.assertEqual(form["client_id"], "C" * 32)
        self.assertEqual(form["client_assertion_type"], ASSERTION_TYPE)

    def run_raw(self, data):
        return subprocess.run([sys.executable, CONSUMER], input=data, capture_output=True,
                              timeout=30)

    def test_exit_codes(self):
        self.assertEqual(self.run_raw(b'{"action":"dance"}').returncode, 89)
        for data in (b"", b"[]", b"{}", b'{"action":"number"}'):
            self.assertEqual(self.run_raw(data).returncode, 2)

    def test_plain_http_only_on_loopback(self):
        order = dict(Run([]).order, endpoint="http://host.invalid/x")
        self.assertEqual(self.run_raw(json.dumps(order).encode()).returncode, 2)

    def test_against_the_provider(self):
        peer = Peer()
        try:
            order = {"action": "number", "endpoint": peer.ready["endpoint"],
                     "token_endpoint": peer.ready["token_endpoint"], "client_id": peer.id,
                     "client_secret": peer.secret, "ca": peer.ready["ca"],
                     "timeout_ms": 5000, "retry_wait_ms": 10}

            def outcome(**changes):
                done = self.run_raw(json.dumps({**order, "fields": sample(**changes)}).encode())
                self.assertEqual(done.returncode, 0)
                return json.loads(done.stdout)

            first = outcome()
            self.assertEqual((first["status"], first["error"]), (200, None))
            self.assertTrue(good_number(first["number"]))
            self.assertEqual(outcome(shorikubun="2", atenabango=first["number"]), first)
            refused = outcome(sosashaid="")
            self.assertEqual(refused["status"], 400)
            self.assertIn("E0001", refused["error"])
            peer.drive("maintenance-on")
            self.assertEqual(outcome(), {"status": 503, "number": None, "error": "HTTP 503"})
            peer.drive("reset")
            peer.drive("slow-on")
            self.assertEqual(outcome()["status"], 504)
        finally:
            peer.close()

    def test_stored_token_expired_by_the_provider(self):
        peer = Peer()
        try:
            store = consumer_031.TokenStore(None)
            consumer = consumer_031.Consumer(store, ())
            order = consumer_031.Order({
                "action": "number", "endpoint": peer.ready["endpoint"],
                "token_endpoint": peer.ready["token_endpoint"], "client_id": peer.id,
                "client_secret": peer.secret, "ca": peer.ready["ca"], "fields": sample(),
                "timeout_ms": 5000, "retry_wait_ms": 10})
            self.assertEqual(consumer.number(order)["status"], 200)
            token = store.get(order, False)
            self.assertEqual(peer.drive("expire-token", token=token), 204)
            self.assertEqual(consumer.number(order)["status"], 200)
            self.assertNotEqual(store.get(order, False), token)
        finally:
            peer.close()

    def test_hook(self):
        recorder = Recorder()
        process = subprocess.Popen([sys.executable, CONSUMER, "--serve", "127.0.0.1:0"],
                                   stdout=subprocess.PIPE)
        try:
            port = urllib.parse.urlsplit(json.loads(process.stdout.readline())["listening"]).port
            order = {"action": "number", "endpoint": recorder.url + API,
                     "token_endpoint": recorder.url + "/token", "client_id": "C" * 32,
                     "client_secret": "s" * 32, "ca": None, "fields": sample()}

            def post(data):
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
                connection.request("POST", "/", data)
                status = connection.getresponse().status
                connection.close()
                return status

            self.assertEqual(post(b"{"), 400)
            self.assertEqual(post(b'{"action":"dance"}'), 501)
            self.assertEqual(post(json.dumps(order).encode()), 202)
            self.assertEqual(json.loads(process.stdout.readline()),
                             {"status": 200, "number": NUMBER, "error": None})
        finally:
            process.terminate()
            process.wait(10)
            process.stdout.close()
            recorder.close()


if __name__ == "__main__":
    unittest.main()
