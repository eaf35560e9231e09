"""What the made-up patients have: 38 DRGs with real codes, stays and weights. Facts only, no drawing.

Sources. DRG, relative weight, GMLOS, AMLOS: CMS IPPS FY 2026 final rule, Table 5 (MS-DRG v43). ICD-10-CM and
ICD-10-PCS codes with their CCS categories: AHRQ CCS 2019.1 for ICD-10. UB-04 patient discharge status codes: FL 17.
Shares, risks and mortality are invented, chosen so that the whole looks like an American community system.
"""

from __future__ import annotations

from dataclasses import dataclass

CCS_UNMAPPED = 0
"""The CCS of a code that the 2019.1 map does not know (COVID-19, U07.1, came later)."""


@dataclass(frozen=True, slots=True)
class Archetype:
    """One kind of stay.

    share: per cent of first admissions; return_share: relative frequency among unplanned returns (0: never a return,
    so no return carries a procedure that would make it planned); return_risk: relative risk of an unplanned return;
    died: in-hospital mortality; followed_by: (DRG, probability) of a planned return within 30 days.
    diagnoses: (ICD-10-CM code, CCS category); the first is the commonest. procedures: the ICD-10-PCS code that goes
    with the diagnosis at the same place (the last one when there are fewer), on procedure_share of the stays.
    """

    drg_code: str
    weight: float
    gmlos: float
    amlos: float
    service_line: str
    family: str
    leaving: str
    share: float
    return_share: float
    return_risk: float
    died: float
    diagnoses: tuple[tuple[str, int], ...]
    procedures: tuple[str, ...] = ()
    procedure_share: float = 1.0
    followed_by: tuple[str, float] | None = None
    ages: str = "adult"
    is_elective: bool = False
    is_winter: bool = False
    not_an_index: str = ""
    transfer_risk: float = 0.0


_MED, _CARD, _SURG, _ORTHO = "medicine", "cardiology", "surgery", "orthopedics"
_NEURO, _ONC, _WOMEN, _PSYCH, _ICU = "neurology", "oncology", "women's health", "behavioral health", "critical care"

