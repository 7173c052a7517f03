# Written by `phxproof worker --write-locustfile`; that of the same version of phxproof writes it anew.
# The master loads it; the users are played by `phxproof worker --locust HOST:PORT @SCENARIOS@`. It needs only Locust.
import json
import logging
import os
import random
import subprocess
import sys
import time

import gevent
from locust import User, events
from locust.runners import MasterRunner

PHXPROOF = os.environ.get("PHXPROOF") or @PHXPROOF@
OUT = @OUT@
OBJECTIVES = @OBJECTIVES@
# How long the workers may take to end a test: until the last replies have come.
ENDS_WITHIN = 60

log = logging.getLogger("phxproof")


class Played(User):
    """Workers of phxproof play it; this process only counts them."""

    abstract = True

    def run(self):
        raise RuntimeError("users of this file are played by phxproof workers: start Locust with --master")


@CLASSES@

class Results:
    """The messages of the workers in one test, kept as they came."""

    def __init__(self, number, seed):
        self.seed = seed
        self.folder = OUT if number == 1 else f"{OUT}-{number}"
        self.last = set()
        self.seen = set()
        workers = os.path.join(self.folder, "workers")
        os.makedirs(workers, exist_ok=True)
        for name in os.listdir(workers):
            if name.endswith(".jsonl"):
                os.remove(os.path.join(workers, name))

    def keep(self, message):
        if message.data.get("seed") != self.seed:
            # It is of a test before this one, whose master is gone.
            return
        if message.node_id not in self.seen:
            log.info("phxproof: results of %s come in", message.node_id)
        self.seen.add(message.node_id)
        line = json.dumps({**message.data, "received_at": time.time()})
        path = os.path.join(self.folder, "workers", os.path.basename(message.node_id) + ".jsonl")
        with open(path, "a", encoding="utf-8") as file:
            file.write(line + "\n")
        if message.data.get("last"):
            self.last.add(message.node_id)

    def await_last(self, runner):
        """Waits until each worker that still plays users has told its last."""
        end = time.monotonic() + ENDS_WITHIN
        while time.monotonic() < end:
            playing = {it.id for it in runner.clients.all if it.state not in ("missing", "ready")}
            if not playing - self.last:
                return
            gevent.sleep(0.05)
        log.warning("phxproof: not all workers ended within %d seconds", ENDS_WITHIN)

    def merge(self, environment):
        command = [PHXPROOF, "worker", "--merge", self.folder]
        for objective in OBJECTIVES:
            command += ["--objective", objective]
        try:
            # stdout belongs to Locust.
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False)
        except OSError as why:
            log.error(
                "phxproof: cannot run %s (%s), so the results are not merged; the raw messages are in %s: "
                "`phxproof worker --merge %s` merges them, and PHXPROOF names the program",
                PHXPROOF, why, os.path.join(self.folder, "workers"), self.folder,
            )
            environment.process_exit_code = 2
            return
        environment.process_exit_code = done.returncode


tests = 0
results = None


@events.init.add_listener
def on_init(environment, **_):
    if isinstance(environment.runner, MasterRunner):
        environment.runner.register_message("phxproof", on_message)


def on_message(environment, msg, **_):
    if results is not None:
        results.keep(msg)


@events.test_start.add_listener
def on_test_start(environment, **_):
    global tests, results
    if not isinstance(environment.runner, MasterRunner):
        return
    tests += 1
    seed = None
    if environment.parsed_options is not None:
        # All workers share it, and each gets names of its own.
        seed = random.getrandbits(32)
        environment.parsed_options.phxproof_seed = seed
    results = Results(tests, seed)


@events.test_stop.add_listener
def on_test_stop(environment, **_):
    if not isinstance(environment.runner, MasterRunner) or results is None:
        return
    environment.runner.send_message("phxproof_end")
    results.await_last(environment.runner)
    results.merge(environment)
