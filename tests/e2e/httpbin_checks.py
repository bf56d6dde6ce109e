"""Checks of the recipe over real httpbin servers; started by the script `httpbin` beside it.

usage: httpbin_checks.py BINARY RECIPE_FOLDER
Everything it starts is a child of this process and is ended by its handle. No check waits without a limit.
"""

import http.client
import json
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

NAMES = ["webserver01", "webserver02", "webserver03"]
# Longest time until any answer; a client must never hang.
PATIENCE = 10.0
START_TIME = 30.0
JSON_TYPE = {"Content-Type": "application/json"}
QUERIES = ["request_handling.trickle", "response_handling.trickle", "internal_error_processing.trickle"]
# First step of the recipe's back-pressure operators, in seconds: the shortest time for which a failed upstream is left alone.
FIRST_STEP = 0.1
# Their last step, and the tick after it.
LAST_STEP = 10.2


class Checks:
    """Counts and prints what passed and what failed."""

    def __init__(self):
        self.passed = 0
        self.failed = 0

    def that(self, what, holds, seen):
        if holds:
            self.passed += 1
            print(f"ok      {what}")
        else:
            self.failed += 1
            print(f"FAILED  {what}\n        saw {seen!r}")

    def equal(self, what, seen, expected):
        self.that(what, seen == expected, seen)


class Processes:
    """Children of this process."""

    def __init__(self, folder):
        self.folder = folder
        self.running = {}

    def start(self, name, command, address):
        with open(self.log(name), "ab") as log:
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder)
        self.running[name] = child
        deadline = time.monotonic() + START_TIME
        while True:
            try:
                socket.create_connection(address, timeout=1).close()
                return
            except OSError:
                if child.poll() is not None or time.monotonic() > deadline:
                    sys.exit(f"{name} does not listen at {address[0]}:{address[1]}; it wrote:\n{self.log(name).read_text()}")
                time.sleep(0.02)

    def log(self, name):
        return self.folder / f"{name}.log"

    def stop(self, name):
        child = self.running.pop(name)
        child.terminate()
        try:
            return child.wait(5)
        except subprocess.TimeoutExpired:
            child.kill()
            return child.wait()

    def stop_all(self):
        for name in list(self.running):
            self.stop(name)


class Place:
    """Where the recipe runs: as it is printed, or on ports of our own."""

    def __init__(self):
        self.upstreams = [(address_of(name), 80) for name in NAMES]
        self.port = 65535
        self.is_verbatim = is_free(("0.0.0.0", self.port)) and all(
            address and address.startswith("127.") and is_free((address, port)) for address, port in self.upstreams
        )
        if self.is_verbatim:
            self.hosts = NAMES
        else:
            self.port = free_port("127.0.0.1")
            self.upstreams = [(f"127.0.0.{number}", free_port(f"127.0.0.{number}")) for number in (21, 22, 23)]
            self.hosts = [f"{address}:{port}" for address, port in self.upstreams]

    def files(self, recipe, folder):
        """The recipe's files: those of the repository, or copies with other endpoints."""
        if self.is_verbatim:
            return [recipe / name for name in ["config.yaml", *QUERIES]]
        config = replaced((recipe / "config.yaml").read_text(), "port: 65535", f"port: {self.port}")
        for name, (address, port) in zip(NAMES, self.upstreams):
            config = replaced(config, f"host: {name}\n", f"host: {address}\n        port: {port}\n")
        copy = folder / "config.yaml"
        copy.write_text(config)
        return [copy, *(recipe / name for name in QUERIES)]


def replaced(text, old, new):
    if old not in text:
        sys.exit(f"the recipe's config.yaml does not contain {old!r}")
    return text.replace(old, new)


def address_of(name):
    try:
        return socket.gethostbyname(name)
    except OSError:
        return None


def is_free(address):
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            return True
        except OSError:
            return False


def free_port(address):
    with socket.socket() as listener:
        listener.bind((address, 0))
        return listener.getsockname()[1]


class Answer:
    """Status, headers in small letters, body."""

    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()

    def json(self):
        try:
            return json.loads(self.body)
        except ValueError:
            return {}

    def __repr__(self):
        return f"{self.status} {self.headers} {self.body[:300]!r}"


