"""The emulator under test, its well-known ids, and its administration."""
import atexit
import base64
import functools
import json
import os
import re
import subprocess
import tempfile
import urllib.error
import urllib.request
from types import SimpleNamespace

TENANT = "ac5a0000-0000-4000-a000-000000000001"
API = SimpleNamespace(id="ac5a0000-0000-4000-a000-0000000000a1", secret="api-secret-of-the-emulator")
SPA = SimpleNamespace(id="ac5a0000-0000-4000-a000-0000000000a2")
DAEMON = SimpleNamespace(id="ac5a0000-0000-4000-a000-0000000000a3", secret="daemon-secret-of-the-emulator")
RESOURCE = "ac5a0000-0000-4000-a000-0000000000c5"
ALICE = "ac5a0000-0000-4000-a000-0000000a11ce"
BOB = "ac5a0000-0000-4000-a000-000000000b0b"
IDENTITY = re.compile(f"^8:acs:{RESOURCE}_[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}$")

API_SCOPE = f"api://{API.id}/access_as_user"
ACS_SCOPE = "https://communication.azure.com//.default"
GRAPH_SCOPE = "https://graph.microsoft.com/User.Read"


@functools.cache
def emulator():
    """Starts the emulator on free ports and returns what it says about itself. It ends with this process."""
    command = [os.environ["ACSAUTH_DEV"], "emulate", "--json", "--listen", "127.0.0.1:0", "--log-level", "error"]
    env = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    log = tempfile.TemporaryFile("w+")
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, env=env, text=True)
    atexit.register(_end, child)
    line = child.stdout.readline()
    if not line:
        code = child.wait(30)
        log.seek(0)
        raise RuntimeError(f"{command[0]} ended with {code} before it was ready: {log.read(10_000)}")
    said = json.loads(line)
    said["origin"] = said["tls"]["url"]
    os.environ["REQUESTS_CA_BUNDLE"] = said["tls"]["ca"]
    return SimpleNamespace(**said)


def _end(child):
    child.terminate()
    try:
        child.wait(15)
    except subprocess.TimeoutExpired:
        child.kill()


def admin(path, body=None, method=None):
    """Calls the administration."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(emulator().admin + path, data=data, method=method or ("GET" if body is None else "POST"))
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=30) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise AssertionError(f"{path}: {error.code} {error.read(1000)!r}") from error


def mint(**request):
    """A scripted Entra token: user, teams, client, version, scopes, audience, expiresInSeconds, appOnly, flaw."""
    return admin("/token", request)["access_token"]


def fault(op, times=1, **what):
    """Lets the next requests of an ACS operation go wrong."""
    admin("/faults", {"op": op, "times": times, "fault": what})


def identities():
    """All ACS identities by id, deleted ones included."""
    return {identity["id"]: identity for identity in admin("/identities")}


def claims(token):
    """The claims of a JWT, unchecked."""
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
