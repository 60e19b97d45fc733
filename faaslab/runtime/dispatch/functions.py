"""Which functions are deployed: deploying, replacing and removing one."""

from faaslab.errors import InputError
from faaslab.model.result import Outcome
from faaslab.policies import ConcurrencyLimit
from faaslab.runtime.dispatch.group import Group


class Functions:
    def __init__(self, dispatcher):
        self.dispatcher = dispatcher

    def check(self, deployment):
        """InputError where its containers do not fit the budget, or the settings contradict it."""
        settings = self.dispatcher.settings
        where, budget = f"function {deployment.name!r}", settings.memory_mb
        others = [g.deployment for name, g in self.dispatcher.groups.items() if name != deployment.name]
        if deployment.provisioned and settings.owns_count:
            raise InputError(f"{where}, provisioned: here the autoscaler alone decides on containers; leave it out")
        standing = sum(d.provisioned * d.memory_mb for d in others)
        needed = standing + deployment.memory_mb * max(1, deployment.provisioned)
        if deployment.memory_mb > budget or (deployment.provisioned and needed > budget):
            raise InputError(
                f"{where}: its containers need {needed:g} MB with what else is provisioned; expected at most the "
                f"platform's {budget:g}"
            )
        limit = settings.admission
        if isinstance(limit, ConcurrencyLimit) and limit.account is not None:
            reserved = sum(d.reserved_concurrency or 0 for d in (*others, deployment))
            if reserved > limit.account:
                raise InputError(
                    f"{where}, reserved_concurrency: expected at most the account's {limit.account} in all, "
                    f"got {reserved}"
                )

    def deploy(self, deployment):
        dispatcher = self.dispatcher
        old = dispatcher.groups.get(deployment.name)
        queueing = dispatcher.settings.queueing
        group = Group(deployment, None if queueing is None else queueing.key, dispatcher.clock)
        dispatcher.groups[deployment.name] = group
        dispatcher.ledger.function(group.function)
        self._changed()
        if old is not None:
            for call in _in_order(old.waiting_calls()):
                self._move(call, old, group)
            self._retire(old)
        dispatcher.provisioned.fill(group)
        dispatcher.scaling.stand_ready(group)
        dispatcher.binding.start_failed(group)  # what waited for the old containers may trigger new ones

    def remove(self, name):
        group = self.dispatcher.groups.pop(name)
        self._changed()
        for call in _in_order(group.waiting_calls()):
            group.leave(call)
            self.dispatcher.close(call, Outcome.FAILED)
        self._retire(group)
        self.dispatcher.binding.retry()

    def _changed(self):
        """What is deployed has changed: an admission policy may have looked at it."""
        if self.dispatcher.admission is not None:
            self.dispatcher.admission.reset(self.dispatcher.seed)

    def _move(self, call, old, new):
        """A waiting call goes over to the containers of the new deployment."""
        old.leave(call)
        old.concurrent -= call.holding
        new.concurrent += call.holding
        call.group, call.function, call.trigger = new, new.function, None
        new.enqueue(call)

    def _retire(self, group):
        """Its containers take no more calls."""
        self.dispatcher.lifecycle.cancel_prewarm(group)
        self.dispatcher.binding.blocked.pop(group, None)
        for container in list(group.containers):
            self.dispatcher.lifecycle.drain(container)


def _in_order(calls):
    return sorted(calls, key=lambda call: call.id)
