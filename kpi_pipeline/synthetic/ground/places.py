"""Where it happens and who pays: the made-up health system's facilities, units and payers. Facts only."""

from __future__ import annotations

from dataclasses import dataclass

SYSTEM_NAME = "Example Regional Health"


@dataclass(frozen=True, slots=True)
class Facility:
    """One hospital, with the levels at which its truth is set.

    return_probability is the stated chance that a patient who may be an index comes back unplanned within 30 days.
    """

    facility_id: str
    facility_name: str
    time_zone: str
    opened_on: str
    licensed_beds: int
    discharges_per_month: float
    return_probability: float
    stay_factor: float
    cost_factor: float
    denial_factor: float
    delay_factor: float
    surgery_factor: float


FACILITIES: tuple[Facility, ...] = (
    Facility("ERHC", "Example Central Medical Center", "America/New_York", "1958-04-01", 420, 1500, 0.143,
             0.99, 1.02, 1.00, 1.05, 1.12),
    Facility("ERHL", "Example Lakeside Hospital", "America/New_York", "1971-09-15", 310, 1200, 0.137,
             1.03, 0.98, 1.05, 0.95, 0.97),
    Facility("ERHV", "Example Valley Hospital", "America/Chicago", "1984-06-01", 240, 900, 0.141,
             0.97, 0.99, 0.95, 0.98, 0.85),
)  # fmt: skip
FACILITY_IDS = tuple(facility.facility_id for facility in FACILITIES)

CENTRAL, LAKESIDE, VALLEY = 0, 1, 2

# facility number -> service line -> the acute units that take it, as (short code, name)
_MEDICINE = (("3E", "3 East Medicine"), ("4E", "4 East Medicine"), ("4W", "4 West Medicine"))
UNITS: dict[int, dict[str, tuple[tuple[str, str], ...]]] = {
    CENTRAL: {
        "medicine": _MEDICINE,
        "cardiology": (("5E", "5 East Cardiology"), ("5W", "5 West Cardiology")),
        "critical care": (("ICU", "Intensive Care"),),
        "surgery": (("6E", "6 East Surgery and Women's Health"),),
        "orthopedics": (("6W", "6 West Orthopedics and Oncology"),),
        "neurology": (("7E", "7 East Neurology"),),
        "oncology": (("6W", "6 West Orthopedics and Oncology"),),
        "women's health": (("6E", "6 East Surgery and Women's Health"),),
        "behavioral health": (("1B", "Behavioral Health"),),
    },
    LAKESIDE: {
        "medicine": _MEDICINE,
        "cardiology": (("5E", "5 East Cardiology"),),
        "critical care": (("ICU", "Intensive Care"),),
        "surgery": (("6E", "6 East Surgical Specialties"),),
        "orthopedics": (("6E", "6 East Surgical Specialties"),),
        "neurology": (("7E", "7 East Neurology and Oncology"),),
        "oncology": (("7E", "7 East Neurology and Oncology"),),
        "women's health": (("6E", "6 East Surgical Specialties"),),
        "behavioral health": (("1B", "Behavioral Health"),),
    },
    VALLEY: {
        "medicine": (("3E", "3 East Medicine"), ("3W", "3 West Medicine")),
        "cardiology": (("4E", "4 East Cardiology"),),
        "critical care": (("ICU", "Intensive Care"),),
        "surgery": (("5E", "5 East Surgical Specialties"),),
        "orthopedics": (("5E", "5 East Surgical Specialties"),),
        "neurology": (("4W", "4 West Medicine and Neurology"),),
        "oncology": (("4W", "4 West Medicine and Neurology"),),
        "women's health": (("5E", "5 East Surgical Specialties"),),
        "behavioral health": (("4W", "4 West Medicine and Neurology"),),
    },
}
OTHER_UNITS = (("OBS", "Observation", "observation"), ("ED", "Emergency Department", "emergency"))
REHABILITATION_UNIT = ("REH", "Inpatient Rehabilitation", "rehabilitation")
"""Only the central facility has one."""


@dataclass(frozen=True, slots=True)
class Payer:
    """One payer: share of patients under and over 65, denials per stay, and what it allows as a multiple of cost."""

    name: str
    share_under_65: float
    share_over_65: float
    denial_probability: float
    allowed_per_cost: float


PAYERS: tuple[Payer, ...] = (
    Payer("Medicare", 0.09, 0.53, 0.012, 0.97),
    Payer("Harbor Medicare Advantage", 0.06, 0.38, 0.125, 0.94),
    Payer("Medicaid", 0.30, 0.03, 0.060, 0.78),
    Payer("Evergreen Commercial", 0.28, 0.04, 0.066, 1.46),
    Payer("Summit Commercial", 0.20, 0.02, 0.080, 1.38),
    Payer("Self-pay", 0.07, 0.00, 0.0, 0.22),
)
MEDICARE, HARBOR, SELF_PAY = 0, 1, 5
BACKGROUNDS: dict[str, dict[str, float]] = {
    "language": {"English": 0.84, "Spanish": 0.11, "Vietnamese": 0.02, "Arabic": 0.02, "Haitian Creole": 0.01},
    "race": {"White": 0.63, "Black": 0.19, "Hispanic": 0.12, "Asian": 0.05, "Native American": 0.01},
}
"""Column of encounters → group → share of the people. No outcome depends on them: the truth is that there is no gap."""
DENIAL_PROBABILITY_AFTER_CHANGE = 0.235
"""What Harbor Medicare Advantage denies per stay once its new review policy is in force."""