class Client:
    """Sends requests to the proxy, a connection for each unless it is kept."""

    def __init__(self, port):
        self.port = port
        self.host = f"localhost:{port}"

    def connect(self):
        return http.client.HTTPConnection("localhost", self.port, timeout=PATIENCE)

    def ask(self, path="/anything", body=None, headers=None, method="GET"):
        connection = self.connect()
        try:
            connection.request(method, path, body=body, headers=headers or {})
            return Answer(connection.getresponse())
        finally:
            connection.close()


def start_upstream(processes, place, number):
    address, port = place.upstreams[number]
    command = [sys.executable, "-m", "gunicorn", "--bind", f"{address}:{port}", "--workers", "1", "--threads", "4"]
    processes.start(f"httpbin{number + 1:02}", [*command, "--keep-alive", "60", "httpbin:app"], (address, port))


def echo(checks, client, place):
    """The printed request and its printed answer, and the upstreams in turn."""
    forwarded = f"by=localhost:65535;host={client.host};proto=http"
    answers = [client.ask(body='{"snot": "badger"}', headers=JSON_TYPE) for _ in range(3)]
    for number, (answer, host) in enumerate(zip(answers, place.hosts), start=1):
        echoed = answer.json()
        sent = echoed.get("headers", {})
        checks.equal(f"request {number}: status 200", answer.status, 200)
        checks.equal(f"request {number}: via names host and proxy", answer.headers.get("via"), f"1.1 {socket.gethostname()}/tremor")
        checks.that(f"request {number}: the upstream's server header", answer.headers.get("server", "").startswith("gunicorn"), answer)
        checks.equal(f"request {number}: access-control-allow-origin", answer.headers.get("access-control-allow-origin"), "*")
        checks.equal(f"request {number}: access-control-allow-credentials", answer.headers.get("access-control-allow-credentials"), "true")
        checks.equal(f"request {number}: content-type", answer.headers.get("content-type"), "application/json")
        checks.equal(f"request {number}: data", echoed.get("data"), f'{{"snot":"badger","forwarded":"{forwarded}"}}')
        checks.equal(f"request {number}: json", echoed.get("json"), {"snot": "badger", "forwarded": forwarded})
        checks.equal(f"request {number}: Forwarded header", sent.get("Forwarded"), forwarded)
        checks.equal(f"request {number}: upstreams are taken in turn (Host)", sent.get("Host"), host)
        checks.equal(f"request {number}: method", echoed.get("method"), "GET")
        checks.equal(f"request {number}: url", echoed.get("url"), f"http://{host}/anything")
        checks.equal(f"request {number}: X-Upstream only at the third", sent.get("X-Upstream"), "upstream03" if number == 3 else None)


def no_body(checks, client):
    """A plain GET: the event is the empty record, the script adds a field to it."""
    answer = client.ask()
    echoed = answer.json()
    forwarded = f"by=localhost:65535;host={client.host};proto=http"
    checks.equal("no body: status 200", answer.status, 200)
    checks.equal("no body: the upstream gets the record that the script made", echoed.get("data"), f'{{"forwarded":"{forwarded}"}}')
    checks.equal("no body: json", echoed.get("json"), {"forwarded": forwarded})
    checks.equal("no body: Forwarded header", echoed.get("headers", {}).get("Forwarded"), forwarded)


def variations(checks, client):
    """Path, query, method and status pass; a body that is not JSON is refused with an answer."""
    answer = client.ask("/anything/a%20b?x=1&y=c%20d", method="PUT", body="{}", headers=JSON_TYPE)
    echoed = answer.json()
    checks.equal("variations: method", echoed.get("method"), "PUT")
    checks.equal("variations: query", echoed.get("args"), {"x": "1", "y": "c d"})
    checks.that("variations: path", "/anything/a" in str(echoed.get("url")), echoed.get("url"))
    answer = client.ask(body="no JSON", headers=JSON_TYPE)
    checks.equal("not JSON: status 400", answer.status, 400)
    checks.that("not JSON: the answer says what failed", "error" in answer.json(), answer)
    connection = client.connect()
    statuses = []
    for _ in range(6):
        connection.request("GET", "/anything")
        statuses.append(Answer(connection.getresponse()).status)
    connection.close()
    checks.equal("six requests over one connection", statuses, [200] * 6)


