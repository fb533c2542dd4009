"""The program inside the sandbox: takes its limits, reads code from standard input and runs it.

It runs by path in an interpreter without Tamsa, so it imports the standard library alone. Limits come
as JSON in the first argument, folders of libraries in the rest.
"""

import ast
import json
import linecache
import os
import resource
import sys


def main() -> None:
    """Run the code that comes on standard input."""
    limits = json.loads(sys.argv[1])
    sys.path.extend(sys.argv[2:])
    source = sys.stdin.buffer.read().decode("utf-8", "replace")
    null = os.open("/dev/null", os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    for name, value in limits.items():
        kind = getattr(resource, f"RLIMIT_{name}")
        # one second between the signal that can be caught and the one that cannot
        wanted = (value, value + 1) if name == "CPU" else (value, value)
        ceiling = resource.getrlimit(kind)[1]
        if ceiling != resource.RLIM_INFINITY:
            wanted = (min(wanted[0], ceiling), min(wanted[1], ceiling))
        resource.setrlimit(kind, wanted)
    run(source)


def run(source: str) -> None:
    """Execute a program; the value of a last bare expression is printed, as in an interactive session."""
    name = "<code>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    try:
        tree = ast.parse(source, name)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        if isinstance(error, SyntaxError) and error.text:
            print(f"  {error.text.rstrip()}", file=sys.stderr)
        sys.exit(1)
    last = None
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        last = ast.Expression(tree.body.pop().value)  # type: ignore[attr-defined]
    names: dict[str, object] = {"__name__": "__main__", "__builtins__": __builtins__}
    sys.argv[1:] = []
    try:
        exec(compile(tree, name, "exec"), names)
        if last is not None:
            value = eval(compile(last, name, "eval"), names)
            if value is not None:
                print(repr(value))
    except SystemExit:
        raise
    except BaseException as error:
        show(error)
        sys.exit(1)


def show(error: BaseException) -> None:
    """Print the traceback without the frames of this file."""
    import traceback

    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename != "<code>":
        trace = trace.tb_next
    traceback.print_exception(type(error), error, trace, limit=-12)


if __name__ == "__main__":
    main()
