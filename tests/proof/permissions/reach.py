"""Which AWS calls the code of a function may make, and with which of its settings. Reads the code, and runs nothing.

From the handler on it follows each call, import, decorator and reference. A value is the set of all things that an
expression may be: an environment variable, a client of boto3, a constant, a function, an object. It does not tell apart
in which order things happen, or the items of a list or a dictionary. So it may find more calls than the code makes, and
no fewer. What it cannot follow, it reports in `Reach.unknown`.
"""

import ast
import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, product
from pathlib import Path
from typing import Any, TypeAlias

import boto3
import botocore.session
from botocore import xform_name

LAMBDAS = Path(__file__).parents[3] / "lambdas"

Thing: TypeAlias = tuple[Any, ...]
Value: TypeAlias = frozenset[Thing]
NOTHING: Value = frozenset()
ANYTHING: Value = frozenset({("any",)})
RESOURCE = "ResourceProperties"
"""Only these fields of an event say what to call: CloudFormation sends the properties of a custom resource."""
DEPTH = 4
"""The length of a path into an event: `("event", "ResourceProperties", "Archive", "Bucket")`."""
CHANGES = {"append", "add", "update", "extend", "setdefault"}
"""Methods that put their arguments into the object."""


NAME, VARIABLE = re.compile("[A-Z_][A-Za-z_]{1,40}"), re.compile("[A-Z][A-Z_]{1,40}")
"""Which texts are values: names of variables, indexes and fields of events, and also of services and operations. A text
that is put together can only be the name of a variable."""
MOST_JOINED = 100


@dataclass(frozen=True)
class Call:
    """A call of AWS in the code: the values of its parameters, by name. `None` has the values of `**parameters`."""

    service: str
    operation: str
    parameters: Mapping[str | None, Value] = field(hash=False, compare=False)
    place: str


@dataclass(eq=False)
class Unit:
    """A module, function or lambda: a body with names of its own."""

    module: str
    name: str
    node: Any
    outer: "Unit | None" = None
    owner: Thing | None = None
    """The class of a method."""

    @property
    def parameters(self) -> list[str]:
        given = self.node.args
        return [one.arg for one in (*given.posonlyargs, *given.args)]


@functools.cache
def operations(service: str) -> Mapping[str, str]:
    """The operations of a service by the names of boto3's methods."""
    model = botocore.session.get_session().get_service_model(service)
    return {xform_name(name): name for name in model.operation_names}


@functools.cache
def tree_of(module: str) -> ast.Module | None:
    path = LAMBDAS.joinpath(*module.split("."))
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.is_file():
            return ast.parse(file.read_text(), str(file.relative_to(LAMBDAS)))
    return None


