"""Guesses square roots. Not clever: it draws numbers and keeps the one whose square comes closest."""

import random

import job_schema_pb2_grpc

GUESSES = 2000


class Worker(job_schema_pb2_grpc.WorkerServicer):
    def CalculateRoot(self, request, context):
        if request.y < 0:
            raise ValueError("y = %g: a negative number has no real root" % request.y)
        highest = max(1.0, request.y)  # below 1 a number is smaller than its root
        guesses = (random.uniform(0, highest) for _ in range(GUESSES))
        return min(guesses, key=lambda x: abs(request.y - x * x))
