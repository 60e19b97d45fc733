"""An open-loop load generator: every call is sent at its instant, whether or not earlier ones have been answered.

A generator that waits for an answer before it sends the next call stops offering load just when the platform is slow,
and the delays of the calls that it did not send are missing from its figures (coordinated omission). Here a call
whose instant has passed is sent at once and its lateness is recorded; its latency counts from its instant. Source:
Gil Tene, "How NOT to Measure Latency" (talk, 2013). Left out: HTTP beyond answers with a Content-Length, and TLS.

A program of its own, run by path, standard library only: one thread, non-blocking keep-alive connections, more of them
opened as soon as all are busy. On standard input: the plan, one line of JSON; then, once it has answered "ready", the
zero of the clock CLOCK_MONOTONIC in ns. On standard output: "ready", lines "sent N", and last one line of JSON.
"""

import base64
import errno
import gc
import json
import select
import selectors
import socket
import sys
import time
from collections import deque

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
UNANSWERED, LOST, NOT_SENT = 0, -1, -2  # in place of the status of an answer
REPORT_EVERY_NS = 200_000_000
LONGEST_SLEEP_S = 0.2
MOST_IDLE_READ = 65_536


class Connection:
    """One keep-alive connection and the call that it carries (-1: idle)."""

    __slots__ = ("body_left", "call", "cpu_s", "events", "failed", "head", "out", "socket", "status")

    def __init__(self, address):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.connect_ex(address)
        self.out = b""
        self.call = -1
        self.events = 0
        self.clear()

    def clear(self):
        self.head, self.body_left, self.status, self.failed, self.cpu_s = b"", None, 0, False, -1.0

    def flush(self):
        """Send what can be sent; True where all of it has gone."""
        try:
            sent = self.socket.send(self.out)
        except (BlockingIOError, InterruptedError):
            return False
        except OSError as error:
            if error.errno == errno.ENOTCONN:  # still connecting
                return False
            raise
        self.out = self.out[sent:]
        return not self.out

    def receive(self):
        """Take in what has come; True where the answer is complete. ConnectionError where there will be none."""
        data = self.socket.recv(MOST_IDLE_READ)
        if not data:
            raise ConnectionResetError
        if self.body_left is None:
            self.head += data
            end = self.head.find(b"\r\n\r\n")
            if end < 0:
                return False
            self._parse(self.head[:end].lower())
            self.body_left -= len(self.head) - end - 4
        else:
            self.body_left -= len(data)
        return self.body_left <= 0

    def _parse(self, head):
        self.status = int(head[9:12])
        self.failed = b"\r\nx-amz-function-error:" in head
        at = head.find(b'"cpu_s":')  # in the platform's report of the call
        if at >= 0:
            self.cpu_s = float(head[at + 8 :].split(b",", 1)[0])
        at = head.find(b"\r\ncontent-length:")
        if at < 0:
            if self.status != 204:
                raise ConnectionAbortedError
            self.body_left = 0
            return
        self.body_left = int(head[at + 17 :].split(b"\r\n", 1)[0])