class Reach:
    """Everything that a function may do, from its `handler`, such as `orders.get_order.handler`."""

    def __init__(self, handler: str) -> None:
        self.unknown: set[str] = set()
        self.variables: set[str] = set()
        """The environment variables without which the code fails: it reads `os.environ["STAGE"]`."""
        self._calls: dict[tuple[str, str, str], dict[str | None, Value]] = {}
        self._values: dict[Any, Value] = {}
        self._readers: dict[Any, set[Unit]] = {}
        self._units: dict[Any, Unit] = {}
        self._waiting: dict[Unit, None] = {}
        self._classes: dict[Thing, ast.ClassDef] = {}
        self._now: Unit
        module, _, name = handler.rpartition(".")
        self._import(module)
        self._work()
        for thing in self._values.get((module, name), NOTHING):
            if thing[0] == "function":
                self._enter(thing, [frozenset({("event",)})], {})
        self._work()

    @property
    def calls(self) -> list[Call]:
        return [Call(service, name, given, place) for (service, name, place), given in self._calls.items()]

    # Units

    def _work(self) -> None:
        while self._waiting:
            unit = self._now = next(iter(self._waiting))
            del self._waiting[unit]
            if isinstance(unit.node, ast.Lambda):
                self._add((unit, "return"), self._of(unit.node.body))
            else:
                self._run(unit.node.body)

    def _again(self, unit: Unit) -> None:
        self._waiting[unit] = None

    def _import(self, module: str) -> bool:
        """Runs a module of the project, and the packages that it is in. Returns whether there is one."""
        if (tree := tree_of(module)) is None:
            return False
        if module not in self._units:
            self._units[module] = unit = Unit(module, "", tree)
            self._again(unit)
            if "." in module:
                self._import(module.rpartition(".")[0])
        return True

    def _define(self, node: Any, name: str, owner: Thing | None = None) -> Thing:
        """The function at `node`, which the current unit defines."""
        key = (self._now.module, node.lineno, node.col_offset, name)
        if key not in self._units:
            self._units[key] = Unit(self._now.module, name, node, outer=self._now, owner=owner)
        return ("function", key, None)

    def _enter(self, thing: Thing, given: Sequence[Value], named: Mapping[str | None, Value]) -> Value:
        """Calls a function. Returns what it may return."""
        unit = self._units[thing[1]]
        if (unit, "entered") not in self._values:
            self._values[(unit, "entered")] = NOTHING
            self._again(unit)
        arguments = unit.node.args
        parameters = unit.parameters
        if thing[2] and parameters:
            given = [frozenset({thing[2]}), *given]
        for parameter, value in zip(parameters, given, strict=False):
            self._add((unit, parameter), value)
        rest = frozenset().union(*given[len(parameters) :])
        if arguments.vararg:
            self._add((unit, arguments.vararg.arg), rest)
        names = {*parameters, *(one.arg for one in arguments.kwonlyargs)}
        for name, value in named.items():
            if name in names:
                self._add((unit, name), value)
            elif name is None:
                for one in names:
                    self._add((unit, one), value)
            elif arguments.kwarg:
                self._add((unit, arguments.kwarg.arg), value)
        return self._read((unit, "return"))

    def _defaults(self, unit: Unit) -> None:
        arguments = unit.node.args
        positional = [*arguments.posonlyargs, *arguments.args]
        pairs = [
            *zip(positional[len(positional) - len(arguments.defaults) :], arguments.defaults, strict=True),
            *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
        ]
        for parameter, default in pairs:
            if default is not None:
                # Not a reason to skip a branch: the call may give another value.
                self._add((unit, parameter.arg), self._of(default) | {("any",)})

    # Values

    def _add(self, key: Any, value: Value) -> None:
        before = self._values.get(key, NOTHING)
        if not value <= before:
            self._values[key] = before | value
            for unit in self._readers.get(key, ()):
                self._again(unit)

    def _read(self, key: Any) -> Value:
        self._readers.setdefault(key, set()).add(self._now)
        return self._values.get(key, NOTHING)

    def _assign(self, target: ast.expr, value: Value) -> None:
        match target:
            case ast.Name(id=name):
                self._add(self._key(name), value)
            case ast.Attribute(value=of, attr=name):
                for thing in self._of(of):
                    if thing[0] == "object":
                        self._add((thing[1], name), value)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                for part in parts:
                    self._assign(part, value)
            case ast.Starred(value=part):
                self._assign(part, value)
            case ast.Subscript(value=of):
                self._assign(of, value)

    def _key(self, name: str) -> Any:
        return (self._now.module, name) if isinstance(self._now.node, ast.Module) else (self._now, name)

    def _name(self, name: str) -> Value:
        unit: Unit | None = self._now
        while unit and not isinstance(unit.node, ast.Module):
            if found := self._read((unit, name)):
                return found
            unit = unit.outer
        return self._read((self._now.module, name)) or _outside(f"builtins.{name}")

    # Statements

    def _run(self, body: Iterable[ast.stmt]) -> None:
        for statement in body:
            self._statement(statement)

    def _statement(self, node: ast.stmt) -> None:
        match node:
            case ast.FunctionDef(name=name):
                self._add(self._key(name), self._decorated(node, self._define(node, name)))
            case ast.ClassDef():
                self._class(node)
            case ast.Import(names=names):
                for one in names:
                    ours = self._import(one.name)
                    first = one.name if one.asname else one.name.partition(".")[0]
                    found = frozenset({("module", first)}) if ours else _outside(first)
                    self._add(self._key(one.asname or first), found)
            case ast.ImportFrom(module=str(module), names=names):
                for one in names:
                    self._add(self._key(one.asname or one.name), self._imported(module, one.name))
            case ast.Return(value=value) if value:
                self._add((self._now, "return"), self._of(value))
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)) if len(targets) == len(
                values
            ):
                for target, value in zip(targets, values, strict=True):
                    self._assign(target, self._of(value))
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    self._assign(target, self._of(value))
            case ast.AnnAssign(target=target, value=value) if value:
                self._assign(target, self._of(value))
            case ast.AugAssign(target=target, value=value):
                self._assign(target, self._of(value))
            case ast.For(target=target, iter=items, body=body, orelse=other):
                self._assign(target, self._of(items))
                self._run([*body, *other])
            case ast.If(test=test, body=body, orelse=other):
                self._run([*self._taken(test, body, other)])
            case ast.While(test=test, body=body, orelse=other):
                self._of(test)
                self._run([*body, *other])
            case ast.With(items=items, body=body):
                for item in items:
                    self._with(item)
                self._run(body)
            case ast.Try(body=body, handlers=handlers, orelse=other, finalbody=final):
                self._run([*body, *(one for handler in handlers for one in handler.body), *other, *final])
            case ast.Match(subject=subject, cases=cases):
                found = self._of(subject)
                for case in cases:
                    for part in ast.walk(case.pattern):
                        if isinstance(part, ast.MatchAs | ast.MatchStar) and part.name:
                            self._add(self._key(part.name), found)
                    if case.guard:
                        self._of(case.guard)
                    self._run(case.body)
            case ast.Expr() | ast.Raise() | ast.Assert() | ast.Delete():
                for child in ast.iter_child_nodes(node):
                    if isinstance(child, ast.expr):
                        self._of(child)
            case ast.Pass() | ast.Continue() | ast.Break() | ast.Global() | ast.Nonlocal():
                if isinstance(node, ast.Global):
                    for name in node.names:
                        self._add((self._now, name), self._read((self._now.module, name)))
            case ast.Return() | ast.AnnAssign():
                pass
            case _:
                self._unsure(node, type(node).__name__)

    def _taken(self, test: ast.expr, body: Any, other: Any) -> list[Any]:
        """The branches that may run. A constant argument, such as `remove=False`, decides."""
        found = self._of(test)
        if found and all(thing[0] == "constant" for thing in found):
            if not any(thing[1] for thing in found):
                return list(other)
            if all(thing[1] for thing in found):
                return list(body)
        return [*body, *other]

    def _with(self, item: ast.withitem) -> None:
        found = self._of(item.context_expr)
        entered = frozenset().union(*(self._method(thing, "__enter__") for thing in found), found)
        if item.optional_vars:
            self._assign(item.optional_vars, entered)

    def _method(self, thing: Thing, name: str) -> Value:
        found = self._attribute(thing, name) if thing[0] == "object" else NOTHING
        return frozenset().union(*(self._enter(one, [], {}) for one in found if one[0] == "function"))

    def _imported(self, module: str, name: str) -> Value:
        if not self._import(module):
            return _outside(f"{module}.{name}")
        if self._import(f"{module}.{name}"):
            return frozenset({("module", f"{module}.{name}")})
        return self._read((module, name))

    def _decorated(self, node: ast.FunctionDef, function: Thing) -> Value:
        self._defaults(self._units[function[1]])
        found = frozenset({function})
        for one in node.decorator_list:
            decorator = self._of(one)
            kept = {thing for thing in decorator if thing[0] == "function"}
            found |= frozenset().union(*(self._enter(thing, [found], {}) for thing in kept))
        return found

    def _class(self, node: ast.ClassDef) -> None:
        thing = ("class", (self._now.module, node.name))
        self._classes[thing] = node
        for base in node.bases:
            self._add((thing[1], "its bases"), frozenset(one for one in self._of(base) if one[0] == "class"))
        for statement in node.body:
            match statement:
                case ast.FunctionDef(name=name):
                    function = self._define(statement, f"{node.name}.{name}", owner=thing)
                    self._defaults(self._units[function[1]])
                    kinds = {one.id for one in statement.decorator_list if isinstance(one, ast.Name)}
                    self._add((thing[1], name), frozenset({("method", function[1], frozenset(kinds))}))
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    self._add((thing[1], name), self._of(value))
                case ast.AnnAssign(target=ast.Name(id=name), value=value) if value:
                    self._add((thing[1], name), self._of(value))
        self._add(self._key(node.name), frozenset({thing}))

    # Expressions

    def _of(self, node: ast.expr | None) -> Value:
        match node:
            case ast.Constant(value=value):
                return frozenset({("constant", value)}) if _is_name(value) else ANYTHING
            case ast.Name(id=name):
                return self._name(name)
            case ast.Attribute(value=of, attr=name):
                return frozenset().union(*(self._attribute(thing, name) for thing in self._of(of)))
            case ast.Subscript(value=of, slice=index):
                return self._item(self._of(of), self._of(index))
            case ast.Call():
                return self._call(node)
            case ast.IfExp(test=test, body=one, orelse=other):
                return frozenset().union(*map(self._of, self._taken(test, [one], [other])))
            case ast.JoinedStr(values=values):
                return self._joined([self._of(value) for value in values])
            case ast.FormattedValue(value=value):
                return self._of(value)
            case ast.Lambda():
                function = self._define(node, "lambda")
                self._defaults(self._units[function[1]])
                return frozenset({function})
            case ast.ListComp(elt=one) | ast.SetComp(elt=one) | ast.GeneratorExp(elt=one):
                return self._comprehended(node.generators, one)
            case ast.DictComp(key=key, value=value):
                return self._comprehended(node.generators, key, value)
            case ast.NamedExpr(target=target, value=value):
                found = self._of(value)
                self._assign(target, found)
                return found
            case ast.Yield(value=value) | ast.YieldFrom(value=value):
                self._add((self._now, "return"), self._of(value) if value else NOTHING)
                return NOTHING
            case ast.Compare(left=left, comparators=others):
                for one in (left, *others):
                    self._of(one)
                return ANYTHING
            case ast.UnaryOp(op=ast.Not(), operand=one):
                found = self._of(one)
                sure = found and all(thing[0] == "constant" for thing in found)
                return frozenset(("constant", not thing[1]) for thing in found) if sure else ANYTHING
            case None:
                return NOTHING
            case _:
                parts = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
                return frozenset().union(*map(self._of, parts))

    def _comprehended(self, generators: list[ast.comprehension], *parts: ast.expr) -> Value:
        for one in generators:
            self._assign(one.target, self._of(one.iter))
            for test in one.ifs:
                self._of(test)
        # Its items do not say whether it is empty.
        return ANYTHING.union(*map(self._of, parts))

    def _joined(self, parts: list[Value]) -> Value:
        texts = [[thing[1] for thing in part if thing[0] == "constant"] for part in parts]
        made = {"".join(map(str, one)) for one in islice(product(*texts), MOST_JOINED)}
        found = {("joined", text) for text in made if VARIABLE.fullmatch(text)}
        return frozenset(found).union(*([thing for thing in part if thing[0] != "constant"] for part in parts))

    def _item(self, of: Value, index: Value) -> Value:
        keys = {thing[1] for thing in index if thing[0] in ("constant", "joined") and isinstance(thing[1], str)}
        found = set()
        for thing in of:
            if thing == ("outside", "os.environ"):
                self.variables |= {key for key in keys if VARIABLE.fullmatch(key)}
                found |= {("variable", key) for key in keys}
            elif thing[0] == "event":
                found |= {(*thing, key) for key in keys if len(thing) < DEPTH and (len(thing) > 1 or key == RESOURCE)}
            elif thing[0] != "module":
                found.add(thing)
        return frozenset(found)

    def _attribute(self, thing: Thing, name: str) -> Value:
        match thing:
            case ("module", module):
                if self._import(f"{module}.{name}"):
                    return frozenset({("module", f"{module}.{name}")})
                return self._read((module, name))
            case ("outside", dotted):
                return _outside(f"{dotted}.{name}")
            case ("client", service) if name in operations(service):
                return frozenset({("operation", service, name, None)})
            case ("client" | "paginator" | "resource", *_):
                return self._of_client(thing, name)
            case ("table", variable):
                if name == "name":
                    return frozenset({("variable", variable)})
                return self._operation("dynamodb", name, variable)
            case ("object" | "class", key):
                return self._member(thing, key, name)
        return NOTHING

    def _of_client(self, thing: Thing, name: str) -> Value:
        if thing[0] == "paginator":
            return frozenset({("operation", thing[1], thing[2], None)}) if name == "paginate" else NOTHING
        if name in ("get_paginator", "Table"):
            return frozenset({("makes", name, thing[1])})
        return self._operation(thing[1], name, None) if thing[0] == "resource" else NOTHING

    def _operation(self, service: str, name: str, table: str | None) -> Value:
        return frozenset({("operation", service, name, table)}) if name in operations(service) else NOTHING

    def _member(self, thing: Thing, key: Any, name: str) -> Value:
        found = set()
        for one in self._read((key, name)):
            if one[0] != "method":
                found.add(one)
                continue
            _, unit, kinds = one
            bound = thing if thing[0] == "object" else ("object", key)
            function = ("function", unit, bound)
            if kinds & {"property"} and thing[0] == "object":
                found |= self._enter(function, [], {})
            elif "staticmethod" in kinds or (thing[0] == "class" and "classmethod" not in kinds):
                found.add(("function", unit, None))
            else:
                found.add(("function", unit, ("class", key) if "classmethod" in kinds else bound))
        for base in self._read((key, "its bases")):
            found |= self._member((thing[0], base[1]), base[1], name)
        return frozenset(found)

    # Calls

    def _call(self, node: ast.Call) -> Value:
        of: Value = NOTHING
        if isinstance(node.func, ast.Attribute):
            of = self._of(node.func.value)
            called = frozenset().union(*(self._attribute(thing, node.func.attr) for thing in of))
            self._check(node, node.func.attr, of)
        else:
            called = self._of(node.func)
        given = [self._of(one) for one in node.args]
        named: dict[str | None, Value] = {}
        for one in node.keywords:
            named[one.arg] = named.get(one.arg, NOTHING) | self._of(one.value)
        found: Value = NOTHING
        for thing in called:
            found |= self._called(thing, node, given, named)
        everything = frozenset().union(*given, *named.values())
        if isinstance(node.func, ast.Attribute) and called <= ANYTHING:
            # A method of a list, a dictionary or a text.
            if node.func.attr in CHANGES:
                self._assign(node.func.value, everything)
            keys = given[0] if given else NOTHING
            self._hand_over(given)
            return (self._item(of, keys) if node.func.attr == "get" else of) | everything
        return found

    def _called(self, thing: Thing, node: ast.Call, given: Sequence[Value], named: Mapping[str | None, Value]) -> Value:
        match thing:
            case ("function", *_):
                return self._enter(thing, given, named)
            case ("class", key):
                return self._made(thing, key, given, named)
            case ("object", _):
                return self._of_object(thing, given, named)
            case ("operation", service, name, table):
                self._made_call(service, name, table, node, given, named)
                return NOTHING
            case ("makes", "get_paginator", service):
                return frozenset(("paginator", service, text) for text in _texts(given))
            case ("makes", "Table", _):
                return frozenset(("table", one[1]) for one in given[0] if one[0] == "variable")
            case ("outside", "boto3.client"):
                return frozenset(("client", text) for text in _texts(given) if text in _services())
            case ("outside", "boto3.resource"):
                return frozenset(("resource", text) for text in _texts(given))
            case ("outside", "os.environ.get"):
                return frozenset(("variable", text) for text in _texts(given[:1]))
            case ("outside", "builtins.getattr"):
                pairs = product(given[0], _texts(given[1:2]))
                return frozenset().union(*(self._attribute(one, name) for one, name in pairs))
            case ("outside", "functools.partial"):
                for one in given[0]:
                    if one[0] == "function":
                        self._enter(one, given[1:], named)
                return given[0]
            case ("outside", dotted):
                self._hand_over([*given, *named.values()])
                everything = frozenset().union(*given, *named.values())
                if dotted in LIBRARIES:
                    for service, name, parameter, variable in LIBRARIES[dotted]:
                        self._made_call(service, name, None, node, [], {parameter: named[variable]})
                return everything
            case ("any",):
                self._hand_over([*given, *named.values()])
                return frozenset().union(*given, *named.values())
        return NOTHING

    def _hand_over(self, given: Iterable[Value]) -> None:
        """Code outside of the project may call a function that it is given."""
        for thing in frozenset().union(*given):
            if thing[0] == "function":
                self._enter(thing, [], {})

    def _of_object(self, thing: Thing, given: Sequence[Value], named: Mapping[str | None, Value]) -> Value:
        found = self._attribute(thing, "__call__")
        return frozenset().union(*(self._enter(one, given, named) for one in found if one[0] == "function"))

    def _made(self, thing: Thing, key: Any, given: Sequence[Value], named: Mapping[str | None, Value]) -> Value:
        made = ("object", key)
        node = self._classes[thing]
        init = {one for one in self._attribute(made, "__init__") if one[0] == "function"}
        for one in init:
            self._enter(one, given, named)
        if not init:
            fields = [one.target.id for one in node.body if isinstance(one, ast.AnnAssign)]  # type: ignore[union-attr]
            for name, value in (*zip(fields, given, strict=False), *named.items()):
                for each in fields if name is None else [name]:
                    self._add((key, each), value)
        for statement in node.body:
            if (
                isinstance(statement, ast.FunctionDef)
                and statement.name.startswith("__")
                and statement.name != "__init__"
            ):
                self._method(made, statement.name)
        return frozenset({made})

    def _made_call(
        self,
        service: str,
        name: str,
        table: str | None,
        node: ast.Call,
        given: Sequence[Value],
        named: Mapping[str | None, Value],
    ) -> None:
        place = f"{self._now.module}:{node.lineno}"
        known = self._calls.setdefault((service, operations(service)[name], place), {})
        extra = {"TableName": frozenset({("variable", table)})} if table else {}
        for parameter, value in (*named.items(), *extra.items()):
            known[parameter] = known.get(parameter, NOTHING) | value

    def _check(self, node: ast.Call, name: str, of: Value) -> None:
        """Reports a call that looks like one of AWS and whose client is unknown."""
        if name in _distinct():
            place = f"{self._now.module}:{node.lineno} calls {name} of something unknown"
            # A later round may find what it is.
            (self.unknown.discard if of else self.unknown.add)(place)

    def _unsure(self, node: Any, what: str) -> None:
        self.unknown.add(f"{self._now.module}:{node.lineno} {what}")


