"""Makes the imports of generated modules resolve: anything_pb2, anything_pb2_grpc and grpc."""

import _ast
import sys

ONLY_AST = _ast.PyCF_ONLY_AST
_Module, _ModuleSpec = type(sys), type(sys.__spec__)


class StatusCode:
    """The status codes of gRPC."""

    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16


class RpcError(Exception):
    """The program gave up through its context."""


class Context:
    """What a method gets as its context: the part of grpc.ServicerContext that makes sense for one run."""

    def __init__(self):
        self._code = StatusCode.OK
        self._details = ""

    def set_code(self, code):
        self._code = code

    def set_details(self, details):
        self._details = details

    def code(self):
        return self._code

    def details(self):
        return self._details

    def abort(self, code, details=""):
        name = next((n for n, c in vars(StatusCode).items() if c == code and n.isupper()), code)
        raise RpcError("%s: %s" % (name, details))

    def is_active(self):
        return True

    def time_remaining(self):
        return None

    def invocation_metadata(self):
        return ()

    def peer(self):
        return ""

    def add_callback(self, callback):
        return True

    def check(self):
        """Raise if the method said through its context that it failed."""
        if self._code not in (StatusCode.OK, None):
            self.abort(self._code, self._details)


class _Stub:
    def __init__(self, *_, **__):
        raise RpcError("a program has no network, so it cannot call a service")


def _unimplemented(name):
    def method(self, request, context):
        context.abort(StatusCode.UNIMPLEMENTED, "%s is not implemented" % name)

    method.__name__ = name
    return method


class _Finder:
    """Finds and loads the modules that a schema stands for."""

    def __init__(self, schema, services):
        self.schema = schema
        self.services = services
        self.packages = set()

    def find_spec(self, name, path=None, target=None):
        if name in self.packages:
            return _ModuleSpec(name, self, is_package=True)
        if name == "grpc" or name.endswith("_pb2") or name.endswith("_pb2_grpc"):
            return _ModuleSpec(name, self)
        return None

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        name = module.__name__
        if name == "grpc":
            module.StatusCode, module.RpcError = StatusCode, RpcError
            module.ServicerContext = Context
        elif name.endswith("_pb2"):
            vars(module).update(self.schema.names)
        elif name.endswith("_pb2_grpc"):
            self.fill_services(module)

    def fill_services(self, module):
        for service in self.services:
            name = service["name"]
            methods = {m: _unimplemented(m) for m in service["methods"]}
            for suffix, value in (
                ("Servicer", type(name + "Servicer", (), methods)),
                ("Stub", type(name + "Stub", (_Stub,), {})),
                ("", _Module(name)),
            ):
                setattr(module, name + suffix, value)
            setattr(module, "add_%sServicer_to_server" % name, lambda servicer, server: None)


_finder = None


def install(schema, services):
    global _finder
    _finder = _Finder(schema, services)
    sys.meta_path.insert(0, _finder)


def _statements(node):
    """All statements below a node, however deep."""
    for group in ("body", "orelse", "finalbody", "handlers", "cases"):
        for inner in getattr(node, group, ()):
            yield inner
            yield from _statements(inner)


def announce(tree):
    """Note the packages that the program expects around generated modules: for a.b.c_pb2 these are a and a.b."""
    for node in _statements(tree):
        names = []
        if isinstance(node, _ast.Import):
            names = [a.name for a in node.names]
        elif isinstance(node, _ast.ImportFrom) and node.module and not node.level:
            names = [node.module] + [node.module + "." + a.name for a in node.names]
        for name in names:
            if name.endswith("_pb2") or name.endswith("_pb2_grpc"):
                parts = name.split(".")[:-1]
                if parts and parts[0] not in sys.stdlib_module_names:
                    _finder.packages.update(".".join(parts[:i + 1]) for i in range(len(parts)))


def standard_modules(tree):
    """The modules of the standard library that the program imports at its top level."""
    for node in tree.body:
        if isinstance(node, _ast.Import):
            names = [a.name for a in node.names]
        elif isinstance(node, _ast.ImportFrom) and node.module and not node.level:
            names = [node.module]
        else:
            continue
        for name in names:
            if name.partition(".")[0] in sys.stdlib_module_names:
                yield name
