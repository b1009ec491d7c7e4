#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Driver of the independent consumer: what its vendor would write to have it tested.

consumer_031.py keeps its token as long as it lives and knows no way to be told otherwise. An order
with "fresh": true asks for that, so this driver throws the kept tokens away first. Everything else
is the consumer, as it is. Same command line as consumer_031.py.
"""

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


consumer_031.Order = Order
consumer_031.Consumer = Consumer

if __name__ == "__main__":
    sys.exit(consumer_031.main())
