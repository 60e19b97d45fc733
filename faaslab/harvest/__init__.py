"""Learning to harvest idle resources: FaaSRM and its rivals on the simulated platform.

Part "Learning to harvest". Nothing here imports torch until a network is trained.
"""
