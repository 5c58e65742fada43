#!/usr/bin/env python3
"""Computes bills and statements again from their CSV alone, and compares each step with their records.

    recompute.py FOLDER [READINGS.csv]        every NUMBER-amounts.csv in it, beside NUMBER.txt; with the recorded readings
                                              (timestamp_utc,building,commodity,kwh) that each bill's energy is the meters' too
    recompute.py AMOUNTS.csv [RECORD.txt]     one document; without a record it only prints what it comes to

It needs nothing but Python's standard library and shares nothing with the portal. What the files are, and the rules, stand in
bill-documents.md. It ends with 0 where everything is the same to the cent, with 1 where anything differs.
"""
import csv
import os
import re
import sys
from collections import defaultdict
from decimal import Decimal

LINE = re.compile(
    r"^line (\d+) (\S+) (\S+) tariff=(\d+) quantity=(-?\d+) (\S+) exact=(-?\d+) cents=(-?\d+) vat=(\S+) plant=(.*?)(?: name=.*)?$")
VAT = re.compile(r"^vat (\S+) net=(-?\d+) tax=(-?\d+)$")
BY_PRICE = {"energy", "sale", "input", "charge", "discharge", "imbalance", "network-fee"}
OF_PLANTS = BY_PRICE | {"preference", "store-share"}


def rounded(value, divisor):
    """A quotient as a whole number, halves away from zero."""
    magnitude = (2 * abs(value) + divisor) // (2 * divisor)
    return -magnitude if value < 0 else magnitude


