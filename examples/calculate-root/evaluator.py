"""Ranks guesses at a square root by how close their squares come."""

import math

import job_schema_pb2_grpc


class Evaluator(job_schema_pb2_grpc.EvaluatorServicer):
    def EvaluateRoot(self, request, context):
        y = request.request.y

        def loss(worker):
            return abs(y - worker.response.x**2)

        valid = [worker for worker in request.workers if math.isfinite(worker.response.x) and worker.response.x >= 0]
        return [worker.node for worker in sorted(valid, key=loss)]
