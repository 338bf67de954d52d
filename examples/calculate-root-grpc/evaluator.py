"""Ranks guesses at a square root by how close their squares come, in a process that stays for the next request."""

import math

import job_schema_pb2
import job_schema_pb2_grpc
import serve


class Evaluator(job_schema_pb2_grpc.EvaluatorServicer):
    def EvaluateRoot(self, request, context):
        y = request.request.y

        def loss(worker):
            return abs(y - worker.response.x**2)

        valid = [worker for worker in request.workers if math.isfinite(worker.response.x) and worker.response.x >= 0]
        return job_schema_pb2.EvaluationResult(node=[worker.node for worker in sorted(valid, key=loss)])


serve.forever(job_schema_pb2_grpc.add_EvaluatorServicer_to_server, Evaluator())
