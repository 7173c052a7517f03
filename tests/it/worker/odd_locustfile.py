# A locustfile that a worker cannot follow in all it says: an unknown class, too many users, and bytes that are no message.
import sys

from locust import User, events
from locust.runners import MasterRunner


class echo(User):
    fixed_count = 7


class Chat(User):
    fixed_count = 2


@events.test_start.add_listener
def on_test_start(environment, **_):
    if isinstance(environment.runner, MasterRunner):
        for client in environment.runner.clients.all:
            environment.runner.server.socket.send_multipart([client.id.encode(), b"\x93\xa5sp"])


@events.quitting.add_listener
def on_quitting(environment, **_):
    for told in environment.runner.exceptions.values():
        print(told["msg"], file=sys.stderr)
