"""Prints the module's verdict as JSON, run by the plain interpreter so that any restriction can be put around it."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../plugins/module_utils"))

from ebpf import evaluate, observe

options = {
    "falco_version": "0.44.1",
    "drivers": ["modern_ebpf", "kmod"],
    "least_privilege": False,
    "buffer_preset": 4,
    "cpus_for_each_buffer": 2,
    "host_root": "",
}
options.update(json.loads(sys.argv[1]) if len(sys.argv) > 1 else {})
json.dump(evaluate.evaluate(observe.observe(options), options), sys.stdout)
