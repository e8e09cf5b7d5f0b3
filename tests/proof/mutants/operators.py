"""Mutants of Python code: each is one small change of a syntax tree.

The changes are the usual ones of mutation testing: another comparison, another number, another text, a condition that
always or never holds, a missing statement, argument, filter or default.
"""

import ast
import copy
import functools
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Change = Callable[[], None]
"""Makes a mutant of a syntax tree. Nothing undoes it, so each mutant is made in a process of its own."""


@dataclass(frozen=True)
class Mutant:
    """A change of one file. `file` is relative to the project's folder.

    `statement` is the number of the statement in the file that the change is in, or None if Python runs the changed
    code when it imports the module.
    """

    file: str
    line: int
    column: int
    kind: str
    change: Change = field(compare=False, repr=False)
    statement: int | None = None
    number: int = 1

    @property
    def name(self) -> str:
        """A name that no other mutant has. `number` counts equal changes that begin at the same place."""
        again = f" ({self.number})" if self.number > 1 else ""
        return f"{self.file}:{self.line}:{self.column} {self.kind}{again}"


FLIPPED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
COMPUTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
CALLED = {
    "min": "max",
    "max": "min",
    "any": "all",
    "all": "any",
    "sorted": "list",
    "fullmatch": "match",
    "match": "search",
    "startswith": "endswith",
    "endswith": "startswith",
    "lower": "upper",
    "upper": "lower",
    "lstrip": "rstrip",
    "rstrip": "lstrip",
}
NOT_RUN = (ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal, ast.Pass)


def mutants_of(root: Path, file: str) -> tuple[ast.Module, list[Mutant]]:
    """The syntax tree of a file, and its mutants."""
    tree = ast.parse((root / file).read_text())
    found = _Finder(file)
    found.body(tree.body, None)
    return tree, found.mutants


def instrumented(tree: ast.Module, marker: str) -> ast.Module:
    """A copy of a tree in which each statement of a function first calls `marker` with its number."""
    tree = copy.deepcopy(tree)
    finder = _Finder("")
    finder.body(tree.body, None)
    for holder, body in finder.bodies:
        marked = [one for statement in body for one in (*_mark(finder, marker, statement), statement)]
        holder(marked)
    return ast.fix_missing_locations(tree)


def _mark(finder: "_Finder", marker: str, statement: ast.stmt) -> list[ast.stmt]:
    if _is_text(statement) or isinstance(statement, ast.Global | ast.Nonlocal):
        return []
    call = ast.Call(ast.Name(marker, ast.Load()), [ast.Constant(finder.numbers[id(statement)])], [])
    return [ast.copy_location(ast.Expr(call), statement)]


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


