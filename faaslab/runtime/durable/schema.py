"""The tables of the store. Times are whole nanoseconds of the store's clock.

What consumers change in place (visible_ns, last, receipt, due_ns, ...) keeps its size wherever it can, so that a full
file can be emptied.
"""

VERSION = 1
IN_FLIGHT_NS = 2**62  # due_ns of an event whose attempt is under way

QUEUES = (
    """CREATE TABLE queues (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, max_receives INTEGER NOT NULL, dead_letter TEXT,
    capacity_bytes INTEGER, bytes INTEGER NOT NULL DEFAULT 0, sent INTEGER NOT NULL DEFAULT 0,
    received INTEGER NOT NULL DEFAULT 0, deleted INTEGER NOT NULL DEFAULT 0, dead INTEGER NOT NULL DEFAULT 0)""",
    # last: the message has had all its deliveries. A dead-lettered message moves by a change of `queue`: no copy.
    """CREATE TABLE messages (
    id INTEGER PRIMARY KEY, queue INTEGER NOT NULL, visible_ns INTEGER NOT NULL, last INTEGER NOT NULL,
    receives INTEGER NOT NULL, receipt INTEGER NOT NULL, first_ns INTEGER NOT NULL, number INTEGER NOT NULL,
    sent_ns INTEGER NOT NULL, bytes INTEGER NOT NULL, uuid TEXT NOT NULL, attributes TEXT, body TEXT NOT NULL)""",
    "CREATE INDEX visibility ON messages (queue, visible_ns)",
    "CREATE INDEX last_delivery ON messages (queue, visible_ns) WHERE last",
    """CREATE TRIGGER message_in AFTER INSERT ON messages
    BEGIN UPDATE queues SET bytes = bytes + NEW.bytes WHERE id = NEW.queue; END""",
    """CREATE TRIGGER message_out AFTER DELETE ON messages
    BEGIN UPDATE queues SET bytes = bytes - OLD.bytes WHERE id = OLD.queue; END""",
    """CREATE TRIGGER message_moved AFTER UPDATE OF queue ON messages BEGIN
    UPDATE queues SET bytes = bytes - OLD.bytes WHERE id = OLD.queue;
    UPDATE queues SET bytes = bytes + NEW.bytes WHERE id = NEW.queue; END""",
)

STREAMS = (
    """CREATE TABLE streams (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, shards INTEGER NOT NULL, put INTEGER NOT NULL DEFAULT 0,
    consumer TEXT)""",
    """CREATE TABLE records (
    stream INTEGER NOT NULL, shard INTEGER NOT NULL, number INTEGER NOT NULL, arrived_ns INTEGER NOT NULL,
    key TEXT NOT NULL, data BLOB NOT NULL)""",
    "CREATE UNIQUE INDEX shard_order ON records (stream, shard, number)",
    # checkpoint: the last record that is over. batch_end, attempts, deliveries: of the batch under way.
    """CREATE TABLE shards (
    stream INTEGER NOT NULL, shard INTEGER NOT NULL, checkpoint INTEGER NOT NULL, batch_end INTEGER NOT NULL,
    attempts INTEGER NOT NULL, deliveries INTEGER NOT NULL, PRIMARY KEY (stream, shard)) WITHOUT ROWID""",
)

EVENTS = (
    """CREATE TABLE events (
    id INTEGER PRIMARY KEY, function TEXT NOT NULL, due_ns INTEGER NOT NULL, created_ns INTEGER NOT NULL,
    attempts INTEGER NOT NULL, errors INTEGER NOT NULL, throttles INTEGER NOT NULL, source TEXT NOT NULL,
    request_id TEXT NOT NULL, number INTEGER NOT NULL, payload BLOB NOT NULL)""",
    "CREATE INDEX due ON events (function, due_ns)",
    "CREATE TABLE sources (name TEXT PRIMARY KEY, events INTEGER NOT NULL) WITHOUT ROWID",
)

STATEMENTS = QUEUES + STREAMS + EVENTS
