"""What names mean in one module: import aliases and constants, so that `T(trigger_dag_id=X)` can be read."""

from __future__ import annotations

import ast


class Names:
    """Imports and top-level assignments of a module.

    `assigned` maps a name to the expression it was given, only where it was given one exactly once: a name that
    changes has no one meaning.
    """

    def __init__(self, tree: ast.Module) -> None:
        self.aliases: dict[str, str] = {}
        self.modules: dict[str, str] = {}
        """imported name -> the module it comes from"""
        self.assigned: dict[str, ast.expr] = {}
        self._ambiguous: set[str] = set()
        for node in ast.walk(tree):
            self._learn(node)
        for name in self._ambiguous:
            self.assigned.pop(name, None)

    def _learn(self, node: ast.AST) -> None:
        match node:
            case ast.ImportFrom(names=names):
                self.aliases.update({alias.asname or alias.name: alias.name for alias in names})
                self.modules.update({alias.asname or alias.name: node.module or "" for alias in names})
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    self._assign(target, value)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self._assign(target, value)
            case ast.withitem(context_expr=value, optional_vars=ast.expr() as target):
                self._assign(target, value)
            case ast.For() | ast.AsyncFor() | ast.AugAssign() | ast.comprehension():
                self._changes(node.target)
            case ast.arg(arg=name):
                # A parameter hides a constant of the same name, and nothing says what it will be.
                self._ambiguous.add(name)
            case _:
                pass

    def _assign(self, target: ast.expr, value: ast.expr) -> None:
        if not isinstance(target, ast.Name):
            self._changes(target)
        elif target.id in self.assigned:
            self._ambiguous.add(target.id)
        else:
            self.assigned[target.id] = value

    def _changes(self, target: ast.expr) -> None:
        self._ambiguous.update(part.id for part in ast.walk(target) if isinstance(part, ast.Name))

    def origin(self, node: ast.expr) -> str:
        """The name something was imported under its own name as: `T` -> `TriggerDagRunOperator`; "" for no name.

        `models.Variable` -> `Variable`: which module it came through does not matter.
        """
        if isinstance(node, ast.Name):
            return self.aliases.get(node.id, node.id)
        if isinstance(node, ast.Attribute):
            return node.attr
        return ""

    def called(self, node: ast.Call) -> str:
        """What a call calls."""
        return self.origin(node.func)

    def owner(self, node: ast.Call) -> str:
        """What a called method belongs to: `Variable` for `Variable.get(...)`; "" for a plain function."""
        return self.origin(node.func.value) if isinstance(node.func, ast.Attribute) else ""

    def text(self, node: ast.expr | None, depth: int = 0) -> str | None:
        """The string an expression always is, or None where that takes running it.

        Follows names of constants, f-strings and `+` of such; `depth` stops `X = X`.
        """
        if depth > 20 or node is None:
            return None
        if isinstance(node, ast.Constant):
            return node.value if isinstance(node.value, str) else None
        if isinstance(node, ast.Name):
            return self.text(self.assigned.get(node.id), depth + 1)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return self._join([node.left, node.right], depth)
        if isinstance(node, ast.JoinedStr):
            return self._join(node.values, depth)
        if isinstance(node, ast.FormattedValue) and node.conversion == -1 and node.format_spec is None:
            return self.text(node.value, depth + 1)
        return None

    def _join(self, nodes: list[ast.expr], depth: int) -> str | None:
        parts = [self.text(node, depth + 1) for node in nodes]
        return None if None in parts else "".join(part for part in parts if part is not None)
