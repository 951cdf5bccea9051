"""A node as programs with the Python library WebSocketProtocolCore are on the
wire, written for the tests in appnode_test.go: what it does is in their comments.

    node.py serve             listens; prints its port, then each message stored,
                              as JSON a line; each line of input is broadcast
    node.py send PORT N       sends N messages, a connection each, one after the
                              other; prints what each sender would be told
    node.py raw PORT TEXT...  sends texts on one connection; prints each reply
    node.py listen PORT       connects, and prints each message that comes
"""

import asyncio
import json
import sys
import warnings
from datetime import datetime

warnings.simplefilter("ignore", DeprecationWarning)

import websockets

REQUIRED = ["处理类型", "次一级数据类型", "数据内容", "时间"]


def say(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def received(peer, handle_type, sub_type, content):
    ip, port = peer
    return {
        "对方IP": ip,
        "对方端口": port,
        "处理类型": handle_type,
        "次一级数据类型": sub_type,
        "数据内容": content,
        "时间": datetime.now().isoformat(),
    }


def sent(ip, port, handle_type, sub_type, content):
    return {
        "目标IP": ip,
        "目标端口": port,
        "处理类型": handle_type,
        "次一级数据类型": sub_type,
        "数据内容": content,
        "时间": datetime.now().isoformat(),
    }


def store(text, peer):
    """Prints a message as it is stored, if it is one."""
    try:
        message = json.loads(text)
    except json.JSONDecodeError:
        return
    if any(key not in message for key in REQUIRED):
        return
    datetime.fromisoformat(message["时间"])  # must be readable
    message["对方IP"], message["对方端口"] = peer
    say(json.dumps(message))


async def serve():
    connections = set()

    async def handle(ws, path=None):
        peer = ws.remote_address[:2]
        connections.add(ws)
        try:
            async for text in ws:
                store(text, peer)
                # whatever came is acknowledged
                await ws.send(json.dumps(received(peer, "确认", "接收成功", "已收到消息")))
        finally:
            connections.discard(ws)

    async with websockets.serve(handle, "127.0.0.1", 0, ping_interval=30, ping_timeout=60) as server:
        say(str(server.sockets[0].getsockname()[1]))
        loop = asyncio.get_running_loop()
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            message = json.dumps(sent("broadcast", "all", "通知", "文本", line.strip()))
            for ws in list(connections):
                await ws.send(message)


async def send_message(port, handle_type, sub_type, content):
    try:
        async with websockets.connect(f"ws://127.0.0.1:{port}") as ws:
            await ws.send(json.dumps(sent("127.0.0.1", port, handle_type, sub_type, content)))
            reply = json.loads(await ws.recv())
            datetime.fromisoformat(reply["时间"])
            if reply.get("处理类型") == "确认":
                return "消息发送成功并收到确认"
            return "消息发送成功，但未收到确认"
    except Exception as err:
        return f"消息发送失败: {err}"


async def send(port, number):
    for i in range(number):
        content = f"第{i}条" if i % 2 == 0 else {"号": i, "小数": 0.5, "列表": [None, True]}
        say(await send_message(port, "聊天", "文本", content))


async def raw(port, texts):
    async with websockets.connect(f"ws://127.0.0.1:{port}/any/path?x=1") as ws:
        for text in texts:
            await ws.send(text)
            reply = json.loads(await ws.recv())
            say(reply["处理类型"] + " " + reply["数据内容"])


async def listen(port):
    async with websockets.connect(f"ws://127.0.0.1:{port}") as ws:
        async for text in ws:
            datetime.fromisoformat(json.loads(text)["时间"])
            say(json.dumps(json.loads(text)))


args = sys.argv[1:]
sys.stdout.reconfigure(encoding="utf-8")
sys.stdin.reconfigure(encoding="utf-8")
if args[0] == "serve":
    asyncio.run(serve())
elif args[0] == "send":
    asyncio.run(send(int(args[1]), int(args[2])))
elif args[0] == "raw":
    asyncio.run(raw(int(args[1]), args[2:]))
elif args[0] == "listen":
    asyncio.run(listen(int(args[1])))
