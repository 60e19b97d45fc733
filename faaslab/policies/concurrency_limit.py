"""Concurrency limits: an account's calls at once, and what is reserved of them for single functions.

Chapter "From servers to functions". A function with reserved concurrency may use that many and no more; they are taken
out of the account's pool whether used or not, and the other functions share what is left. Source: AWS Lambda developer
guide, "Configuring reserved concurrency" (account limit 1,000 by default, status 429 above it). Left out: that AWS
leaves at least 100 unreserved, and provisioned concurrency's share.
"""

from faaslab.errors import InputError, whole


class ConcurrencyLimit:
    """Admits a call while its pool has room. account: calls at once in all (None: no limit).

    InputError at the first call where the functions reserve more than the account has.
    """

    def __init__(self, account=1000):
        self.account = None if account is None else whole(account, "concurrency limit of the account", minimum=0)
        self.reset(0)

    def reset(self, seed):
        self._reserved = None  # function -> its reserved concurrency
        self._pool = None  # what is left for the others

    def admit(self, call, platform):
        if self._reserved is None:
            self._reserve(platform.functions)
        own = self._reserved.get(call.function.name)
        if own is not None:
            return platform.concurrent_of(call.function.name) < own
        if self._pool is None:
            return True
        if not self._reserved:
            return platform.concurrent < self._pool
        return platform.concurrent - sum(map(platform.concurrent_of, self._reserved)) < self._pool

    def _reserve(self, functions):
        self._reserved = {f.name: f.reserved_concurrency for f in functions if f.reserved_concurrency is not None}
        if self.account is None:
            return
        reserved = sum(self._reserved.values())
        self._pool = self.account - reserved
        if self._pool < 0:
            raise InputError(
                f"reserved concurrency: expected at most the account's {self.account}, got {reserved} in all"
            )
