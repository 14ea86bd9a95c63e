"""Makes the keys and cryptograms of cards by pyemv, and compares them with ours; prints a check per line."""

import json
import sys

import pyemv

given = json.load(sys.stdin)


def told(title, step):
    try:
        step()
        print(json.dumps({"title": title, "ok": True}))
    except Exception as error:
        print(json.dumps({"title": title, "ok": False, "detail": repr(error)}))


def same(ours, theirs):
    assert bytes.fromhex(ours) == theirs, (ours, theirs.hex())


def objects(text):
    return pyemv.tlv.decode(bytes.fromhex(text))


def each(of):
    for case in given["cases"]:
        of(case)


def session(case):
    key = pyemv.kd.derive_icc_mk_a(bytes.fromhex(given["issuer"]), case["number"], given["sequence"])
    return pyemv.kd.derive_common_sk(key, bytes.fromhex(case["counter"]) + bytes(6))


def card(case):
    same(case["card"], pyemv.kd.derive_icc_mk_a(bytes.fromhex(given["issuer"]), case["number"], given["sequence"]))


def transaction(case):
    same(case["session"], session(case))


def request(case):
    read = objects(case["chip"])
    data = b"".join(read[tag] for tag in given["signed"])
    assert read["9F26"] == pyemv.ac.generate_ac(session(case), data), read["9F26"].hex()


def answer(case):
    asked, said = objects(case["chip"]), objects(case["answer"])
    code = said["8A"]
    assert said["91"] == pyemv.ac.generate_arpc_1(session(case), asked["9F26"], code) + code, said["91"].hex()


told("keys of cards are those that it derives", lambda: each(card))
told("keys of transactions are those that it derives", lambda: each(transaction))
told("it reads what a chip says, and makes the same cryptogram of it", lambda: each(request))
told("the issuer's cryptogram in an answer is the one that it makes", lambda: each(answer))
