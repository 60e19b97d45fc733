"""The program of a stem: `python -E -s -u zygote.py ORDER`. It imports modules, then forks containers or becomes one.

ORDER is a JSON object: `socket`, the number of the descriptor on which orders come; `forks`; `preload`, names of
modules; `parent`. See stem.py beside this folder for the messages.
"""

import json
import sys

from bootstrap import load_package

if __name__ == "__main__":
    del sys.modules["bootstrap"]
    load_package()

    from _faaslab_worker.container import become
    from _faaslab_worker.preloading import next_order

    order, first_ns = next_order(json.loads(sys.argv[1]))
    become(order, first_ns)