LIBRARIES: Mapping[str, Sequence[tuple[str, str, str, str]]] = {
    # Reads nothing: a refused write returns the record (`ReturnValuesOnConditionCheckFailure`).
    # https://docs.aws.amazon.com/powertools/python/latest/utilities/idempotency/#required-resources
    "aws_lambda_powertools.utilities.idempotency.DynamoDBPersistenceLayer": [
        ("dynamodb", name, "TableName", "table_name") for name in ("put_item", "update_item", "delete_item")
    ],
}
"""The calls that a class of another package makes: service, method, and the argument that has a parameter's value."""


KNOWN = {
    *("boto3.client", "boto3.resource", "os.environ.get", "functools.partial", "builtins.getattr"),
    *LIBRARIES,
}
"""What this module knows of other packages."""


def _is_name(value: object) -> bool:
    if isinstance(value, str):
        return bool(NAME.fullmatch(value)) or value in _services() or value in _distinct()
    return value is None or isinstance(value, bool)


def _outside(dotted: str) -> Value:
    """Something of another package, if this module knows what it does."""
    known = any(one == dotted or one.startswith(f"{dotted}.") for one in KNOWN)
    return frozenset({("outside", dotted)}) if known else ANYTHING


def _texts(values: Iterable[Value]) -> list[str]:
    return [one[1] for value in values for one in value if one[0] == "constant" and isinstance(one[1], str)]


@functools.cache
def _services() -> frozenset[str]:
    return frozenset(boto3.session.Session().get_available_services())


@functools.cache
def _distinct() -> frozenset[str]:
    """Names of operations that no other method in the project has."""
    used = ("cognito-idp", "dynamodb", "s3", "secretsmanager", "ses", "sesv2", "sns", "sqs", "stepfunctions")
    return frozenset(name for service in used for name in operations(service) if "_" in name)
