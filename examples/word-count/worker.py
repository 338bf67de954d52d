"""Counts the words of a text: a file beside the request, since a text may be larger than a message."""

import os
import re

import job_schema_pb2_grpc

TEXT = "/ain/in/text"


def count(least):
    if not os.path.exists(TEXT):  # an applicant is tested, without files
        return 0
    words = 0
    with open(TEXT, encoding="utf-8", errors="replace") as file:
        for line in file:
            words += sum(len(word) >= least for word in re.findall(r"\w+", line))
    return words


class Worker(job_schema_pb2_grpc.WorkerServicer):
    def Count(self, request, context):
        return {"words": count(request.min_letters)}
