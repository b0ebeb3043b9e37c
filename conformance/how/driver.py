#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
Run a test of the drivers/net suite: driver.py FILE ARGUMENTS...

In 6.12 hw/csum.py asks the environment for the other end's name, which only the
environment of later kernels knows. They set it in the object, so that it does
no harm to give it to the class.
"""

import os
import runpy
import sys

sys.argv = sys.argv[1:]
sys.path.insert(0, os.path.dirname(os.path.abspath(sys.argv[0])))

# pylint: disable=wrong-import-position,import-error
from lib.py import NetDrvEpEnv

NetDrvEpEnv.remote_ifname = os.environ["REMOTE_IFNAME"]
runpy.run_path(sys.argv[0], run_name="__main__")
