"""Queueing formulas: how many of random calls a fixed number of servers turns away, or makes to wait.

Chapter "Autoscaling". Calls of a Poisson stream, each server with one call at once. `load` is the offered load in
erlangs: the rate times the mean service time, which by Little's law is the number of servers that would be busy if
there were always enough. Erlang B needs the mean of the service time only; Erlang C and the waits need it exponential,
and a load below the number of servers. Source: L. Kleinrock, "Queueing Systems", volume 1 (1975), chapter 3. Left out:
impatient callers, rates that change in time.
"""

import math

from faaslab.errors import number, whole

MOST_SERVERS = 1_000_000
MOST_LOAD = 5_000.0  # of fewest_servers, which tries one number after another


def erlang_b(servers: int, load: float) -> float:
    """Share of the calls lost where there is no queue (M/G/n/n). By recursion over the servers, which is stable."""
    servers, load = _checked(servers, load, "Erlang B")
    lost = 1.0
    for n in range(1, servers + 1):
        lost = load * lost / (n + load * lost)
    return lost


def erlang_c(servers: int, load: float) -> float:
    """Share of the calls that wait where there is an endless queue (M/M/n); 1 where the load is not below `servers`."""
    servers, load = _checked(servers, load, "Erlang C")
    if load >= servers:
        return 1.0
    lost = erlang_b(servers, load)
    return lost / (1 - load / servers * (1 - lost))


def mean_wait_s(servers: int, load: float, service_s: float) -> float:
    """Mean wait of all calls in seconds (M/M/n); infinite where the load is not below `servers`."""
    service_s = number(service_s, "mean wait, service_s", minimum=0)
    waiting = erlang_c(servers, load)
    return waiting * service_s / (servers - load) if load < servers else math.inf


def response_above(servers: int, load: float, service_s: float, limit_s: float) -> float:
    """Share of the calls whose wait and service together exceed `limit_s` (M/M/n, first come first served)."""
    service_s, limit_s = (
        number(service_s, "response, service_s", above=0),
        number(limit_s, "response, limit_s", minimum=0),
    )
    waiting = erlang_c(servers, load)
    if load >= servers:
        return 1.0
    # Who waits, waits an exponential time of rate `leave`, and is then served at rate `serve`.
    serve, leave = 1 / service_s, (servers - load) / service_s
    if math.isclose(serve, leave, rel_tol=1e-9):
        late = (1 + serve * limit_s) * math.exp(-serve * limit_s)
    else:
        late = (leave * math.exp(-serve * limit_s) - serve * math.exp(-leave * limit_s)) / (leave - serve)
    return (1 - waiting) * math.exp(-serve * limit_s) + waiting * late


def fewest_servers(load: float, most_share: float, formula=erlang_c) -> int:
    """The smallest number of servers with which formula(servers, load) is at most `most_share` (above 0, at most 1).

    formula: erlang_c (who waits), erlang_b (who is lost), or another that falls with the servers. load: at most 5,000.
    """
    load = number(load, "fewest servers, load", minimum=0, maximum=MOST_LOAD)
    most_share = number(most_share, "fewest servers, share", above=0, maximum=1)
    servers = 1
    while formula(servers, load) > most_share:
        servers += 1
    return servers


def _checked(servers, load, where):
    servers = whole(servers, f"{where}, servers", minimum=1, maximum=MOST_SERVERS)
    return servers, number(load, f"{where}, load", minimum=0)
