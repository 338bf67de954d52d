import job_schema_pb2
import job_schema_pb2_grpc


class Evaluator(job_schema_pb2_grpc.EvaluatorServicer):
    def Judge(self, request, context):
        verdict = job_schema_pb2.Verdict()
        for worker in request.workers:
            if worker.response.height.isdecimal():
                verdict.node.append(worker.node)
        return verdict
