"""Install pip in ansible-test's virtual environments, from the interpreter and the package index.

ansible-test downloads a script of that name; if its site is not reachable, it uses this one from its cache.
"""

import subprocess
import sys

IGNORED = ("--no-setuptools", "--no-wheel")

subprocess.check_call([sys.executable, "-m", "ensurepip"])
wanted = [argument for argument in sys.argv[1:] if argument not in IGNORED]
subprocess.check_call([sys.executable, "-m", "pip", "install", "--quiet", *wanted])
