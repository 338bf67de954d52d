"""Does what the conformance suite asks it to: some of it no program should do."""

import datetime
import os
import socket
import sys
import time

import probe_pb2
import probe_pb2_grpc


class Prober(probe_pb2_grpc.ProberServicer):
    def Probe(self, request, context):
        return getattr(self, "do_" + request.action)(request)

    def do_echo(self, request):
        return probe_pb2.Reply(text=request.path, n=request.n, data=request.data)

    def do_crash(self, request):
        print("about to crash")
        raise RuntimeError("crashed as asked")

    def do_garbage(self, request):
        return {"n": "not a number"}

    def do_flood(self, request):
        return {"data": bytes(request.n)}

    def do_spin(self, request):
        print("spinning")
        while True:
            pass

    def do_eat(self, request):
        eaten = [b"\1" * (1 << 20) for _ in range(request.n)]
        return {"n": len(eaten)}

    def do_log(self, request):
        print("first " + "x" * request.n + " last", end="")
        return {}

    def do_env(self, request):
        return {"names": ["%s=%s" % pair for pair in os.environ.items()]}

    def do_random(self, request):
        return {"data": os.urandom(32)}

    def do_clock(self, request):
        begin = time.time_ns()
        time.sleep(request.n / 1e9)
        day = datetime.datetime.fromtimestamp(begin // 10**9, datetime.timezone.utc)
        return {"text": day.strftime("%Y-%m-%d"), "n": time.time_ns() - begin}

    def attempt(self, call):
        try:
            return "", call()
        except (OSError, AttributeError, NotImplementedError) as e:
            return str(e) or type(e).__name__, None

    def do_read(self, request):
        text, data = self.attempt(lambda: open(request.path, "rb").read())
        return {"text": text, "data": data or b""}

    def do_list(self, request):
        text, names = self.attempt(lambda: os.listdir(request.path))
        return {"text": text, "names": names or []}

    def do_write(self, request):
        def write():
            with open(request.path, "wb") as f:
                f.write(request.data)

        return {"text": self.attempt(write)[0]}

    def do_grow(self, request):
        def grow():
            with open(request.path, "wb") as f:
                f.seek(request.n)
                f.write(b"end")

        return {"text": self.attempt(grow)[0]}

    def do_symlink(self, request):
        return {"text": self.attempt(lambda: os.symlink(request.data.decode(), request.path))[0]}

    def do_dial(self, request):
        host, port = request.path.split(":")
        return {"text": self.attempt(lambda: socket.create_connection((host, int(port)), 1))[0]}

    def do_exec(self, request):
        return {"text": self.attempt(lambda: os.execv(request.path, [request.path]))[0]}
