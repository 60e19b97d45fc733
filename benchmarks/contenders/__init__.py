"""What runs the handlers: one module a contender, each with a class `Contender` and nothing shared but this page.

    VERSION                                 text for the table; importing the module fails where it is not installed
    Contender(variant)                      a context manager: the platform runs inside
    .address() -> dict                      what a client in another process needs (JSON)
    Contender.connect(variant, address, handler)
                                            context manager, in the client's process: yields call(event) -> answer,
                                            which has one call in flight and comes back with the handler's answer
    .cold_call(handler, event) -> (s, answer)
                                            one call that no process has served before; what is prepared beforehand
                                            or cleared away afterwards is not timed
    .together(handler, count, event) -> answers
                                            that many calls at the same time; their processes stay afterwards, idle

`handler` is the name of a module in benchmarks/handlers, which is on the path of every process.
"""
