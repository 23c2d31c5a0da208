"""``lime.lime_tabular`` by its own name."""

from kabosu.lime.recurrent import RecurrentTabularExplainer
from kabosu.lime.table_words import TableDomainMapper
from kabosu.lime.tables import LimeTabularExplainer

__all__ = ["LimeTabularExplainer", "RecurrentTabularExplainer", "TableDomainMapper"]
