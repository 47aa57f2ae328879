"""Keeps count of the calls made through each SDK, and of those made by tests that passed."""
import functools
import inspect
import unittest
from importlib import import_module

VERSIONS = {
    "azure-communication-identity": ("azure.communication.identity._version", "VERSION"),
    "azure-communication-chat": ("azure.communication.chat._version", "VERSION"),
    "azure-identity": ("azure.identity", "__version__"),
    "msal": ("msal", "__version__"),
}

_rows = {}  # (sdk, call) -> [calls, passed]
_running = []  # rows of the calls of the test that runs


def record(sdk, call):
    """Notes a call."""
    row = _rows.setdefault((sdk, call), [0, 0])
    row[0] += 1
    _running.append(row)


class Recorded:
    """An object of an SDK whose construction and method calls are recorded. Nothing else is changed."""

    def __init__(self, sdk, make, *args, **kwargs):
        name = getattr(make, "__self__", make).__name__
        record(sdk, name if inspect.isclass(make) else f"{name}.{make.__name__}")
        self._recorded = (sdk, name, make(*args, **kwargs))

    def __getattr__(self, attribute):
        sdk, name, target = self._recorded
        value = getattr(target, attribute)
        if not callable(value):
            return value

        @functools.wraps(value)
        def call(*args, **kwargs):
            record(sdk, f"{name}.{attribute}")
            return value(*args, **kwargs)

        return call


class Case(unittest.TestCase):
    """A test whose calls count as passed if it passes."""

    def run(self, result=None):
        _running.clear()
        before = len(result.failures) + len(result.errors) + len(result.skipped)
        super().run(result)
        if before == len(result.failures) + len(result.errors) + len(result.skipped):
            for row in _running:
                row[1] += 1
        return result

    def refused(self, status, code, call, *args, **kwargs):
        """Asserts an error answer of ACS as the SDK shows it, and returns the error."""
        from azure.core.exceptions import HttpResponseError

        with self.assertRaises(HttpResponseError) as caught:
            call(*args, **kwargs)
        error = caught.exception
        self.assertEqual((error.status_code, error.error and error.error.code), (status, code), error.message)
        return error


def table():
    """One line a call, and one of totals for each SDK."""
    lines = [("SDK", "version", "call", "calls made", "passed")]
    for sdk in dict.fromkeys(sdk for sdk, _ in _rows):
        module, name = VERSIONS[sdk]
        version = getattr(import_module(module), name)
        mine = [(call, *row) for (of, call), row in _rows.items() if of == sdk]
        lines += [(sdk, version, *row) for row in mine]
        lines.append((sdk, version, f"all {len(mine)}", sum(row[1] for row in mine), sum(row[2] for row in mine)))
    widths = [max(len(str(line[i])) for line in lines) for i in range(5)]
    return "\n".join("  ".join(str(cell).ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines)
