"""Ranks what workers say of a rod. Whether they have worked it out, the segments that the node has run again say; here is what
can be seen at a glance."""

import job_schema_pb2_grpc


class Evaluator(job_schema_pb2_grpc.EvaluatorServicer):
    def CheckProfiles(self, request, context):
        rod = request.request
        lowest, highest = min(0, rod.left, rod.right), max(0, rod.left, rod.right)

        def plausible(cells):
            """The ends are held, and nothing is colder or warmer than everything was."""
            ends = len(cells) == rod.cells and cells[0] == rod.left and cells[-1] == rod.right
            return ends and all(lowest - 1 <= cell <= highest for cell in cells)

        valid = [worker.node for worker in request.workers if plausible(list(worker.response.cells))]
        return {"ranking": [{"node": node, "score": 1, "valid": True} for node in valid]}
