"""Counts again: who counted the same is right."""

import os
import re

import job_schema_pb2_grpc

TEXT = "/ain/in/text"


def count(least):
    if not os.path.exists(TEXT):
        return 0
    with open(TEXT, encoding="utf-8", errors="replace") as file:
        return sum(len(word) >= least for line in file for word in re.findall(r"\w+", line))


class Evaluator(job_schema_pb2_grpc.EvaluatorServicer):
    def Check(self, request, context):
        right = count(request.request.min_letters)
        return [worker.node for worker in request.workers if worker.response.words == right]
