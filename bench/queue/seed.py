"""Stores and sends messages as the Python library WebSocketProtocolCore is described to.

    seed.py store QUEUED N DIR        stores N messages on disk behind others, and takes
                                      as many; prints how long each of both took
    seed.py serve MODE QUEUED DIR     MODE is memory or disk; prints its port, and when
                                      its input ends how many messages are stored
    seed.py send PORT N               sends N messages, one after the other, a connection
                                      each; prints how long it took and how many were
                                      acknowledged
"""

import asyncio
import json
import os
import sys
import time
import warnings
from datetime import datetime

warnings.simplefilter("ignore", DeprecationWarning)


def message(number):
    return {
        "对方IP": "127.0.0.1",
        "对方端口": 40000,
        "处理类型": "聊天",
        "次一级数据类型": "文本",
        "数据内容": f"{number:08d} 第一行是问候，第二行是正文，第三行是祝福。",
        "时间": datetime.now().isoformat(),
    }


class Queue:
    """A list, and with a folder the file that holds the same."""

    def __init__(self, folder, queued):
        self.messages = [message(i) for i in range(queued)]
        self.file = folder and os.path.join(folder, "received_messages.json")
        if self.file:
            self.write()

    def write(self):
        with open(self.file, "w", encoding="utf-8") as f:
            json.dump(self.messages, f)

    def append(self, one):
        self.messages.append(one)
        if self.file:
            self.write()

    def take(self):
        one = self.messages.pop(0)
        if self.file:
            self.write()
        return one

    def stored(self):
        if not self.file:
            return len(self.messages)
        with open(self.file, encoding="utf-8") as f:
            return len(json.load(f))


def store(queued, n, folder):
    queue = Queue(folder, queued)
    begin = time.perf_counter()
    for i in range(n):
        queue.append(message(queued + i))
    appended = time.perf_counter()
    if queue.stored() != queued + n:
        sys.exit("messages are missing")
    again = time.perf_counter()
    for i in range(n):
        if not queue.take()["数据内容"].startswith(f"{i:08d} "):
            sys.exit("messages are out of order")
    print(json.dumps({"append": appended - begin, "take": time.perf_counter() - again}))


async def serve(mode, queued, folder):
    import websockets

    queue = Queue(folder if mode == "disk" else "", queued)

    async def handle(ws, path=None):
        async for text in ws:
            one = json.loads(text)
            one["对方IP"], one["对方端口"] = ws.remote_address[:2]
            queue.append(one)
            await ws.send(json.dumps({**one, "处理类型": "确认", "次一级数据类型": "接收成功", "数据内容": "已收到消息"}))

    async with websockets.serve(handle, "127.0.0.1", 0) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    print(json.dumps({"stored": queue.stored()}))


async def send(port, n):
    import websockets

    acknowledged = 0
    begin = time.perf_counter()
    for i in range(n):
        async with websockets.connect(f"ws://127.0.0.1:{port}") as ws:
            await ws.send(json.dumps(message(i)))
            acknowledged += json.loads(await ws.recv())["处理类型"] == "确认"
    print(json.dumps({"seconds": time.perf_counter() - begin, "acknowledged": acknowledged}))


mode, *args = sys.argv[1:]
if mode == "store":
    store(int(args[0]), int(args[1]), args[2])
elif mode == "serve":
    asyncio.run(serve(args[0], int(args[1]), args[2]))
elif mode == "send":
    asyncio.run(send(int(args[0]), int(args[1])))
