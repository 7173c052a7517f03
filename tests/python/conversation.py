"""Plays a conversation with the client of Supabase for Python (`realtime`) and prints what it is told, a line each.

tests/it/python.rs compares the lines. Usage: python3 conversation.py ORIGIN

The client speaks serializer 1.0.0. Its `client.channel` joins `realtime:...`, which no server but Supabase's serves; a channel that
is made by hand joins any topic. It hears presence and replies, and of other events only those that Supabase's server sends, so
that broadcasts are heard here as `presence_diff`. It does not read the payload of a reply with status ok.
"""

import asyncio
import logging
import random
import sys
from urllib.request import Request, urlopen

from realtime import AsyncRealtimeChannel, AsyncRealtimeClient
from realtime.types import RealtimeAcknowledgementStatus as Status

# A wait that never ends becomes an error that names it.
LONGEST = 60


def say(*words):
    print(*words, flush=True)


def room(name):
    return f"{name}:{random.randrange(10**9)}"


async def fetched(url, method="GET"):
    def fetch():
        with urlopen(Request(url, method=method)) as answer:
            return answer.read().decode()

    return await asyncio.to_thread(fetch)


async def soon(what, waiting):
    try:
        return await asyncio.wait_for(waiting, LONGEST)
    except TimeoutError:
        raise AssertionError(f"waited in vain: {what}") from None


async def until(what, condition, changed):
    """Waits until a condition holds, looking at each change."""

    async def look():
        while not condition():
            await changed.wait()
            changed.clear()

    await soon(what, look())


async def replied(channel, event, payload, timeout=None):
    """How a push is answered: ok, error or timeout."""
    reply = asyncio.get_running_loop().create_future()
    push = await channel.push(event, payload, timeout)
    for status in (Status.Ok, Status.Error):
        push.receive(status, lambda _, status=status: reply.set_result(status.value))
    push.receive(Status.Timeout, lambda: reply.set_result("timeout"))
    return await soon(f"the reply to {event}", reply)


async def play(origin):
    async def connected(name):
        client = AsyncRealtimeClient(f"{origin}/socket", initial_backoff=0.05)
        client.url += f"?token={await fetched(f'{origin}/token/{name}')}"
        await soon("a connection", client.connect())
        return client

    def channel_of(client, topic):
        channel = AsyncRealtimeChannel(client, topic)
        client.channels[topic] = channel
        return channel

    async def joined(channel):
        """Joins, and returns the queue of what the channel is told afterwards."""
        states = asyncio.Queue()
        await soon("a join", channel.subscribe(lambda state, _: states.put_nowait(state.value)))
        say("join", await soon("a state", states.get()))
        return states

    ana, bea = await connected("ana"), await connected("bea")
    lab = channel_of(ana, room("lab"))
    states = await joined(lab)
    for event, timeout in (("echo", None), ("echo_error", None), ("broadcast", None), ("ignore", 1)):
        say(event, await replied(lab, event, {"n": 1}, timeout))

    topic = room("presence")
    presence, other = channel_of(ana, topic), channel_of(bea, topic)
    changed = asyncio.Event()
    presence.on_presence_sync(changed.set)
    other.on_presence_sync(lambda: None)

    async def present(wanted):
        def shown():
            state = presence.presence_state()
            return "; ".join(f"{name} {','.join(it['status'] for it in state[name])}" for name in sorted(state))

        await until(f"presence of {wanted}", lambda: shown() == wanted, changed)
        say("present", wanted)

    await joined(presence)
    await present("ana online")
    await joined(other)
    await present("ana online; bea online")
    say("update", await replied(other, "update", {"status": "busy"}))
    await present("ana online; bea busy")
    await other.unsubscribe()
    await present("ana online")

    await lab.push("crash", {})
    say("crash", await soon("the crash", states.get()), await soon("a rejoin", states.get()))
    say("echo", await replied(lab, "echo", {}))
    await fetched(f"{origin}/disconnect/ana", "POST")
    say("disconnect", await soon("the end", states.get()), await soon("a rejoin", states.get()))
    say("echo", await replied(lab, "echo", {}))
    await lab.unsubscribe()
    say("leave", await soon("the reply to a leave", states.get()))
    await ana.close()
    await bea.close()


# The client logs the ends of connections, which are part of the play.
logging.disable(logging.CRITICAL)
asyncio.run(play(sys.argv[1]))
