"""Serves one servicer on the socket that a node names. Nothing here is about AIN but the name of a variable."""

import os
from concurrent import futures

import grpc


def forever(add, servicer):
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=1))
    add(servicer, server)
    server.add_insecure_port("unix:" + os.environ["AIN_PROGRAM_SOCKET"])
    server.start()
    server.wait_for_termination()
