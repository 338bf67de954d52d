"""Lets heat flow along a rod, in whole numbers, so that every machine gives the same bytes. It runs in segments: after
STEPS steps it leaves where it is, and the next call goes on from there."""

import json
import os

import job_schema_pb2_grpc

STEPS = 1000
FOUND, LEFT = "/ain/in/state", "/ain/out/state"


def step(cells):
    """Each cell moves towards its neighbors; the ends are held."""
    inner = [b + (a - 2 * b + c) // 4 for a, b, c in zip(cells, cells[1:], cells[2:])]
    return [cells[0]] + inner + [cells[-1]]


class Worker(job_schema_pb2_grpc.WorkerServicer):
    def Diffuse(self, request, context):
        if request.cells < 3:
            raise ValueError("cells = %d: a rod has at least 3" % request.cells)
        done, cells = 0, [request.left] + [0] * (request.cells - 2) + [request.right]
        if os.path.exists(FOUND):
            with open(FOUND) as file:
                done, cells = json.load(file)
        until = min(done + STEPS, request.steps)
        for _ in range(done, until):
            cells = step(cells)
        if until < request.steps:
            with open(LEFT, "w") as file:
                json.dump([until, cells], file)
            return {}  # thrown away: the work is not finished
        return {"cells": cells}
