"""Runs one method of a job's program once.

Standard input: a line of JSON with the rpc and the program's source; then, when the run is known, a line with its variables;
then the request as plain JSON. Standard output: the reply as plain JSON. What the program prints goes to standard error.

An interpreter starts for every run, so what only some runs need is imported late, and nothing here may import re, which alone
takes longer than the interpreter.
"""

import os
import select
import sys
import time

import ain_import
import ain_json
import ain_message

EXIT_BAD_PROGRAM = 64
EXIT_BAD_REPLY = 65
FILE = "program.py"  # how the program is called in its tracebacks
MODULE = "ain_program"  # never __main__: a file's "if __name__ == '__main__'" starts a server of its own


def fail(status, text):
    sys.stderr.write(text.rstrip() + "\n")
    sys.stderr.flush()
    os._exit(status)


def traceback_text(error, source):
    """The traceback from the program's first frame on: the shim's own frames say nothing to its author."""
    import linecache
    import traceback

    linecache.cache[FILE] = (len(source), None, source.splitlines(True), FILE)
    tb = error.__traceback__
    while tb is not None and tb.tb_frame.f_code.co_filename != FILE:
        tb = tb.tb_next
    return "".join(traceback.format_exception(type(error), error, tb))


def sleep(seconds):
    """time.sleep by a relative wait: the engine has no absolute one, which time.sleep itself would ask for."""
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    select.select([], [], [], seconds)


def load_source(source):
    """Compile the program without running any of it, and import what it will ask of the standard library."""
    try:
        tree = compile(source, FILE, "exec", ain_import.ONLY_AST, dont_inherit=True)
        code = compile(tree, FILE, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as e:
        fail(EXIT_BAD_PROGRAM, traceback_text(e, source))
    ain_import.announce(tree)
    for name in ain_import.standard_modules(tree):
        try:
            __import__(name)
        except Exception:
            pass  # the program's own import will say what is wrong, if it gets that far
    return code


def choose_class(module, spec):
    """The class that serves the rpc: the entry point, else the only class of the file with the rpc's method."""
    method, wanted = spec["method"], spec["entry_point"]
    if wanted:
        chosen = getattr(module, wanted, None)
        if not isinstance(chosen, type):
            fail(EXIT_BAD_PROGRAM, "entry point %s: the program has no class of that name" % wanted)
        if not callable(getattr(chosen, method, None)):
            fail(EXIT_BAD_PROGRAM, "entry point %s: the class has no method %s" % (wanted, method))
        return chosen
    service = spec["service"].rpartition(".")[2]
    found = [
        c for c in vars(module).values()
        if isinstance(c, type) and c.__module__ == MODULE and callable(getattr(c, method, None))
    ]
    found = list(dict.fromkeys(found))
    servicers = [c for c in found if any(base.__name__ == service + "Servicer" for base in c.__mro__[1:])]
    for candidates in (servicers, [c for c in found if c.__name__ == service], found):
        if len(candidates) == 1:
            return candidates[0]
    if found:
        names = ", ".join(sorted(c.__name__ for c in found))
        fail(EXIT_BAD_PROGRAM, "classes %s all have a method %s: name one as the entry point" % (names, method))
    fail(EXIT_BAD_PROGRAM, "no class of the program has a method %s: define class %s with def %s(self, request, context)"
         % (method, service, method))


def run_program(code, spec, request, context):
    module = type(sys)(MODULE)
    module.__file__ = FILE
    sys.modules[MODULE] = module
    exec(code, module.__dict__)
    servicer = choose_class(module, spec)()
    value = getattr(servicer, spec["method"])(request, context)
    if hasattr(value, "cr_await"):
        raise ain_message.BadReply("%s is async: define it with plain def" % spec["method"])
    return value


def run_plain(source, args):
    """Runs the program as Python runs a file, and returns its exit status."""
    module = type(sys)("__main__")
    module.__file__ = FILE
    sys.modules["__main__"] = module
    sys.argv = [FILE] + args
    try:
        exec(compile(source, FILE, "exec", dont_inherit=True), module.__dict__)
    except SystemExit as e:
        if e.code is None or isinstance(e.code, int):
            return (e.code or 0) & 255
        sys.stderr.write("%s\n" % (e.code,))
        return 1
    except BaseException as e:
        sys.stderr.write(traceback_text(e, source))
        return 1
    return 0


def main_plain(source):
    """The status is a result, whatever it is: what is wrong with the program shows when it runs, as it does elsewhere."""
    import atexit

    header = ain_json.loads(sys.stdin.buffer.readline())  # waits here until there is a run
    os.environ.clear()
    os.environ.update(header["env"] or {})
    status = run_plain(source, header.get("args") or [])
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            pass  # closed by the program
    os._exit(status)


def main():
    stdin = sys.stdin.buffer
    time.sleep = sleep
    del sys.path[0]  # the shim's folder

    start = ain_json.loads(stdin.readline())
    spec = start["spec"]
    if spec.get("plain"):
        main_plain(start["source"])
    sys.stdout = sys.stderr
    schema = ain_message.Schema(spec)
    ain_import.install(schema, spec["services"])
    code = load_source(start["source"])

    header = ain_json.loads(stdin.readline())  # waits here until there is a run
    os.environ.clear()
    os.environ.update(header["env"] or {})
    # The engine's generator is now keyed by the run's seed, and all of Python's draw from it; one imported before must draw anew.
    if "random" in sys.modules:
        sys.modules["random"].seed()
    request = schema.classes[spec["input"]]._from_plain(ain_json.loads(stdin.read()))
    context = ain_import.Context()
    try:
        value = run_program(code, spec, request, context)
        context.check()
        reply = ain_message.reply_from(schema.classes[spec["output"]], value)
    except ain_message.BadReply as e:
        fail(EXIT_BAD_REPLY, str(e))
    except SystemExit as e:
        sys.stderr.flush()
        fail(1, "the program called exit(%s): return the reply instead" % ("" if e.code is None else e.code))
    except BaseException as e:
        fail(1, traceback_text(e, start["source"]))
    data = ain_json.dumps(reply._to_plain()).encode()
    sys.stderr.flush()
    while data:
        data = data[os.write(1, data):]
    os._exit(0)


main()
