#!/usr/bin/env python3
"""Are sounds with near places alike? How many of the nearest are of the same family, beside a random choice.

    maquette analyse ../shared/audio --json > analyses.json
    python3 benches/listen/similar.py analyses.json

Families are told by the names of the files: the recordings of `../shared/audio` are called after what they are. For each
sound, the share of its five nearest that are of its family is beside the share of its family among all others, which is
what a random choice would give. Plain Python.
"""

import json
import re
import sys

FAMILIES = [
    ("kick", r"drums/(bd_|drum_bass|drum_heavy_kick)"),
    ("snare", r"drums/(sn_|drum_snare)"),
    ("cymbal", r"drums/drum_(cymbal|splash)|drums/drum_cowbell"),
    ("tom", r"drums/drum_tom"),
    ("tabla", r"drums/tabla"),
    ("bass", r"notes/(bass_|glitch_bass)"),
    ("guitar", r"notes/guit_"),
    ("ambient", r"notes/ambi_"),
    ("loop", r"loops/"),
    ("music", r"music/"),
]
NEAREST = 5
HALF = 4.0  # the distance at which sounds are called half similar


def family(name):
    return next((word for word, form in FAMILIES if re.search(form, name)), None)


def distance(a, b):
    return sum((x - y) ** 2 for x, y in zip(a, b)) ** 0.5


def measure(sounds, kind_of):
    rows = {}
    for name, place in sounds:
        kind = kind_of(name)
        others = sorted((distance(place, it), other) for other, it in sounds if other != name)
        n_kin = sum(kind_of(other) == kind for _, other in others)
        if kind is None or n_kin == 0:
            continue
        near = [kind_of(other) == kind for _, other in others[:NEAREST]]
        most = min(NEAREST, n_kin)
        row = rows.setdefault(kind, [0, 0.0, 0.0, 0])
        row[0] += 1
        row[1] += sum(near) / most
        row[2] += n_kin / len(others) * NEAREST / most
        row[3] += near[0]
    return rows


def show(rows):
    print("| family | sounds | of the family among the first 5 | at random | the first one |")
    print("|---|---|---|---|---|")
    total = [sum(row[i] for row in rows.values()) for i in range(4)]
    for kind, (n, hit, at_random, first) in [*sorted(rows.items()), ("all", total)]:
        print(f"| {kind} | {n} | {hit / n:.0%} | {at_random / n:.0%} | {first / n:.0%} |")


def main():
    with open(sys.argv[1]) as file:
        found = json.load(file)
    sounds = [(it["file"], it["place"]) for it in found if it["place"]]
    print(f"{len(sounds)} sounds")
    show(measure(sounds, family))
    print()
    show(measure(sounds, lambda name: name.split("/")[0] if "/" in name else None))
    within, between = [], []
    for i, (name, place) in enumerate(sounds):
        for other, it in sounds[i + 1 :]:
            kin = family(name) is not None and family(name) == family(other)
            (within if kin else between).append(distance(place, it))
    for word, all_of in (("in a family", within), ("between families", between)):
        all_of.sort()
        middle = all_of[len(all_of) // 2]
        print(f"distances {word}: median {middle:.2f}, tenth {all_of[len(all_of) // 10]:.2f}, similarity {2 ** -((middle / HALF) ** 2):.0%}")


if __name__ == "__main__":
    main()
