"""Ranks lines by their mean squared distance from points that no worker has seen: lines of "x,y" in the evaluator's own input."""

import math
import os

import job_schema_pb2_grpc

HIDDEN = "/ain/in/evaluator_input"


def hidden_points(request):
    if not os.path.exists(HIDDEN):  # the client has none, or an applicant is tested
        return [(p.x, p.y) for p in request.points]
    with open(HIDDEN) as file:
        return [tuple(map(float, line.split(","))) for line in file if line.strip()]


class Evaluator(job_schema_pb2_grpc.EvaluatorServicer):
    def Judge(self, request, context):
        points = hidden_points(request.request)

        def loss(worker):
            line = worker.response
            return sum((line.slope * x + line.intercept - y) ** 2 for x, y in points) / len(points)

        losses = [(loss(worker), worker.node) for worker in request.workers]
        valid = sorted((far, node) for far, node in losses if math.isfinite(far))
        return {"ranking": [{"node": node, "score": int(1_000_000 / (1 + far)), "valid": True} for far, node in valid]}