ARCHETYPES: tuple[Archetype, ...] = (
    # sepsis and severe infection
    Archetype("871", 1.9425, 4.8, 6.4, _MED, "infection", "frail", 9.0, 15, 1.3, 0.075,
              (("A419", 2), ("A4151", 2), ("A4101", 2)), ("02HV33Z",), procedure_share=0.4, transfer_risk=0.015),
    Archetype("872", 1.0233, 3.4, 4.2, _MED, "infection", "general", 3.5, 5, 1.1, 0.015, (("A419", 2), ("A409", 2))),
    Archetype("853", 4.9386, 9.3, 12.4, _ICU, "infection", "frail", 2.5, 0, 1.2, 0.09,
              (("A419", 2), ("A4151", 2)), ("0JB80ZZ", "0W9G0ZZ")),
    Archetype("603", 0.8709, 3.1, 3.8, _MED, "infection", "general", 2.4, 3, 0.9, 0.003,
              (("L03115", 197), ("L03116", 197), ("L03311", 197))),
    # lungs
    Archetype("177", 1.5627, 4.4, 5.7, _MED, "lung", "frail", 2.8, 5, 1.1, 0.06,
              (("J690", 129), ("U071", CCS_UNMAPPED)), is_winter=True),
    Archetype("189", 1.2354, 3.5, 4.7, _MED, "lung", "frail", 4.3, 9, 1.3, 0.045, (("J9601", 131), ("J9621", 131)),
              is_winter=True, transfer_risk=0.01),
    Archetype("190", 1.1077, 3.3, 4.2, _MED, "lung", "general", 4.0, 9, 1.35, 0.02, (("J441", 127), ("J440", 127)),
              is_winter=True),
    Archetype("193", 1.3144, 3.9, 4.9, _MED, "lung", "general", 4.0, 7, 1.1, 0.03, (("J189", 122), ("J159", 122)),
              is_winter=True),
    Archetype("207", 6.4347, 12.5, 15.1, _ICU, "lung", "frail", 0.6, 0, 1.0, 0.22, (("J9601", 131), ("J9602", 131)),
              ("5A1955Z",)),
    # heart
    Archetype("291", 1.2838, 3.8, 5.0, _CARD, "heart", "frail", 7.5, 17, 1.5, 0.03,
              (("I110", 99), ("I130", 99), ("I5033", 108), ("I5023", 108)), followed_by=("267", 0.015)),
    Archetype("280", 1.6041, 4.1, 5.3, _CARD, "heart", "general", 2.4, 3, 1.2, 0.0, (("I214", 100), ("I2119", 100)),
              followed_by=("322", 0.09), transfer_risk=0.09),
    Archetype("283", 1.9808, 3.2, 5.3, _CARD, "heart", "frail", 0.2, 0, 0.0, 1.0, (("I214", 100), ("I2111", 100))),
    Archetype("309", 0.7357, 2.3, 2.8, _CARD, "heart", "general", 2.6, 4, 1.0, 0.005, (("I4891", 106), ("I480", 106))),
    Archetype("321", 2.7208, 3.7, 4.9, _CARD, "heart", "general", 2.6, 0, 0.9, 0.03, (("I214", 100), ("I2111", 100)),
              ("027034Z",), followed_by=("322", 0.06)),
    Archetype("322", 1.7630, 2.0, 2.3, _CARD, "heart", "home", 1.6, 0, 0.7, 0.003, (("I2510", 101),),
              ("027034Z",), is_elective=True),
    Archetype("236", 4.1888, 5.8, 6.2, _ICU, "heart", "surgical", 1.1, 0, 0.8, 0.01, (("I2510", 101),),
              ("021009W",), is_elective=True),
    Archetype("220", 5.3328, 5.4, 6.1, _ICU, "heart", "surgical", 0.5, 0, 0.9, 0.015, (("I350", 96),), ("02RF08Z",),
              is_elective=True),
    Archetype("267", 4.7608, 1.3, 1.5, _CARD, "heart", "home", 1.1, 0, 0.8, 0.005, (("I350", 96),), ("02RF38Z",),
              ages="old", is_elective=True),
    # brain
    Archetype("064", 2.0110, 4.4, 6.3, _NEURO, "brain", "frail", 2.5, 0, 0.9, 0.11,
              (("I63511", 109), ("I63411", 109), ("I611", 109)), transfer_risk=0.08),
    Archetype("065", 1.0103, 2.8, 3.6, _NEURO, "brain", "surgical", 2.6, 0, 0.8, 0.015,
              (("I639", 109), ("I6340", 109)), transfer_risk=0.03),
    Archetype("025", 4.5467, 6.4, 8.6, _NEURO, "brain", "frail", 0.8, 0, 1.0, 0.06, (("C711", 35), ("C7931", 42)),
              ("00B70ZZ", "00B00ZZ"), followed_by=("847", 0.05)),
    # belly
    Archetype("378", 0.9807, 2.9, 3.5, _MED, "gut", "general", 3.2, 7, 1.05, 0.012,
              (("K922", 153), ("K5731", 146), ("K264", 153)), ("30233N1", "0W3P8ZZ"), procedure_share=0.5),
    Archetype("392", 0.7796, 2.5, 3.2, _MED, "gut", "general", 3.0, 5, 0.95, 0.002,
              (("K529", 154), ("R112", 250), ("K5792", 146))),
    Archetype("329", 4.5965, 9.4, 12.2, _SURG, "gut", "surgical", 1.1, 0, 1.1, 0.05, (("K5720", 146), ("C187", 14)),
              ("0DTN0ZZ",)),
    Archetype("330", 2.3972, 4.8, 6.1, _SURG, "gut", "surgical", 2.6, 0, 0.9, 0.006, (("C182", 14), ("C183", 14)),
              ("0DTF4ZZ",), followed_by=("847", 0.10), is_elective=True),
    Archetype("418", 1.6916, 3.2, 3.9, _SURG, "gut", "home", 2.3, 0, 0.6, 0.003, (("K8000", 149), ("K8012", 149)),
              ("0FT44ZZ",)),
    # kidneys, sugar, salts
    Archetype("682", 1.4810, 4.3, 5.7, _MED, "kidney", "frail", 3.0, 8, 1.3, 0.04, (("N179", 157), ("N170", 157)),
              ("5A1D70Z",), procedure_share=0.15),
    Archetype("690", 0.8095, 2.8, 3.5, _MED, "kidney", "general", 2.6, 5, 1.0, 0.006, (("N390", 159), ("N10", 159))),
    Archetype("638", 0.8962, 2.9, 3.7, _MED, "kidney", "general", 2.0, 3, 1.1, 0.003, (("E1165", 50), ("E1110", 50))),
    Archetype("641", 0.7782, 2.6, 3.3, _MED, "kidney", "general", 1.8, 4, 1.1, 0.008,
              (("E860", 55), ("E871", 55), ("E876", 55))),
    # mind
    Archetype("897", 0.8828, 3.3, 4.3, _PSYCH, "mind", "psychiatric", 1.6, 0, 1.2, 0.003,
              (("F10239", 660), ("F10231", 660)), ("HZ2ZZZZ",), procedure_share=0.8, ages="middle"),
    Archetype("885", 1.3968, 6.5, 9.8, _PSYCH, "mind", "psychiatric", 1.6, 0, 1.0, 0.0,
              (("F312", 657), ("F250", 659), ("F209", 659)), ages="middle", not_an_index="psychiatric"),
    # cancer
    Archetype("847", 1.3082, 3.8, 4.3, _ONC, "cancer", "home", 1.3, 0, 1.1, 0.004, (("Z5111", 45),), ("3E04305",),
              followed_by=("847", 0.40), is_elective=True, not_an_index="cancer_medical"),
    # bones
    Archetype("470", 1.9289, 1.9, 2.2, _ORTHO, "bone", "surgical", 4.2, 0, 0.35, 0.001,
              (("M1711", 203), ("M1611", 203)), ("0SRC0J9", "0SR9019"), followed_by=("470", 0.02), is_elective=True),
    Archetype("481", 2.0945, 4.3, 4.8, _ORTHO, "bone", "frail", 2.2, 0, 0.8, 0.015, (("S72141A", 226),), ("0QS606Z",),
              ages="old"),
    Archetype("522", 2.1177, 4.0, 4.5, _ORTHO, "bone", "frail", 1.6, 0, 0.8, 0.012, (("S72001A", 226),), ("0SRR0J9",),
              ages="old"),
    # births
    Archetype("788", 0.9588, 2.9, 3.2, _WOMEN, "birth", "home", 1.6, 0, 0.0, 0.0, (("O34211", 189), ("O82", 195)),
              ("10D00Z1",), ages="childbearing"),
    Archetype("807", 0.6742, 2.0, 2.2, _WOMEN, "birth", "home", 2.4, 0, 0.0, 0.0, (("O80", 196),), ("10E0XZZ",),
              ages="childbearing"),
)  # fmt: skip

