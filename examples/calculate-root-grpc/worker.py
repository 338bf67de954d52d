"""Guesses square roots, as ../calculate-root/worker.py does, in a process that stays for the next request."""

import random

import grpc

import job_schema_pb2
import job_schema_pb2_grpc
import serve

GUESSES = 2000


class Worker(job_schema_pb2_grpc.WorkerServicer):
    def CalculateRoot(self, request, context):
        if request.y < 0:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "y = %g: a negative number has no real root" % request.y)
        drawn = random.Random(dict(context.invocation_metadata())["ain-seed"])
        highest = max(1.0, request.y)  # below 1 a number is smaller than its root
        guesses = (drawn.uniform(0, highest) for _ in range(GUESSES))
        return job_schema_pb2.WorkerReply(x=min(guesses, key=lambda x: abs(request.y - x * x)))


serve.forever(job_schema_pb2_grpc.add_WorkerServicer_to_server, Worker())
