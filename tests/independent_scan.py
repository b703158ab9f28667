# The AVWAP scan worked out again, in another language and from its description in docs/scan.md alone: candidates of
# each given session from the recorded bars. Sums run over whole slices; nothing here shares code with the program.
#
#   python3 tests/independent_scan.py BARS.csv.gz 2015-08-24:2015-08-21 …      session:last bar

import csv
import gzip
import json
import sys
from collections import defaultdict

MINIMUM_BARS, PRICE_MIN, TURNOVER_MIN, TURNOVER_DAYS = 120, 5, 20_000_000, 20
TREND_DAYS, ATR_DAYS, SWING_DAYS, GAP_MIN, AGE_MIN, DISTANCE_MAX, LONGEST = 50, 14, 60, 2, 5, 2, 10


def mean(values):
    return sum(values) / len(values)


def true_ranges(bars):
    yield bars[0]["high"] - bars[0]["low"]
    for before, bar in zip(bars, bars[1:]):
        yield max(bar["high"], before["close"]) - min(bar["low"], before["close"])


def wilder(values, days):
    smoothed = [None] * (days - 1) + [mean(values[:days])]
    for value in values[days:]:
        smoothed.append((smoothed[-1] * (days - 1) + value) / days)
    return smoothed


def avwap(bars):
    volume = sum(bar["volume"] for bar in bars)
    if volume == 0:
        return None
    return sum((bar["high"] + bar["low"] + bar["close"]) / 3 * bar["volume"] for bar in bars) / volume


def candidate(ticker, bars, last_bar):
    bars = [bar for bar in bars if bar["date"] <= last_bar]
    if not bars or bars[-1]["date"] != last_bar or len(bars) < MINIMUM_BARS:
        return None
    close = bars[-1]["close"]
    turnover = mean([bar["close"] * bar["volume"] for bar in bars[-TURNOVER_DAYS:]])
    average = mean([bar["close"] for bar in bars[-TREND_DAYS:]])
    if close < PRICE_MIN or turnover < TURNOVER_MIN or close < average:
        return None
    ranges = wilder(list(true_ranges(bars)), ATR_DAYS)
    window = range(max(0, len(bars) - SWING_DAYS), len(bars))
    anchors = [
        max(window, key=lambda at: (-bars[at]["low"], at)),
        max(window, key=lambda at: (bars[at]["high"], at)),
        max(window, key=lambda at: (bars[at]["volume"], at)),
        min(at for at, bar in enumerate(bars) if bar["date"][:4] == last_bar[:4]),
    ]
    gaps = [
        ((bars[at]["open"] - bars[at - 1]["close"]) / ranges[at - 1], -at)
        for at in window
        if at > 0 and ranges[at - 1] is not None
    ]
    if gaps and max(gaps)[0] >= GAP_MIN:
        anchors.append(-max(gaps)[1])
    levels = [avwap(bars[at:]) for at in anchors if len(bars) - 1 - at >= AGE_MIN]
    below = [level for level in levels if level is not None and level <= close]
    if not below:
        return None
    support = max(below)
    distance = (close - support) / ranges[-1]
    if distance > DISTANCE_MAX:
        return None
    trend = close / average - 1
    score = (
        0.5 * (1 - distance / DISTANCE_MAX)
        + 0.3 * trend / (trend + 0.1)
        + 0.2 * turnover / (turnover + 10 * TURNOVER_MIN)
    )
    return {"ticker": ticker, "score": score, "avwap": support, "atr": ranges[-1], "trend": trend}


def main(path, *sessions):
    tickers = defaultdict(list)
    with gzip.open(path, "rt") as file:
        for row in csv.DictReader(file):
            numbers = {name: float(row[name]) for name in ("open", "high", "low", "close", "volume")}
            tickers[row["ticker"]].append({"date": row["date"], **numbers})
    answer = {}
    for pair in sessions:
        session, last_bar = pair.split(":")
        found = [candidate(ticker, bars, last_bar) for ticker, bars in tickers.items()]
        best = sorted((each for each in found if each), key=lambda each: (-each["score"], each["ticker"]))
        answer[session] = best[:LONGEST]
    json.dump(answer, sys.stdout)


main(*sys.argv[1:])
