"""Dynamic HTML: a page made from a template and data, one call a page.

The data are orders of a shop, drawn from a generator whose seed the event may give; the page has a table of them, and
sums by customer. Left out: a template engine (the standard library's string.Template is used) and a database.
One page is one piece of work: more cores do not help.
"""

import hashlib
import random
from html import escape
from string import Template

from fork_join import cores_of, scaled, size_of

ORDERS = 40_000
PAGE = Template(
    "<!DOCTYPE html>\n<html><head><title>$title</title></head><body><h1>$title</h1>\n"
    "<table>\n$rows</table>\n<ol>\n$best</ol>\n<p>$count orders, $total</p></body></html>\n"
)
ROW = Template("<tr class=$shade><td>$number</td><td>$name</td><td>$thing</td><td>$price</td></tr>\n")
BEST = Template("<li>$name: $sum</li>\n")
FIRST = ("Ada", "Alan", "Barbara", "Edsger", "Grace", "John", "Leslie", "Tony")
LAST = ("O'Brien", "Smith & Sons", "Li", "Müller", "Rossi", "García", "Novák", "Kim")
THINGS = ("lamp <small>", "table", "chair", 'screen 27"', "cable", "mouse")


def parts(size):
    """Independent parts of the work."""
    return 1


def handler(event, context):
    """event: {"size", "cores", "seed"}, each optional. The answer has the page's length, its hash and its sum."""
    with cores_of(event):
        orders = drawn(random.Random(event.get("seed", 1)), scaled(ORDERS, size_of(event)))
        page = rendered(orders)
    total = sum(price for _, _, price in orders)
    return {
        "orders": len(orders),
        "cents": total,
        "characters": len(page),
        "sha256": hashlib.sha256(page.encode()).hexdigest(),
    }


def drawn(rng, count):
    """Orders: (name, thing, price in cents)."""
    return [
        (f"{rng.choice(FIRST)} {rng.choice(LAST)}", rng.choice(THINGS), rng.randrange(100, 100_000))
        for _ in range(count)
    ]


def rendered(orders):
    """The page as text."""
    sums = {}
    rows = []
    for number, (name, thing, price) in enumerate(orders, start=1):
        sums[name] = sums.get(name, 0) + price
        shade = "even" if number % 2 == 0 else "odd"
        rows.append(
            ROW.substitute(number=number, shade=shade, name=escape(name), thing=escape(thing), price=euros(price))
        )
    best = sorted(sums.items(), key=lambda item: (-item[1], item[0]))[:10]
    return PAGE.substitute(
        title="Orders of the day",
        rows="".join(rows),
        best="".join(BEST.substitute(name=escape(name), sum=euros(total)) for name, total in best),
        count=len(orders),
        total=euros(sum(price for _, _, price in orders)),
    )


def euros(cents):
    """12345 -> "123.45 EUR"."""
    return f"{cents // 100:,}.{cents % 100:02d} EUR"
