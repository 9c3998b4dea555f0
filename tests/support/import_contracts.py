"""A contract for import-linter: which packages a set of modules may need. Named in pyproject.toml."""

import sys

from importlinter import Contract, ContractCheck, fields, output
from importlinter.application import contract_utils
from importlinter.application.contract_utils import AlertLevel
from importlinter.domain.helpers import module_expressions_to_modules


class AllowedPackages(Contract):
    """Modules that load, themselves or through others, this project, the standard library and nothing else.

    Options: `source_modules` (with all below them), `except_modules` (with all below them), `allowed_packages`,
    `ignore_imports`. As Python does, a module also loads the packages that it stands in.
    """

    type_name = "allowed_packages"

    source_modules = fields.SetField(subfield=fields.ModuleExpressionField())
    except_modules = fields.SetField(subfield=fields.ModuleExpressionField(), required=False, default=set())
    allowed_packages = fields.SetField(subfield=fields.StringField(), required=False, default=set())
    ignore_imports = fields.SetField(subfield=fields.ImportExpressionField(), required=False, default=set())
    unmatched_ignore_imports_alerting = fields.EnumField(AlertLevel, default=AlertLevel.ERROR)

    def check(self, graph, verbose):
        """Follow all imports from the sources; kept when no other package is reached."""
        warnings = contract_utils.remove_ignored_imports(
            graph, self.ignore_imports, self.unmatched_ignore_imports_alerting
        )
        sources, spared = (
            {module.name for module in module_expressions_to_modules(graph, names, True, True)}
            for names in (self.source_modules, self.except_modules)
        )
        own = set(self.session_options["root_packages"])
        known = own | self.allowed_packages | sys.stdlib_module_names
        chains = [
            chain
            for module, chain in _reached(graph, sorted(sources - spared)).items()
            if module.split(".")[0] not in known
        ]
        return ContractCheck(kept=not chains, warnings=warnings, metadata={"chains": sorted(chains)})

    def render_broken_contract(self, check):
        """Print how each package is reached."""
        for chain in check.metadata["chains"]:
            output.print_error(f"{chain[-1]} is not among {sorted(self.allowed_packages)}:", bold=True)
            output.print_error("    " + " -> ".join(chain), bold=False)
        output.new_line()


def _reached(graph, sources):
    """{module: the chain of imports that leads to it} for all that the sources load."""
    chains = {module: (module,) for module in sources}
    waiting = list(sources)
    while waiting:
        module = waiting.pop(0)
        parents = {module.rsplit(".", count)[0] for count in range(1, module.count(".") + 1)}
        for other in sorted(graph.find_modules_directly_imported_by(module) | parents):
            if other not in chains and other in graph.modules:
                chains[other] = (*chains[module], other)
                waiting.append(other)
    return chains
