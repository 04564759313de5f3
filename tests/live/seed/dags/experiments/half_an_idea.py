"""Never parsed: its folder is in .airflowignore."""

raise RuntimeError("nobody should parse this")
