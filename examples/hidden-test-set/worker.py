"""Fits a line to points by least squares."""

import job_schema_pb2_grpc


class Worker(job_schema_pb2_grpc.WorkerServicer):
    def Fit(self, request, context):
        points = request.points
        if len(points) < 2:
            raise ValueError("points: %d of them: two make a line" % len(points))
        mean_x = sum(p.x for p in points) / len(points)
        mean_y = sum(p.y for p in points) / len(points)
        spread = sum((p.x - mean_x) ** 2 for p in points)
        if spread == 0:
            raise ValueError("points: all have x = %g: no line of this form" % mean_x)
        slope = sum((p.x - mean_x) * (p.y - mean_y) for p in points) / spread
        return {"slope": slope, "intercept": mean_y - slope * mean_x}