class Document:
    """What the CSV of a document comes to."""

    def __init__(self, path):
        self.name = os.path.basename(path).removesuffix("-amounts.csv").removesuffix(".csv")
        self.exact, self.quantity = defaultdict(int), defaultdict(int)
        self.vat, self.kind, self.plant = {}, {}, {}
        self.hours, self.priced, self.otherwise = 0, 0, []
        with open(path, newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                line, quantity, amount = int(row["line"]), int(row["quantity"]), int(row["amount_micro"])
                self.exact[line] += amount
                self.quantity[line] += quantity
                self.vat[line], self.kind[line], self.plant[line] = row["vat"], row["kind"], row["plant"]
                if row["hour_utc"]:
                    self.hours += 1
                    if row["price_micro_per_kwh"] and row["kind"] in BY_PRICE:
                        self.priced += 1
                        if amount != rounded(quantity * int(row["price_micro_per_kwh"]), 1000):
                            # Legitimate where part of the hour was delivered by a deal at its own price.
                            self.otherwise.append(f"{self.name} line {line} {row['hour_utc']}")
        self.cents = {line: rounded(value, 10_000) for line, value in self.exact.items()}
        self.net = defaultdict(int)
        for line, value in self.cents.items():
            self.net[self.vat[line]] += value
        self.tax = {vat: rounded(net * int(vat.split("/")[1]), 10_000) for vat, net in self.net.items()}
        self.total = sum(self.cents.values()) + sum(self.tax.values())


def compare(document, record):
    """Every step of the record that comes out differently, in words."""
    found, lines, groups = [], set(), set()

    def same(what, computed, recorded):
        if computed != recorded:
            found.append(f"{document.name} {what}: computed {computed}, recorded {recorded}")

    for text in record.splitlines():
        if match := LINE.match(text):
            line = int(match[1])
            lines.add(line)
            same(f"line {line} kind", document.kind.get(line), match[2])
            same(f"line {line} quantity", document.quantity[line], int(match[5]))
            same(f"line {line} exact", document.exact[line], int(match[7]))
            same(f"line {line} cents", document.cents.get(line), int(match[8]))
            same(f"line {line} vat", document.vat.get(line), match[9])
        elif match := VAT.match(text):
            groups.add(match[1])
            same(f"net of {match[1]}", document.net.get(match[1]), int(match[2]))
            same(f"tax of {match[1]}", document.tax.get(match[1]), int(match[3]))
        elif text.startswith("net "):
            same("net", sum(document.cents.values()), int(text[4:]))
        elif text.startswith("tax "):
            same("tax", sum(document.tax.values()), int(text[4:]))
        elif text.startswith("total "):
            same("total", document.total, int(text[6:]))
    same("lines", sorted(document.cents), sorted(lines))
    same("groups of tax", sorted(document.tax), sorted(groups))
    return found


def compare_shares(documents):
    """What investors were given of each plant: the revenue from the owner's lines, its share, in cents that add up."""
    found, revenue, paid, received = [], defaultdict(int), defaultdict(int), defaultdict(list)
    for document in documents:
        for line, kind in document.kind.items():
            plant = document.plant[line]
            if kind in OF_PLANTS and plant:
                revenue[plant] -= document.exact[line]
            elif kind == "share-paid":
                paid[plant] += document.cents[line]
            elif kind == "share-received":
                received[plant].append((document.quantity[line], -document.cents[line]))
    for plant, parts in received.items():
        if sum(part for _, part in parts) != paid[plant]:
            found.append(f"shares of {plant}: paid {paid[plant]}, received {sum(part for _, part in parts)} cents")
        for millionths, part in parts:
            whole = rounded(revenue[plant], 10_000) * millionths
            if not whole // 1_000_000 <= part <= -(-whole // 1_000_000):
                found.append(f"share of {plant}: {millionths} millionths of {revenue[plant]} is not {part} cents")
    return found


def compare_readings(pairs, path):
    """Whether each consumer was billed the energy that the recorded meters counted: ordered and bought, and the difference to it."""
    counted, billed, found = defaultdict(int), defaultdict(int), []
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            counted[row["building"], row["commodity"]] += round(Decimal(row["kwh"]) * 1000)
    for document, record in pairs:
        if role_of(record) == "consumer":
            for text in record.splitlines():
                if (match := LINE.match(text)) and match[2] in ("energy", "imbalance"):
                    billed[member_of(record), match[3]] += document.quantity[int(match[1])]
    for key, watt_hours in counted.items():
        if watt_hours != billed.pop(key, 0):
            found.append(f"energy of {key}: counted {watt_hours} Wh")
    found += [f"energy of {key}: billed {watt_hours} Wh, counted none" for key, watt_hours in billed.items() if watt_hours]
    print(f"meters compared: {len(counted)}, {sum(counted.values()) / 1000:.1f} kWh")
    return found


def member_of(record):
    return next((text[7:] for text in record.splitlines() if text.startswith("member ")), "unknown")


def role_of(record):
    return next((text[5:] for text in record.splitlines() if text.startswith("role ")), "unknown")


def main(arguments):
    if len(arguments) in (1, 2) and os.path.isdir(arguments[0]):
        folder = arguments[0]
        paths = [os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name.endswith("-amounts.csv")]
        pairs = [(path, path.removesuffix("-amounts.csv") + ".txt") for path in paths]
    elif len(arguments) in (1, 2) and os.path.isfile(arguments[0]):
        pairs = [(arguments[0], arguments[1] if len(arguments) == 2 else None)]
    else:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    documents, recorded, different, roles = [], [], [], defaultdict(lambda: [0, 0, 0, 0])
    for path, record_path in pairs:
        document = Document(path)
        documents.append(document)
        if record_path is None:
            print("lines", document.cents, "tax", document.tax, "total", document.total)
            continue
        with open(record_path, encoding="utf-8") as file:
            record = file.read()
        different += compare(document, record)
        recorded.append((document, record))
        sums = roles[role_of(record)]
        for i, value in enumerate((1, len(document.cents), document.hours, document.total)):
            sums[i] += value
    if len(documents) > 1:
        different += compare_shares(documents)
    if os.path.isdir(arguments[0]) and len(arguments) == 2:
        different += compare_readings(recorded, arguments[1])
    for role, (count, lines, hours, cents) in sorted(roles.items()):
        print(f"{role}: {count} documents, {lines} lines, {hours} hours of lines, total {cents / 100:.2f}")
    otherwise = [hour for document in documents for hour in document.otherwise]
    print(f"hours that are quantity x price: {sum(document.priced for document in documents) - len(otherwise)}, otherwise (deals): {len(otherwise)}")
    for words in different:
        print("DIFFERS", words)
    if roles:
        print(f"{len(documents)} documents recomputed, {len(different)} differ")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
