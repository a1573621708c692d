"""Agreement among raters: statistics of integer counts that add, take back and merge."""

from prefstream.domain.agreement.categories import (
    MARGINS,
    NOMINAL_CATEGORIES,
    ORDINAL_CATEGORIES,
    nominal,
    ordinal,
)
from prefstream.domain.agreement.cohen import CategoryPair, PairTable, Weights, cohen_kappa
from prefstream.domain.agreement.coincidences import CoincidenceKey, Coincidences, unit_contribution
from prefstream.domain.agreement.compositions import Composition, Compositions, UnitCounts
from prefstream.domain.agreement.gwet import GwetWeights, gwet_ac1, gwet_ac2
from prefstream.domain.agreement.krippendorff import alpha_interval, alpha_nominal, alpha_ordinal
from prefstream.domain.agreement.raw import fleiss_kappa, percent_agreement
from prefstream.domain.agreement.rolling import Rolling
from prefstream.domain.agreement.statistic import Statistic
from prefstream.domain.agreement.units import Cell, Kind, UnitLabel, change, contributions
from prefstream.domain.agreement.windows import AnnotatorPair, Window, figures, kappas, window

__all__ = [
    "MARGINS",
    "NOMINAL_CATEGORIES",
    "ORDINAL_CATEGORIES",
    "AnnotatorPair",
    "CategoryPair",
    "Cell",
    "CoincidenceKey",
    "Coincidences",
    "Composition",
    "Compositions",
    "GwetWeights",
    "Kind",
    "PairTable",
    "Rolling",
    "Statistic",
    "UnitCounts",
    "UnitLabel",
    "Weights",
    "Window",
    "alpha_interval",
    "alpha_nominal",
    "alpha_ordinal",
    "change",
    "cohen_kappa",
    "contributions",
    "figures",
    "fleiss_kappa",
    "gwet_ac1",
    "gwet_ac2",
    "kappas",
    "nominal",
    "ordinal",
    "percent_agreement",
    "unit_contribution",
    "window",
]