def failing_upstream(checks, client, place, processes):
    """One upstream ends: its requests get a JSON error, it is left alone for the configured steps, the others serve, it comes back."""
    processes.stop("httpbin02")
    errors, served, strange = [], [], []
    end = time.monotonic() + 4
    while time.monotonic() < end:
        sent = time.monotonic()
        answer = client.ask(body="{}", headers=JSON_TYPE)
        if answer.status == 200:
            served.append(answer.json().get("headers", {}).get("Host"))
        elif answer.status == 503:
            errors.append((sent, time.monotonic(), answer))
        else:
            strange.append(answer)
        time.sleep(0.005)
    first = errors[0][2] if errors else None
    record = first.json() if first else {}
    checks.that("failing upstream: a request that reaches it gets status 503", bool(errors), strange)
    checks.equal("failing upstream: record of the error", sorted(record), ["error", "event_id"])
    checks.equal("failing upstream: what failed", record.get("error"), "ConnectFailed: failed to connect to the server")
    checks.that("failing upstream: event id", bool(re.fullmatch(r"\d+:\d+:\d+", str(record.get("event_id")))), record)
    checks.equal("failing upstream: the error is JSON", first and first.headers.get("content-type"), "application/json")
    checks.equal("failing upstream: every other request is answered 200", strange, [])
    checks.equal("failing upstream: by the other two", set(served), {place.hosts[0], place.hosts[2]})
    gaps = [later[1] - earlier[0] for earlier, later in zip(errors, errors[1:])]
    checks.that("failing upstream: left alone for at least the first step", all(gap >= FIRST_STEP for gap in gaps), gaps)
    checks.that("failing upstream: few requests fail", len(errors) * 5 < len(served), (len(errors), len(served)))

    start_upstream(processes, place, 1)
    deadline = time.monotonic() + LAST_STEP + PATIENCE
    hosts = set()
    while place.hosts[1] not in hosts and time.monotonic() < deadline:
        hosts.add(client.ask(body="{}", headers=JSON_TYPE).json().get("headers", {}).get("Host"))
        time.sleep(0.02)
    checks.that("failing upstream: gets requests again when it is back", place.hosts[1] in hosts, hosts)


def all_failing(checks, client, place, processes):
    """No upstream is left: every request still gets an answer that says so."""
    for number in range(len(NAMES)):
        processes.stop(f"httpbin{number + 1:02}")
    answers = [client.ask(body="{}", headers=JSON_TYPE) for _ in range(6)]
    checks.equal("no upstream: status 503", [answer.status for answer in answers], [503] * 6)
    checks.that("no upstream: JSON errors", all("error" in answer.json() for answer in answers), answers)


def main():
    binary, recipe = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    # Ended from outside, children still have to be ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by a signal"))
    checks = Checks()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        processes = Processes(folder)
        try:
            place = Place()
            print("the recipe's files run", "verbatim" if place.is_verbatim else "with other endpoints")
            for number in range(len(NAMES)):
                start_upstream(processes, place, number)
            files = [str(file) for file in place.files(recipe, folder)]
            command = [str(binary), "server", "run", "-n", "--dialect", "0.9", "-f", *files]
            processes.start("temblor", command, ("127.0.0.1", place.port))
            client = Client(place.port)
            echo(checks, client, place)
            no_body(checks, client)
            variations(checks, client)
            failing_upstream(checks, client, place, processes)
            all_failing(checks, client, place, processes)
            checks.equal("it ends with success when it is asked to", processes.stop("temblor"), 0)
            if checks.failed:
                print(f"--- standard error of the proxy\n{processes.log('temblor').read_text()}")
        finally:
            processes.stop_all()
    print(f"{checks.passed} passed, {checks.failed} failed")
    sys.exit(1 if checks.failed else 0)


main()
