"""Reads a ledger and proves its chain: python3 read_ledger.py ledger/<book>. Standard library only."""
import glob, gzip, hashlib, json, os, re, sys, zlib

def must(truth, sentence):
    if not truth: sys.exit("damaged: " + sentence)

def segments(folder):  # plain or sealed; the first of a day has no number
    names = {os.path.basename(path).removesuffix(".gz") for path in glob.glob(folder + "/*.jsonl*")}
    names = [name for name in names if re.fullmatch(r"\d{4}-\d\d-\d\d(\.\d{4})?\.jsonl", name)]
    return sorted(names, key=lambda name: name if name.count(".") > 1 else name.replace(".jsonl", ".0001.jsonl"))

def head(folder):  # the newer of the two slots whose CRC is right
    slots = [slot.rpartition(b" crc=") for slot in open(folder + "/HEAD", "rb").read().splitlines()]
    good = [dict(pair.split("=") for pair in body.decode().split()) for body, _, crc in slots if b"%08x" % zlib.crc32(body) == crc]
    must(good, "neither slot of HEAD can be read")
    return max(good, key=lambda slot: int(slot["seq"]))

def read(folder):  # yields every acknowledged event
    last, seq, previous, index, count, at, revisions = head(folder), 0, "0" * 64, 0, 0, "", {}
    for name in segments(folder) if int(last["seq"]) else []:
        path = folder + "/" + name
        with open(path, "rb") if os.path.exists(path) else gzip.open(path + ".gz") as lines:
            for line in lines:
                own, place = hashlib.sha256(line[:-73]).hexdigest(), f"{name}, event {seq + 1}: "
                must(line[-73:] == b',"h":"%s"}\n' % own.encode(), place + "its bytes have another hash")
                event, opens = json.loads(line), index == count
                must(event["p"] == previous, place + "it is not linked to the one before")
                must(int(event["n"]) == seq + 1, place + "found " + event["n"])
                must(int(event["r"]) == revisions.get(event["s"], -1) + 1, place + "wrong revision " + event["r"])
                must(event["at"] > at, place + "recorded before the one before")
                now, total = map(int, event["b"].split("/"))
                must(now == (1 if opens else index + 1) <= total and (opens or total == count), place + "torn group")
                seq, previous, index, count, at, revisions[event["s"]] = seq + 1, own, now, total, event["at"], int(event["r"])
                yield event
                if seq == int(last["seq"]):  # what stands behind it was never acknowledged
                    return must((own, now) == (last["hash"], total), place + "it is not the one that HEAD names")
    must(seq == int(last["seq"]), f"HEAD acknowledges event {last['seq']}, the files end at {seq}")

if __name__ == "__main__":
    for event in read(sys.argv[1]): print(event["n"], event["at"], event["t"], event["s"], json.dumps(event["d"]))
