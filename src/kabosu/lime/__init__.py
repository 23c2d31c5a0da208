"""lime's modules and classes over kabosu: change one import, ``from kabosu.lime.lime_tabular import LimeTabularExplainer``.

Same names, signatures, samples and numbers; the faults of lime are mended unless ``fix(False)`` or ``bug_compatible=True``
asks for them. docs/migrating.md says what changes.
"""

from kabosu.lime.faults import FAULTS, fix

__all__ = ["FAULTS", "fix"]
