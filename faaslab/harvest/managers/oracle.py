"""Oracle: every call gets exactly what it can use, from the function's first call on.

A bound on what foresight alone is worth: it knows the saturation points of this very call, with its input. It never
gives less, also where a queue would be shorter if it did, so that it bounds durations (nobody is faster), not response
times. It has no safeguard, and needs none. Source: ours. Left out: what is gained by giving less under load.
"""

from faaslab.harvest.manager import ResourceManager


class Oracle(ResourceManager):
    name = "oracle"

    def choose(self, call, platform):
        known = self.meet(call.function)
        if known.history.baseline_s is None:  # no call of it will be measured at the user's configuration
            known.history.baseline_s = call.function.speed.own_duration_s()
        return self.take(call, platform, self.decide(known, call, platform))

    def decide(self, known, call, platform):
        cpu, memory = call.function.speed.demand.saturation(call.input_size)
        return self.options.at(min(cpu, self.options.cores), min(memory, self.options.units))
