"""An agent of the interop tests: see agent_test.go.

Commands come in on standard input, reports go out on standard output, one JSON
object a line.
"""

import asyncio
import base64
import itertools
import json
import logging
import ssl
import sys
import threading
import warnings

warnings.simplefilter("ignore", DeprecationWarning)

from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import (
    ClientPerMessageDeflateFactory,
    ServerPerMessageDeflateFactory,
)
from websockets.frames import Close, Opcode
from websockets.legacy.client import connect
from websockets.legacy.server import serve

logging.disable(logging.CRITICAL)

conns = {}
servers = {}
accepted = itertools.count(1 << 20)  # numbers of accepted connections
output = threading.Lock()


def report(**fields):
    with output:
        sys.stdout.write(json.dumps(fields) + "\n")
        sys.stdout.flush()


def encoded(data):
    return base64.b64encode(data).decode()


def extensions(policy, factory):
    """Turns a policy into extensions. 0 and False are the defaults."""
    if policy is None:
        return None
    options = {
        "server_no_context_takeover": policy["ServerNoContextTakeover"],
        "client_no_context_takeover": policy["ClientNoContextTakeover"],
    }
    if policy["ServerMaxWindowBits"]:
        options["server_max_window_bits"] = policy["ServerMaxWindowBits"]
    if policy["ClientMaxWindowBits"]:
        options["client_max_window_bits"] = policy["ClientMaxWindowBits"]
    return [factory(**options)]


LIMITS = {"max_size": None, "max_queue": None, "compression": None, "ping_interval": None}


async def read(conn, ws):
    try:
        async for message in ws:
            text = isinstance(message, str)
            data = message.encode() if text else message
            report(event="message", conn=conn, text=text, data=encoded(data))
    except ConnectionClosed:
        pass
    await ws.wait_closed()
    conns.pop(conn, None)
    report(event="closed", conn=conn, code=ws.close_code, reason=ws.close_reason)


class Commands:
    async def serve(self, c):
        tls = None
        if c.get("certFile"):
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(c["certFile"], c["keyFile"])

        async def handle(ws):
            conn = next(accepted)
            conns[conn] = ws
            report(event="open", conn=conn, server=c["server"], subprotocol=ws.subprotocol or "")
            await read(conn, ws)

        server = await serve(
            handle,
            "127.0.0.1",
            0,
            ssl=tls,
            subprotocols=c.get("subprotocols"),
            extensions=extensions(c.get("deflate"), ServerPerMessageDeflateFactory),
            **LIMITS,
        )
        servers[c["server"]] = server
        port = server.sockets[0].getsockname()[1]
        scheme = "wss" if tls else "ws"
        report(event="serving", server=c["server"], url=f"{scheme}://127.0.0.1:{port}")

    async def dial(self, c):
        options = {}
        if c.get("certFile"):
            options["ssl"] = ssl.create_default_context(cafile=c["certFile"])
        ws = await connect(
            c["url"],
            subprotocols=c.get("subprotocols"),
            extensions=extensions(c.get("deflate"), ClientPerMessageDeflateFactory),
            **options,
            **LIMITS,
        )
        conns[c["conn"]] = ws
        answer = ws.response_headers.get("Sec-WebSocket-Extensions", "")
        report(event="open", conn=c["conn"], subprotocol=ws.subprotocol or "", answer=answer)
        asyncio.create_task(read(c["conn"], ws))

    async def send(self, c):
        ws = conns[c["conn"]]
        parts = [base64.b64decode(p or "") for p in c.get("parts") or [""]]
        if not c.get("text"):
            await ws.send(parts[0] if len(parts) == 1 else parts)
            return
        try:
            text = b"".join(parts).decode()
        except UnicodeDecodeError:  # sent as it is, past the check
            await ws.write_frame(True, Opcode.TEXT, b"".join(parts))
            return
        if len(parts) == 1:
            await ws.send(text)
            return
        opcode = Opcode.TEXT
        for i, part in enumerate(parts):  # the public API cuts text only between characters
            await ws.write_frame(i == len(parts) - 1, opcode, part)
            opcode = Opcode.CONT

    async def ping(self, c):
        payload = base64.b64decode(c["parts"][0] or "")
        pong = await conns[c["conn"]].ping(payload)
        await pong
        report(event="pong", conn=c["conn"], data=encoded(payload))

    async def close(self, c):
        ws = conns[c["conn"]]
        if c["code"] == 1005:
            await ws.write_close_frame(Close(1005, ""), b"")
            await ws.wait_closed()
        else:
            await ws.close(c["code"], c.get("reason", ""))

    async def drop(self, c):
        if c.get("server"):
            servers.pop(c["server"]).close()
        elif c["conn"] in conns:
            conns[c["conn"]].transport.abort()


async def run(c, turn, done):
    """Runs a command. Those of one connection begin in order."""
    try:
        await turn.wait()
        await getattr(Commands(), c["do"])(c)
    except (ConnectionClosed, KeyError):
        pass  # the connection is gone, and that was reported
    except Exception as err:
        report(event="failed", conn=c.get("conn", 0), server=c.get("server", 0), error=repr(err))
    finally:
        done.set()


async def main():
    loop = asyncio.get_running_loop()
    lines = asyncio.Queue()

    def pump():
        for line in sys.stdin:
            loop.call_soon_threadsafe(lines.put_nowait, line)
        loop.call_soon_threadsafe(lines.put_nowait, None)

    threading.Thread(target=pump, daemon=True).start()
    running = set()
    last = {}  # the last send of each connection, by number
    while (line := await lines.get()) is not None:
        c = json.loads(line)
        done, turn = asyncio.Event(), last.get(c.get("conn"))
        if turn is None or c["do"] == "drop":
            turn = asyncio.Event()
            turn.set()
        if c["do"] == "send":
            last[c["conn"]] = done
        task = asyncio.create_task(run(c, turn, done))
        running.add(task)
        task.add_done_callback(running.discard)


asyncio.run(main())
