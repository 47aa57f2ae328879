"""examples/python/quickstart.py, as a program of its own."""
import os
import subprocess
import sys
from pathlib import Path

import world
from ledger import Case

QUICKSTART = Path(__file__).parents[2] / "examples" / "python" / "quickstart.py"


class Quickstart(Case):
    def test_it_runs(self):
        tls = world.emulator().tls
        env = {"PYTHONPATH": os.environ["PYTHONPATH"], "REQUESTS_CA_BUNDLE": tls["ca"], "COMMUNICATION_SERVICES_CONNECTION_STRING": tls["connectionString"]}
        done = subprocess.run([sys.executable, "-S", str(QUICKSTART)], env=env, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = done.stdout.splitlines()
        self.assertEqual([line.split()[0] for line in lines], ["created", "token", "revoked", "deleted", "no"])
        self.assertEqual(lines[-1], "no token any more: 401 IdentityNotOwned")

    def test_it_is_short_and_needs_nothing_of_ours(self):
        text = QUICKSTART.read_text()
        self.assertLess(len(text.splitlines()), 40)
        imports = {line.split()[1].split(".")[0] for line in text.splitlines() if line.startswith(("import ", "from "))}
        self.assertEqual(imports, {"os", "datetime", "azure"})
