"""Runs the tests of this folder, or those named as arguments, and prints the ledger of calls."""
import sys
import unittest
from pathlib import Path

import ledger

loader = unittest.TestLoader()
names = sys.argv[1:]
suite = loader.loadTestsFromNames(names) if names else loader.discover(str(Path(__file__).parent), pattern="test_*.py")
result = unittest.TextTestRunner(stream=sys.stdout, verbosity=1, buffer=False).run(suite)
print(ledger.table())
if result.testsRun == 0:
    sys.exit("no test ran")
sys.exit(not result.wasSuccessful())
