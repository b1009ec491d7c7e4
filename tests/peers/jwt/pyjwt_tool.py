#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""PyJWT at work for the cross-checks: one JSON object in, one JSON object out.

{"do": "verify", "secret", "audience", "tokens": [{"token", "algorithms"}]}
    -> {"results": [null or the name of PyJWT's exception]}
{"do": "ask", "secret", "wrong_secret", "client_id", "audience", "endpoint", "ca", "scope"}
    -> {"answers": {CASE: {"status", "body"}}}: assertions made by PyJWT, sent with Python's own HTTPS
"""

import json
import ssl
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

import jwt

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def verdict(order, item):
    try:
        jwt.decode(item["token"], order["secret"], algorithms=item["algorithms"], audience=order["audience"],
                   options={"require": ["iss", "sub", "aud", "exp", "jti"]})
    except jwt.PyJWTError as error:
        return type(error).__name__
    return None


def claims(order, **changes):
    now = int(time.time())
    values = {"iss": order["client_id"], "sub": order["client_id"], "aud": order["audience"],
              "iat": now, "exp": now + 60, "jti": uuid.uuid4().hex}
    values.update(changes)
    return values


def assertions(order):
    secret, wrong = order["secret"], order["wrong_secret"]
    return {
        "correct": jwt.encode(claims(order), secret, algorithm="HS256"),
        "hs384": jwt.encode(claims(order), secret, algorithm="HS384"),
        "hs512": jwt.encode(claims(order), secret, algorithm="HS512"),
        "wrong-key": jwt.encode(claims(order), wrong, algorithm="HS256"),
        "none": jwt.encode(claims(order), None, algorithm="none"),
        "expired": jwt.encode(claims(order, exp=int(time.time()) - 300), secret, algorithm="HS256"),
    }


def ask(order, assertion):
    form = {"grant_type": "client_credentials", "scope": order["scope"], "client_id": order["client_id"],
            "client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}
    request = urllib.request.Request(order["endpoint"], urllib.parse.urlencode(form).encode("ascii"),
                                     {"Content-Type": "application/x-www-form-urlencoded"})
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}),
        urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=order["ca"])))
    try:
        with opener.open(request, timeout=10) as response:
            return {"status": response.status, "body": json.loads(response.read())}
    except urllib.error.HTTPError as error:
        with error:
            return {"status": error.code, "body": json.loads(error.read())}


def main():
    order = json.loads(sys.stdin.buffer.read())
    if order["do"] == "verify":
        answer = {"results": [verdict(order, item) for item in order["tokens"]]}
    else:
        answer = {"answers": {case: ask(order, token) for case, token in assertions(order).items()}}
    print(json.dumps(answer))


main()
