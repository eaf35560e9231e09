/*---
title: Encounters
required: true
key: [encounter_id]
columns:
  encounter_id: {type: id, required: true, means: "The visit or account number, unique across facilities."}
  person_id: {type: id, required: true, means: "The person, the same number at every facility."}
  facility_id: {type: id, required: true, means: "The facility where the encounter took place."}
  encounter_type: {type: text, required: true, means: "What kind of encounter: acute inpatient, observation, emergency department, inpatient rehabilitation, inpatient psychiatric, skilled nursing, outpatient; voided takes an encounter back."}
  admitted_at: {type: moment, required: true, means: "When the encounter began."}
  discharged_at: {type: moment, in_every_file: true, means: "When it ended; empty while the patient is in the house. The column must be there."}
  discharge_disposition_code: {type: code, means: "UB-04 patient discharge status, two digits."}
  primary_diagnosis_code: {type: code, means: "Principal diagnosis, ICD-10-CM without the dot."}
  drg_code: {type: code, means: "MS-DRG, three digits."}
  service_line: {type: text, means: "Clinical service line."}
  unit_id: {type: id, means: "The unit at discharge."}
  payer: {type: text, means: "Primary payer."}
  admit_type_code: {type: code, means: "UB-04 type of admission."}
  admit_source_code: {type: code, means: "UB-04 point of origin."}
  attending_provider_id: {type: id, means: "Attending physician."}
  birth_date: {type: date, when_unreadable: unknown, means: "Date of birth."}
  sex: {type: text, means: "Sex as registered."}
  language: {type: text, added_later: true, means: "Language the patient prefers, as registered."}
  race: {type: text, added_later: true, means: "Race, or race and ethnicity in one, as registered."}
  ethnicity: {type: text, added_later: true, means: "Ethnicity, where it is registered beside race."}
  condition_codes: {type: text, added_later: true, means: "UB-04 condition codes of the claim (form locators 18 to 28), divided by blanks, commas or semicolons; 44 says that an inpatient order was changed to outpatient."}
  total_cost: {type: number, when_unreadable: unknown, means: "Total cost in dollars from cost accounting, direct and indirect."}
  direct_cost: {type: number, when_unreadable: unknown, means: "Direct cost in dollars."}
  variable_direct_cost: {type: number, when_unreadable: unknown, means: "Variable direct cost in dollars."}
  total_charges: {type: number, when_unreadable: unknown, means: "Charges in dollars."}
  allowed_amount: {type: number, when_unreadable: unknown, means: "Amount the payer allows, in dollars."}
  paid_amount: {type: number, when_unreadable: unknown, means: "Amount paid, in dollars."}
  updated_at: {type: moment, when_unreadable: unknown, means: "When the source last changed this row; the latest wins."}
quarantine:
  discharge_before_admit:
    when: >-
      CASE
        WHEN admitted_at_kind = 'date' OR discharged_at_kind = 'date'
          THEN CAST(discharged_at AS DATE)
            < CAST(admitted_at AS DATE) - CASE WHEN 'instant' IN (admitted_at_kind, discharged_at_kind) THEN 1 ELSE 0 END
        WHEN admitted_at_kind <> discharged_at_kind THEN discharged_at < admitted_at - INTERVAL 1 DAY
        ELSE discharged_at < admitted_at
          AND NOT (
            -- In the night to a Sunday on which clocks go back an hour is there twice.
            admitted_at_kind = 'local' AND DAYOFWEEK(admitted_at) = 0 AND HOUR(admitted_at) <= 3
            AND discharged_at >= admitted_at - INTERVAL 1 HOUR
            AND CAST(discharged_at AS DATE) = CAST(admitted_at AS DATE)
          )
      END
    means: The discharge lies before the admission.
  future_date:
    when: >-
      admitted_at >= plausible_until + CASE WHEN admitted_at_kind = 'instant' THEN INTERVAL 2 DAY ELSE INTERVAL 1 DAY END
      OR discharged_at
        >= plausible_until + CASE WHEN discharged_at_kind = 'instant' THEN INTERVAL 2 DAY ELSE INTERVAL 1 DAY END
    means: The admission or discharge lies after the last plausible day.
---*/
SELECT
    source_line,
    encounter_id,
    person_id,
    facility_id,
    encounter_type,
    admitted_at,
    discharged_at,
    discharge_disposition_code,
    primary_diagnosis_code,
    drg_code,
    service_line,
    unit_id,
    payer,
    admit_type_code,
    admit_source_code,
    attending_provider_id,
    birth_date,
    sex,
    language,
    race,
    ethnicity,
    condition_codes,
    total_cost,
    direct_cost,
    variable_direct_cost,
    total_charges,
    allowed_amount,
    paid_amount,
    updated_at
FROM landed
