#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Driver of the independent consumer: what its vendor would write to have it tested.

consumer_031.py keeps its token as long as it lives and knows no way to be told otherwise. An order
with "fresh": true asks for that, so this driver throws the kept tokens away first. Everything else
is the consumer, as it is. Same command line as consumer_031.py; with --answer the hook of --serve waits
for the result and answers 200 with it, instead of 202 at once.
"""

import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "independent"))
import consumer_031  # noqa: E402


class Order(consumer_031.Order):
    """An order that remembers whether kept tokens are to be forgotten."""

    def __init__(self, data):
        super().__init__(data)
        self.fresh = data.get("fresh") is True


class Consumer(consumer_031.Consumer):
    """The consumer, which forgets its token first if it is told so."""

    def number(self, order):
        if order.fresh:
            self.store.drop(order)
        return super().number(order)


def make_answering_hook(consumer):
    """The consumer's hook, but the answer is the result."""

    class Hook(consumer_031.http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30

        def log_message(self, *args):
            """Nothing is logged."""

        def finish_with(self, status, body=b""):
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self):
            text = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode("utf-8", "replace")
            try:
                order = consumer_031.read_order(text)
            except consumer_031.UnknownAction:
                return self.finish_with(501)
            except consumer_031.BadInput:
                return self.finish_with(400)
            result = consumer_031.act(consumer, order)
            self.finish_with(200, json.dumps(result).encode("utf-8"))

    return Hook


consumer_031.Order = Order
consumer_031.Consumer = Consumer

if __name__ == "__main__":
    if "--answer" in sys.argv:
        sys.argv.remove("--answer")
        consumer_031.make_hook = make_answering_hook
    sys.exit(consumer_031.main())
