"""Tries what no program may do, and says how far it came."""

import json
import os
import sys
import time

import probe_pb2_grpc

OUT = "/ain/out/"


def read(path):
    with open(path, "rb") as f:
        return repr(f.read(40))


def write(path):
    with open(path, "wb") as f:
        f.write(b"x")
    return "written"


def unless(nothing, found):
    if found == nothing:
        raise RuntimeError("found nothing")
    return str(found)


def day(seconds):
    return time.strftime("%Y-%m-%d", time.gmtime(seconds))


class Prober(probe_pb2_grpc.ProberServicer):
    def Probe(self, request, context):
        order = json.loads(request.data)
        attempt = getattr(self, "do_" + order["Attempts"][0].replace("-", "_"))
        try:
            report = {"Reached": attempt(order)}
        except (OSError, RuntimeError, AttributeError, ImportError) as e:
            report = {"Error": str(e) or type(e).__name__}
        return {"text": json.dumps(report)}

    def do_host_file(self, order):
        return read(order["HostFile"])

    def do_environment(self, order):
        return read("/proc/self/environ")

    def do_list_root(self, order):
        return unless([], [name for name in os.listdir("/") if name != "ain"])

    def do_write_host(self, order):
        return write(order["Folder"] + "/new")

    def do_delete_host(self, order):
        return str(os.remove(order["Folder"] + "/victim"))

    def do_import_host(self, order):
        sys.path.insert(0, order["Folder"])
        import victim

        return victim.__name__

    def do_link_read(self, order):
        os.symlink("../secret", OUT + "link")
        return read(OUT + "link")

    def do_planted_read(self, order):
        return read(OUT + "planted")

    def do_fill(self, order):
        for i in range(order["N"] >> 16):
            with open(OUT + str(i), "wb") as f:
                f.write(bytes(1 << 16))
        return "filled"

    def do_hole_seek(self, order):
        with open(OUT + "hollow", "wb") as f:
            f.seek(order["N"])
            f.write(b"x")
        return "grown"

    def do_many_files(self, order):
        for i in range(order["N"]):
            write(OUT + str(i))
        return "made"

    def do_eat(self, order):
        return str(len([b"\1" * (1 << 20) for _ in range(order["N"] >> 20)]))

    def do_spin(self, order):
        n = 0
        for i in range(order["N"]):
            n ^= i
        return str(n)

    def do_flood(self, order):
        return "x" * order["N"]

    def do_flood_log(self, order):
        for _ in range(order["N"] >> 12):
            print("l" * (1 << 12))
        return "logged"

    def do_tampered(self, order):
        return "ran"

    def do_date(self, order):
        return unless("2022-01-01", day(time.time()))

    def do_sleep(self, order):
        time.sleep(order["N"] / 1e9)
        return "slept"

    def do_chance(self, order):
        return os.urandom(16).hex()

    def do_input_time(self, order):
        return unless("2022-01-01", day(os.stat("/ain/in/data").st_mtime))

    def do_output_time(self, order):
        write(OUT + "now")
        return unless("2022-01-01", day(os.stat(OUT + "now").st_mtime))
