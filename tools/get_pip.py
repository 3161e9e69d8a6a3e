"""Gives ansible-test's virtual environments their pip, from the interpreter and the package index.

ansible-test downloads a script of that name; where its site is out of reach this one lies in the place it looks at first.
"""

import subprocess
import sys

IGNORED = ("--no-setuptools", "--no-wheel")

subprocess.check_call([sys.executable, "-m", "ensurepip"])
wanted = [argument for argument in sys.argv[1:] if argument not in IGNORED]
subprocess.check_call([sys.executable, "-m", "pip", "install", "--quiet", *wanted])