class Player:
    """Plays one plan: see `main` for its fields."""

    def __init__(self, plan, say):
        self.address = tuple(plan["address"])
        self.times = plan["times_ns"]
        self.functions = plan["function"]
        self.payload_of = plan["payload"]
        self.payloads = [base64.b64decode(text) for text in plan["payloads"]]
        self.drain_ns = plan["drain_ns"]
        self.say = say
        n = len(self.times)
        self.sent, self.answered, self.status, self.failed = [-1] * n, [-1] * n, [UNANSWERED] * n, [0] * n
        self.cpu_s = [-1.0] * n
        self.open_calls = self.next_report = 0
        self.selector = selectors.DefaultSelector()
        self.idle = deque()
        host = "{}:{}".format(*self.address)
        self.heads = [
            f"POST /2015-03-31/functions/{name}/invocations HTTP/1.1\r\nHost: {host}\r\n"
            f"Authorization: Bearer {plan['token']}\r\nContent-Type: application/json\r\n"
            f"Faaslab-Source: {plan['source']}\r\n"
            for name in plan["functions"]
        ]
        for _ in range(plan["connections"]):
            self.idle.append(self._connect())

    # --- connections -------------------------------------------------------------------------------------------------

    def _connect(self):
        connection = Connection(self.address)
        self._listen(connection, READ)
        return connection

    def _listen(self, connection, events):
        if connection.events == events:
            return
        if connection.events:
            self.selector.modify(connection.socket, events, connection)
        else:
            self.selector.register(connection.socket, events, connection)
        connection.events = events

    def _drop(self, connection):
        self.selector.unregister(connection.socket)
        connection.socket.close()
        if connection.call >= 0:
            self._over(connection.call, LOST, False)
        elif connection in self.idle:
            self.idle.remove(connection)

    def _over(self, call, status, failed):
        self.answered[call] = time.monotonic_ns()
        self.status[call] = status
        self.failed[call] = int(failed)
        self.open_calls -= 1

    # --- playing -----------------------------------------------------------------------------------------------------

    def play(self, zero):
        """Send all calls at their instants and wait for the answers, at most drain_ns after the last instant."""
        n = len(self.times)
        at = 0
        while at < n:
            now = time.monotonic_ns()
            while at < n and zero + self.times[at] <= now:
                self._send(at, now)
                at += 1
                now = time.monotonic_ns()
            if at < n:
                self._report(at, now)
                self._wait(zero + self.times[at] - now)
        last = time.monotonic_ns() + self.drain_ns
        while self.open_calls and (left := last - (now := time.monotonic_ns())) > 0:
            self._report(n, now)
            self._wait(left)

    def _report(self, at, now):
        if now >= self.next_report:
            self.say(f"sent {at}")  # fails, and so ends this process, where nobody listens any more
            self.next_report = now + REPORT_EVERY_NS

    def _send(self, call, now):
        body = self.payloads[self.payload_of[call]]
        head = (
            f"{self.heads[self.functions[call]]}Faaslab-Event: {call}\r\nFaaslab-Arrival-Ns: {self.times[call]}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self.open_calls += 1
        try:
            connection = self.idle.pop() if self.idle else self._connect()
        except OSError:  # no more sockets: the call is counted, not forgotten
            self._over(call, NOT_SENT, False)
            return
        self.sent[call] = now
        connection.call = call
        connection.out = head.encode() + body
        connection.clear()
        try:
            if not connection.flush():
                self._listen(connection, READ | WRITE)
        except OSError:
            self._drop(connection)

    def _wait(self, wait_ns):
        """Take in answers until something has come or the time is over."""
        timeout = min(wait_ns / 1e9, LONGEST_SLEEP_S)
        if hasattr(self.selector, "fileno"):  # epoll rounds time-outs up to milliseconds, select does not
            select.select([self.selector.fileno()], [], [], timeout)
            timeout = 0
        for key, events in self.selector.select(timeout):
            self._happened(key.data, events)

    def _happened(self, connection, events):
        try:
            if events & WRITE and connection.flush():
                self._listen(connection, READ)
            if events & READ and connection.receive():
                if connection.call < 0:
                    raise ConnectionAbortedError  # an answer that nobody asked for
                self.cpu_s[connection.call] = connection.cpu_s
                self._over(connection.call, connection.status, connection.failed)
                connection.call = -1
                self.idle.append(connection)
        except (BlockingIOError, InterruptedError):
            return
        except (OSError, ValueError):
            self._drop(connection)

    def close(self):
        for key in list(self.selector.get_map().values()):
            key.data.socket.close()
        self.selector.close()


def raise_open_files():
    """Allow as many connections as the system lets this process have."""
    try:
        import resource
    except ImportError:
        return
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def main():
    """plan: address [host, port], token, source, functions [names], payloads [base64], connections, drain_ns, and, one
    a call in order of time: times_ns, function and payload (indices)."""

    def say(line):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    raise_open_files()
    player = Player(json.loads(sys.stdin.readline()), say)
    gc.collect()
    gc.disable()
    say("ready")
    zero = int(sys.stdin.readline() or 0)
    if not zero:
        return  # whoever started us has gone
    cpu = time.process_time_ns()
    player.play(zero)
    cpu = time.process_time_ns() - cpu
    player.close()
    seen = {"sent_ns": player.sent, "answered_ns": player.answered, "status": player.status, "failed": player.failed}
    for name in ("sent_ns", "answered_ns"):
        seen[name] = [time - zero if time >= 0 else -1 for time in seen[name]]
    say(json.dumps(seen | {"cpu_s": player.cpu_s, "load_ns": cpu}))


if __name__ == "__main__":
    main()
