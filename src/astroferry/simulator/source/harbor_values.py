"""Harbor Lines' connections, variables and pools; every secret in them is made up from its name."""

from __future__ import annotations

import hashlib
import json

from astroferry.simulator.source.estate import SimConnection, SimPool, SimVariable


def made_up(name: str, length: int = 20) -> str:
    """A secret that looks like one and opens nothing; the same for the same name, at most 64 characters."""
    return hashlib.sha256(f"harbor lines, {name}".encode()).hexdigest()[:length]


def harbor_connections() -> list[SimConnection]:
    """Twelve connections, with passwords and secret extras of the kinds that people have."""
    key = f"-----BEGIN MADE UP KEY-----\n{made_up('pilot key', 64)}\n-----END MADE UP KEY-----\n"
    role = "arn:aws:iam::210987654321:role/etl"
    brokers = {"bootstrap.servers": "10.40.9.4:9092", "sasl.username": "ais"}
    account = {"account": "hl4711.eu-central-1", "warehouse": "FERRY_WH", "role": "ETL"}
    return [
        SimConnection("booking_pg", "postgres", "Bookings (primary)", "10.40.2.15", "etl", made_up("booking"),
                      "booking", 5432, json.dumps({"sslmode": "require"})),
        SimConnection("booking_replica", "postgres", "Bookings (read replica)", "10.40.2.16", "etl_ro",
                      made_up("replica") + "@:/%?", "booking", 5432, None),
        SimConnection("terminal_mssql", "mssql", "Terminal operating system", "172.18.0.31", "TOS_ETL",
                      made_up("terminal"), "TOS", 1433, json.dumps({"Encrypt": "yes"})),
        SimConnection("lake_s3", "aws", "Data lake", login="AKIAHARBORLINES00001", password=made_up("lake", 40),
                      extra=json.dumps({"region_name": "eu-central-1", "role_arn": role})),
        SimConnection("warehouse_snowflake", "snowflake", "Warehouse", "", "SVC_FERRY", made_up("snow"), "MARTS",
                      None, json.dumps(account | {"private_key_content": made_up("snow key", 48)})),
        SimConnection("weather_api", "http", "Marine weather", "https://api.seaweather.example", extra=json.dumps(
                      {"Authorization": "Bearer " + made_up("weather"), "timeout": 20})),
        SimConnection("port_authority.sftp", "sftp", "Customs manifests", "sftp.portauthority.example", "harborlines",
                      made_up("customs"), None, 2222, json.dumps({"private_key": key, "no_host_key_check": "false"})),
        SimConnection("pilot-office_ssh", "ssh", None, "192.168.77.9", "airflow", made_up("pilot"), None, 22,
                      json.dumps({"key_file": "/opt/airflow/keys/pilot"})),
        SimConnection("ais_kafka", "kafka", "Ship positions",
                      extra=json.dumps(brokers | {"sasl.password": made_up("ais")})),
        SimConnection("crm_salesforce", "salesforce", "Customer club", None, "etl@harborlines.example",
                      made_up("crm"), extra=json.dumps({"security_token": made_up("crm token"), "domain": "login"})),
        SimConnection("ops_slack", "slackwebhook", "Operations channel", "https://hooks.slack.example/services",
                      None, f"T000/B000/{made_up('slack')}"),
        SimConnection("bunker_ftp", "ftp", "Fuel prices, Zürich", "ftp.bunkerindex.example", "håfen",
                      "ø" + made_up("bunker") + "ß", None, 21, None),
    ]  # fmt: skip


def harbor_variables() -> list[SimVariable]:
    """Eleven variables: plain, JSON, secret by name, secret inside, empty, with line breaks, large."""
    routes = {f"HL{number:04}": {"from": "KEL", "to": "OSL", "berths": number % 9} for number in range(320)}
    rates = {"endpoint": "https://rates.example", "password": made_up("rates"), "retries": 3}
    return [
        SimVariable("environment", "production", "Which estate this is"),
        SimVariable("sailing_season", json.dumps({"summer": ["04-01", "10-15"], "winter_lines": 4}), "Season dates"),
        SimVariable("booking_api_key", made_up("booking api", 32), "Partner API of the booking engine"),
        SimVariable("customs_password", made_up("customs variable")),
        SimVariable("fleet_tracker_token", "ft-" + made_up("tracker")),
        SimVariable("lake_bucket", "harborlines-lake"),
        SimVariable("rate_service", json.dumps(rates), "Freight rates service"),
        SimVariable("maintenance_note", ""),
        SimVariable("crew_greeting", "Moin - welcome aboard ⚓"),
        SimVariable("report_footer", "Harbor Lines\nTerminal 3\nKiel\n", "Three lines, with the last line break"),
        SimVariable("route_table", json.dumps(routes), "All lines; 16 KB of JSON"),
    ]


def harbor_pools() -> list[SimPool]:
    """Three pools."""
    return [
        SimPool("booking_db", 4, "Spare the booking database"),
        SimPool("port_authority", 1, "One session at a time, says the port authority"),
        SimPool("reports", 8, "", include_deferred=True),
    ]
