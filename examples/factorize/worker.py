"""The worker's program of the factorize job once more, for nodes that run scripts. It gives the same bytes as the one in Go."""

import job_schema_pb2_grpc


class Worker(job_schema_pb2_grpc.WorkerServicer):
    def Factorize(self, request, context):
        n, primes, divisor = request.n, [], 2
        if n < 2:
            raise ValueError("n = %d: the smallest number with a prime is 2" % n)
        while divisor * divisor <= n:
            while n % divisor == 0:
                primes.append(divisor)
                n //= divisor
            divisor += 1 + divisor % 2
        return {"primes": primes + [n] * (n > 1)}
