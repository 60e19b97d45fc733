"""The parts of Libra (H. Yu et al., "Libra: Harvesting Idle Resources Safely and Timely in Serverless Clusters", HPDC
2023): the harvest pool, the profiler, the histograms and the safeguard. The manager is faaslab.harvest.managers.libra.
"""
