"""E-mail generation: personal messages with plain text, HTML and an attachment, ready to be sent.

Each message is a MIME message of the standard library's email package. Left out: sending them.
The messages are made one after another by one process: more cores do not help, which is how most such functions are
written, though the messages do not depend on one another.
"""

import hashlib
import random
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime

from fork_join import cores_of, scaled, size_of

MESSAGES = 120
ATTACHMENT_BYTES = 40_000
NAMES = ("Ada", "Alan", "Bärbel", "Edsger", "Grace", "José", "Leslie", "Zoë")
DAY = datetime(2020, 1, 1, tzinfo=UTC)


def parts(size):
    """Independent parts of the work."""
    return 1


def handler(event, context):
    """event: {"size", "cores", "seed"}, each optional. The answer has the number of messages, bytes and a hash."""
    rng = random.Random(event.get("seed", 1))
    count = scaled(MESSAGES, size_of(event))
    digest, total = hashlib.sha256(), 0
    with cores_of(event):
        for number in range(count):
            name, points, attachment = rng.choice(NAMES), rng.randrange(1, 1000), rng.randbytes(ATTACHMENT_BYTES)
            data = message(number, name, points, attachment).as_bytes()
            digest.update(data)
            total += len(data)
    return {"messages": count, "bytes": total, "sha256": digest.hexdigest()}


def message(number, name, points, attachment):
    """One message to `name` with its points and an attachment (bytes)."""
    mail = EmailMessage()
    mail["From"] = "Serverless Club <club@example.com>"
    mail["To"] = f"member{number}@example.com"
    mail["Subject"] = f"{name}, you have {points} points"
    mail["Date"] = format_datetime(DAY)
    mail["Message-ID"] = f"<{number}@example.com>"
    text = f"Dear {name},\n\nyou have {points} points.\n\nYours\nthe club\n"
    mail.set_content(text)
    mail.add_alternative("<p>" + text.replace("\n\n", "</p><p>") + "</p>", subtype="html")
    mail.add_attachment(attachment, maintype="application", subtype="octet-stream", filename=f"card{number}.bin")
    mail["X-Checksum"] = hashlib.sha256(attachment).hexdigest()
    for level, part in enumerate(part for part in mail.walk() if part.is_multipart()):
        part.set_boundary(f"part{number}.{level}")  # else drawn at random for every message
    return mail