DRG_NUMBER = {archetype.drg_code: number for number, archetype in enumerate(ARCHETYPES)}

UNKNOWN_DRG_CODES = ("048", "049", "050", "051")
"""Numbers that no MS-DRG of version 43 carries."""

# How patients who live leave, by kind of patient: UB-04 discharge status code -> share.
LEAVING: dict[str, dict[str, float]] = {
    "home": {"01": 0.90, "06": 0.08, "07": 0.01, "03": 0.01},
    "general": {"01": 0.64, "06": 0.17, "03": 0.12, "07": 0.018, "50": 0.014, "51": 0.006, "62": 0.008, "02": 0.006,
                "63": 0.004, "21": 0.002, "65": 0.002, "43": 0.002, "04": 0.008},
    "frail": {"01": 0.37, "06": 0.22, "03": 0.255, "07": 0.008, "50": 0.034, "51": 0.028, "62": 0.045, "02": 0.008,
              "63": 0.018, "04": 0.014},
    "surgical": {"01": 0.54, "06": 0.27, "03": 0.11, "62": 0.06, "07": 0.004, "50": 0.004, "02": 0.004, "63": 0.008},
    "psychiatric": {"01": 0.84, "07": 0.045, "65": 0.05, "03": 0.03, "21": 0.015, "06": 0.02},
}  # fmt: skip
DIED = "20"
TRANSFERRED = "02"
AGAINST_ADVICE = "07"
HOSPICE = ("50", "51")
TO_OTHER_ACUTE_HOSPITAL = ("02", "05", "43", "66")

SECONDARY_DIAGNOSES = (
    "I10", "E785", "E119", "I2510", "Z87891", "K219", "I4891", "E669", "J449", "D649", "E876", "N179", "E039", "G4733",
    "Z7901", "I252", "Z66", "D62", "Z794", "N186", "F0390", "Z515",
)  # fmt: skip

OBSERVATION_DIAGNOSES = ("R079", "R55", "E860", "R109", "I4891", "R0789")
EMERGENCY_DIAGNOSES = ("R109", "R079", "S0990XA", "J069", "N200", "K529", "N390", "R0789")
REHABILITATION_DIAGNOSES = ("I69351", "Z5189")
REHABILITATION_DRGS = ("945", "946")
CLINIC_DIAGNOSES = ("Z09", "Z48815", "I5022", "J449", "E119")

ALWAYS_PLANNED_CCS = 45
POTENTIALLY_PLANNED_DRGS = ("025", "220", "236", "267", "321", "322", "329", "330", "418", "470", "481", "522", "853")
"""Every stay of these has an operation that the CMS planned readmission algorithm (v4) calls potentially planned."""
ACUTE_CCS = (2, 100, 146)
"""Of their principal diagnoses, those with which the algorithm calls no operation planned: by category, without the
single codes that refine it."""