class _Finder:
    """Walks a tree in a fixed order, so that numbers of statements and mutants are the same in each run."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.mutants: list[Mutant] = []
        self.numbers: dict[int, int] = {}
        self.bodies: list[tuple[Callable[[list[ast.stmt]], None], list[ast.stmt]]] = []
        self._in_function = False
        self._statement: int | None = None
        self._seen: Counter[tuple[int, int, str]] = Counter()

    def add(self, node: ast.AST, kind: str, change: Change) -> None:
        line, column = getattr(node, "lineno", 0), getattr(node, "col_offset", 0)
        self._seen[line, column, kind] += 1
        number = self._seen[line, column, kind]
        self.mutants.append(Mutant(self.file, line, column, kind, change, self._statement, number))

    def body(self, body: list[ast.stmt], holder: Callable[[list[ast.stmt]], None] | None) -> None:
        """Visits the statements of one block. `holder` replaces the block."""
        if self._in_function and holder:
            self.bodies.append((holder, body))
        for place, statement in enumerate(body):
            before = self._statement
            if self._in_function:
                self._statement = self.numbers[id(statement)] = len(self.numbers)
            self.statement(statement, body, place)
            self._statement = before

    def statement(self, node: ast.stmt, body: list[ast.stmt], place: int) -> None:
        if _is_text(node) or isinstance(node, NOT_RUN):
            return
        self._removed(node, body, place)
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                for number, decorator in enumerate(node.decorator_list):
                    self._drop(node.decorator_list, number, decorator, "decorator removed")
                    self.expression(decorator, node.decorator_list, number)
                for number, default in enumerate(node.args.defaults):
                    self.expression(default, node.args.defaults, number)
                for number, keyed in enumerate(node.args.kw_defaults):
                    if keyed is not None:
                        self.expression(keyed, node.args.kw_defaults, number)
                before, self._in_function = (self._in_function, self._statement), True
                self.body(node.body, functools.partial(setattr, node, "body"))
                self._in_function, self._statement = before
            case ast.AnnAssign(annotation=ast.Name(id="TypeAlias")):
                return
            case ast.ClassDef():
                for number, decorator in enumerate(node.decorator_list):
                    self.expression(decorator, node.decorator_list, number)
                self.body(node.body, functools.partial(setattr, node, "body"))
            case _:
                self._fields(node)

    def _fields(self, node: ast.AST) -> None:
        """Visits the parts of a node: blocks of statements, and expressions."""
        self._of_node(node)
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "type_params", "ctx"):
                continue
            if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                self.body(value, functools.partial(setattr, node, name))
            elif isinstance(value, list):
                for number, one in enumerate(value):
                    if isinstance(one, ast.AST):
                        self.expression(one, value, number)
            elif isinstance(value, ast.AST):
                self.expression(value, node, name)

    def expression(self, node: ast.AST, holder: object, key: int | str) -> None:
        """Visits an expression that is `holder[key]`, or the field `key` of `holder`."""

        def put(made: ast.AST) -> None:
            made = ast.copy_location(made, node)
            ast.fix_missing_locations(made)
            if isinstance(holder, list):
                holder[int(key)] = made
            else:
                setattr(holder, str(key), made)

        match node:
            case ast.Constant(value=bool() as value):
                self.add(node, f"{value} -> {not value}", lambda: put(ast.Constant(not value)))
            case ast.Constant(value=int() | float() as number):
                for other in (number + 1, number - 1):
                    self.add(node, f"{number} -> {other}", lambda other=other: put(ast.Constant(other)))  # type: ignore[misc]
            case ast.Constant(value=str() as text):
                self.add(node, f"text {text[:30]!r} changed", lambda: put(ast.Constant(f"{text}X")))
            case ast.Constant(value=bytes() as data):
                self.add(node, "bytes changed", lambda: put(ast.Constant(data + b"X")))
            case ast.BoolOp():
                swapped = ast.Or() if isinstance(node.op, ast.And) else ast.And()
                self.add(node, "and <-> or", lambda: setattr(node, "op", swapped))
                for place, operand in enumerate(node.values):
                    change = functools.partial(_without, node.values, place)
                    if len(node.values) == 2:
                        change = functools.partial(put, node.values[1 - place])
                    self.add(operand, f"operand removed: {_short(operand)}", change)
            case ast.UnaryOp(op=ast.Not()):
                self.add(node, "not removed", lambda: put(node.operand))
            case ast.UnaryOp(op=ast.USub()):
                self.add(node, "minus removed", lambda: put(node.operand))
            case ast.IfExp():
                self.add(node, "condition true", lambda: put(node.body))
                self.add(node, "condition false", lambda: put(node.orelse))
            case ast.JoinedStr():
                self.add(node, "text changed", lambda: node.values.append(ast.copy_location(ast.Constant("X"), node)))
                for part in node.values:
                    if isinstance(part, ast.FormattedValue):
                        self.expression(part.value, part, "value")
                return
            case ast.Subscript(value=ast.Name(id="Literal")):
                return
            case ast.Lambda():
                self.expression(node.body, node, "body")
                return
        self._fields(node)

    def _of_node(self, node: ast.AST) -> None:
        match node:
            case ast.Compare():
                for number, operator in enumerate(node.ops):
                    for other in FLIPPED[type(operator)]:
                        self.add(
                            node,
                            f"{type(operator).__name__} -> {other.__name__}",
                            functools.partial(_put, node.ops, number, other()),
                        )
            case ast.BinOp() | ast.AugAssign():
                if other_op := COMPUTED.get(type(node.op)):
                    self.add(
                        node,
                        f"{type(node.op).__name__} -> {other_op.__name__}",
                        functools.partial(setattr, node, "op", other_op()),
                    )
            case ast.If() | ast.While():
                self.add(node.test, f"condition true: {_short(node.test)}", _test(node, True))
                self.add(node.test, f"condition false: {_short(node.test)}", _test(node, False))
            case ast.comprehension():
                for number, guard in enumerate(node.ifs):
                    self._drop(node.ifs, number, guard, "filter removed")
            case ast.match_case(guard=ast.expr() as guard):
                self.add(guard, "guard removed", functools.partial(setattr, node, "guard", None))
            case ast.Call():
                self._of_call(node)
            case ast.Dict():
                for number, (key, value) in enumerate(zip(node.keys, node.values, strict=True)):
                    if len(node.keys) > 1 or key is None:
                        self.add(value, f"entry removed: {_short(key)}", functools.partial(_no_entry, node, number))
            case ast.Set() | ast.List() | ast.Tuple() if isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
                if isinstance(node, ast.Set | ast.List) and len(node.elts) > 1:
                    for number, one in enumerate(node.elts):
                        self._drop(node.elts, number, one, f"element removed: {_short(one)}")

    def _of_call(self, node: ast.Call) -> None:
        for number, keyword in enumerate(node.keywords):
            self._drop(node.keywords, number, keyword.value, f"argument removed: {keyword.arg}=")
        match node.func:
            case ast.Name(id=name) if name in CALLED:
                self.add(node, f"{name} -> {CALLED[name]}", functools.partial(setattr, node.func, "id", CALLED[name]))
            case ast.Attribute(attr=name) if name in CALLED:
                self.add(node, f"{name} -> {CALLED[name]}", functools.partial(setattr, node.func, "attr", CALLED[name]))
            case ast.Attribute(attr="get" | "pop") if len(node.args) == 2:
                self._drop(node.args, 1, node.args[1], "default removed")

    def _drop(self, among: list[ast.expr] | list[ast.keyword], number: int, node: ast.AST, kind: str) -> None:
        self.add(node, kind, functools.partial(_without, among, number))

    def _removed(self, node: ast.stmt, body: list[ast.stmt], place: int) -> None:
        """Removes a statement, or returns None."""
        match node:
            case ast.Return(value=ast.expr() as value) if not _is_none(value):
                self.add(node, "returns None", functools.partial(setattr, node, "value", None))
            case ast.Expr() | ast.Raise() | ast.AugAssign() | ast.Delete() | ast.Assert():
                self.add(node, f"statement removed: {_short(node)}", lambda: _put(body, place, _nothing(node)))
            case ast.Break() | ast.Continue():
                self.add(node, "statement removed", lambda: _put(body, place, _nothing(node)))
            case ast.Assign(targets=[ast.Subscript() | ast.Attribute()]):
                self.add(node, f"statement removed: {_short(node)}", lambda: _put(body, place, _nothing(node)))


def _test(node: ast.If | ast.While, value: bool) -> Change:
    return lambda: setattr(node, "test", ast.copy_location(ast.Constant(value), node.test))


def _nothing(node: ast.stmt) -> ast.stmt:
    return ast.copy_location(ast.Pass(), node)


def _put(among: list[Any], number: int, made: object) -> None:
    among[number] = made


def _without(among: list[Any], number: int) -> None:
    del among[number]


def _no_entry(node: ast.Dict, number: int) -> None:
    del node.keys[number], node.values[number]


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _short(node: ast.AST | None) -> str:
    text = ast.unparse(node).replace("\n", " ") if node is not None else "**"
    return text if len(text) <= 50 else f"{text[:47]}..."
