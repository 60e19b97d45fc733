"""First come, first served: waiting calls are served in the order of their arrival.

Source: queueing theory. Within one arrival time, the order of arrival in the run.
"""


class FCFS:
    """Orders by arrival."""

    def reset(self, seed):
        pass

    def key(self, call):
        return call.arrival_s
