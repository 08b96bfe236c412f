#!/usr/bin/env python3
"""Writes the lab's replay samples: events/conn.log, events/access.ndjson and survey.json.

Deterministic: running it twice gives the same files. Nothing here is real; addresses are private, staff and
patients are invented codes.

    conn.log       Zeek conn.log as JSON lines: 400 ordinary flows of a small hospital, then 10.20.1.66 tries
                   port 445 on 120 hosts
    access.ndjson  FHIR R4 AuditEvents: 300 ordinary accesses in working hours, then staff-0999 opens the records
                   of 60 patients at night
    survey.json    answers of four staff groups to the hygiene questionnaire
"""

import datetime
import json
import pathlib
import random

HERE = pathlib.Path(__file__).resolve().parent
MONDAY = datetime.datetime(2026, 3, 2, 8, 0, tzinfo=datetime.timezone.utc)


def flow(rng, at, source, destination, port, protocol, state, duration, sent, received):
    packets = 1 + sent // 1200 + (3 if protocol == "tcp" and state == "SF" else 0)
    answered = 0 if state in ("S0",) else 1 + received // 1200
    return {
        "ts": round(at.timestamp(), 6),
        "uid": "C" + "".join(rng.choice("0123456789abcdef") for _ in range(16)),
        "id.orig_h": source,
        "id.orig_p": rng.randrange(49152, 65536),
        "id.resp_h": destination,
        "id.resp_p": port,
        "proto": protocol,
        "duration": round(duration, 6),
        "orig_bytes": sent,
        "resp_bytes": received,
        "conn_state": state,
        "orig_pkts": packets,
        "resp_pkts": answered,
    }


def flows(rng):
    stations = [f"10.20.1.{host}" for host in range(10, 30)]
    services = [
        ("10.20.0.53", 53, "udp", (40, 80), (80, 300), 0.02),
        ("10.20.0.10", 443, "tcp", (400, 3000), (2_000, 60_000), 1.5),
        ("10.20.0.11", 443, "tcp", (400, 2000), (1_000, 40_000), 1.0),
        ("10.20.0.20", 2575, "tcp", (300, 1200), (100, 300), 0.3),
        ("10.20.0.30", 104, "tcp", (20_000, 900_000), (500, 2_000), 6.0),
        ("10.20.0.40", 445, "tcp", (1_000, 20_000), (2_000, 200_000), 3.0),
    ]
    at, rows = MONDAY, []
    for _ in range(400):
        at += datetime.timedelta(seconds=rng.expovariate(1 / 3))
        destination, port, protocol, sent, received, length = rng.choice(services)
        failed = rng.random() < 0.02
        rows.append(flow(
            rng, at, rng.choice(stations), destination, port, protocol,
            "S0" if failed else "SF",
            0.0 if failed else rng.expovariate(1 / length),
            0 if failed else rng.randrange(*sent),
            0 if failed else rng.randrange(*received),
        ))
    at += datetime.timedelta(seconds=20)
    for host in range(1, 121):
        at += datetime.timedelta(seconds=0.08)
        state = "REJ" if host % 7 == 0 else "S0"
        rows.append(flow(rng, at, "10.20.1.66", f"10.20.2.{host}", 445, "tcp", state, 0.0, 0, 0))
    return rows


def access(at, user, patient, relationship, emergency=False):
    purpose = "BTG" if emergency else "TREAT"
    return {
        "resourceType": "AuditEvent",
        "type": {"system": "http://terminology.hl7.org/CodeSystem/audit-event-type", "code": "rest"},
        "action": "R",
        "recorded": at.strftime("%Y-%m-%dT%H:%M:%S+00:00"),
        "outcome": "0",
        "purposeOfEvent": [{"coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": purpose}]}],
        "agent": [{"who": {"identifier": {"value": user}}, "requestor": True}],
        "source": {"observer": {"identifier": {"value": "ehr-1"}}},
        "entity": [{
            "what": {"reference": f"Patient/{patient}"},
            "role": {"code": "1"},
            "detail": [{"type": "care-relationship", "valueString": relationship}],
        }],
    }


def accesses(rng):
    staff = [f"staff-{number:04}" for number in range(101, 113)]
    wards = {user: [f"p{rng.randrange(10_000, 99_999)}" for _ in range(15)] for user in staff}
    rows = []
    for day in range(2):
        start = MONDAY + datetime.timedelta(days=day)
        times = sorted(rng.uniform(0, 9 * 3600) for _ in range(150))
        for seconds in times:
            user = rng.choice(staff)
            known = rng.random() < 0.96
            rows.append(access(
                start + datetime.timedelta(seconds=seconds), user, rng.choice(wards[user]),
                "present" if known else "absent", emergency=not known and rng.random() < 0.5,
            ))
    night = MONDAY + datetime.timedelta(days=1, hours=17, minutes=12)
    for number in range(60):
        night += datetime.timedelta(seconds=rng.uniform(15, 45))
        rows.append(access(night, "staff-0999", f"p{10_000 + 37 * number}", "absent"))
    return rows


def survey(rng):
    """Agreement from 1 to 5 with the eight statements of the questionnaire; 3, 6 and 8 are worded in reverse."""
    reverse = {3, 6, 8}
    groups = []
    for group, size, respondents, awareness in [
        ("administrative", 60, 44, 0.70),
        ("clinical", 240, 96, 0.55),
        ("information-technology", 14, 12, 0.88),
        ("executive", 6, 3, 0.60),
    ]:
        answers = []
        for _ in range(respondents):
            row = []
            for item in range(1, 9):
                agreement = min(5, max(1, round(rng.gauss(1 + 4 * awareness, 0.9))))
                row.append(6 - agreement if item in reverse else agreement)
            answers.append(row)
        groups.append({"group": group, "size": size, "answers": answers})
    return {"questionnaire": "curex-hygiene-1", "groups": groups}


def main():
    with open(HERE / "conn.log", "w") as file:
        file.writelines(json.dumps(row) + "\n" for row in flows(random.Random(11)))
    with open(HERE / "access.ndjson", "w") as file:
        file.writelines(json.dumps(row) + "\n" for row in accesses(random.Random(12)))
    document = survey(random.Random(13))
    with open(HERE.parent / "survey.json", "w") as file:
        file.write('{\n"questionnaire": %s,\n"groups": [\n' % json.dumps(document["questionnaire"]))
        file.write(",\n".join(json.dumps(group) for group in document["groups"]))
        file.write("\n]\n}\n")


if __name__ == "__main__":
    main()
