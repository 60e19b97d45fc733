"""Studies: the runs behind the book's results, whose outcomes and policies are stored with where they come from.

A study is a module of this package with

    NAME                        what its file is called, "experiment-two" -> data/studies/experiment-two.json
    run(*, progress=None, ...)  does it and returns a dict of JSON values; progress: function of the share done

and, where they apply, among run's arguments `policy` (the file of the policy "faasrm") or `policies` (the folder of all
policies), and QUICK, the keyword arguments of a reduced version that takes seconds. `python -m faaslab.harvest.studies`
(`make reproduce`) finds them by their files; policies.py lists the trainings. stored.py reads what was stored.
"""
