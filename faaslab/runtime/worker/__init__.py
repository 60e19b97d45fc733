"""What runs inside a container, and in the zygotes from which containers come. Needs the standard library alone.

The programs bootstrap.py and zygote.py are run by path and load the other modules here as a package of another name, so
that nothing of faaslab is imported in a container and no name of ours can hide a function's own module.
"""
