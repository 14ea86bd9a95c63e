"""Drives the ledger through tigerbeetle, unmodified; prints a check per line."""

import json
import os
import sys

import tigerbeetle as tb

given = json.load(sys.stdin)
client = tb.ClientSync(cluster_id=int(given["cluster"]), replica_addresses=given["address"])
next_id = int(given["ids"])
ALL = (1 << 128) - 1


def told(title, step):
    try:
        step()
        print(json.dumps({"title": title, "ok": True}), flush=True)
    except Exception as error:
        print(json.dumps({"title": title, "ok": False, "detail": repr(error)}), flush=True)


def fresh():
    global next_id
    next_id += 1
    return next_id


def same(got, wanted):
    assert got == wanted, f"got {got}, wanted {wanted}"


def accounts(count, flags=tb.AccountFlags.NONE):
    ids = [fresh() for _ in range(count)]
    made = client.create_accounts([tb.Account(id=each, ledger=1, code=718, flags=flags) for each in ids])
    same([each.status for each in made], [tb.CreateAccountStatus.CREATED] * count)
    return ids


def transfer(debit, credit, amount, **more):
    return tb.Transfer(id=fresh(), debit_account_id=debit, credit_account_id=credit, amount=amount, ledger=1, code=720, **more)


def create(*transfers):
    return [each.status for each in client.create_transfers(list(transfers))]


def balances(account):
    [row] = client.lookup_accounts([account])
    return [row.debits_pending, row.debits_posted, row.credits_pending, row.credits_posted]


CREATED = tb.CreateTransferStatus.CREATED


def basic():
    debit, credit = accounts(2)
    same(create(transfer(debit, credit, 10)), [CREATED])
    same(balances(debit), [0, 10, 0, 0])
    same(balances(credit), [0, 0, 0, 10])


def two_phase():
    debit, credit = accounts(2)
    pending = transfer(debit, credit, 500, flags=tb.TransferFlags.PENDING)
    same(create(pending), [CREATED])
    same(balances(debit), [500, 0, 0, 0])
    post = lambda: tb.Transfer(id=fresh(), pending_id=pending.id, amount=ALL, flags=tb.TransferFlags.POST_PENDING_TRANSFER)
    same(create(post()), [CREATED])
    same(balances(debit), [0, 500, 0, 0])
    same(balances(credit), [0, 0, 0, 500])
    same(create(post()), [tb.CreateTransferStatus.PENDING_TRANSFER_ALREADY_POSTED])


def many():
    debit, credit = accounts(2)
    pending = [transfer(debit, credit, 100 * (1 + at), flags=tb.TransferFlags.PENDING) for at in range(5)]
    same(create(*pending), [CREATED] * 5)
    left, posted = 1500, 0
    same(balances(debit), [left, 0, 0, 0])
    for at, each in enumerate(pending):
        flag = tb.TransferFlags.POST_PENDING_TRANSFER if at % 2 == 0 else tb.TransferFlags.VOID_PENDING_TRANSFER
        same(create(tb.Transfer(id=fresh(), pending_id=each.id, amount=ALL if at % 2 == 0 else 0, flags=flag)), [CREATED])
        left -= each.amount
        posted += each.amount if at % 2 == 0 else 0
        same(balances(debit), [left, posted, 0, 0])
        same(balances(credit), [0, 0, left, posted])


def walkthrough():
    [debit] = accounts(1, tb.AccountFlags.HISTORY)
    [credit] = accounts(1)
    batch = [transfer(debit, credit, 1) for _ in range(2000)]
    same(create(*batch), [CREATED] * 2000)
    same(create(batch[0]), [tb.CreateTransferStatus.EXISTS])
    linked = tb.TransferFlags.LINKED
    broken = [transfer(debit, credit, 1, flags=linked), transfer(debit, debit, 1)]
    same(create(*broken), [tb.CreateTransferStatus.LINKED_EVENT_FAILED, tb.CreateTransferStatus.ACCOUNTS_MUST_BE_DIFFERENT])
    same(create(transfer(debit, credit, 1, flags=linked), transfer(debit, credit, 1)), [CREATED, CREATED])
    same(len(client.lookup_transfers([each.id for each in batch + broken])), 2000)
    both = tb.AccountFilterFlags.DEBITS | tb.AccountFilterFlags.CREDITS
    limits = dict(user_data_128=0, user_data_64=0, user_data_32=0, code=0, timestamp_min=0, timestamp_max=0)
    newest = tb.AccountFilter(account_id=debit, limit=10, flags=both | tb.AccountFilterFlags.REVERSED, **limits)
    same(len(client.get_account_transfers(newest)), 10)
    same([each.debits_posted for each in client.get_account_balances(newest)], [2002 - at for at in range(10)])
    marked = transfer(debit, credit, 7, user_data_64=next_id)
    same(create(marked), [CREATED])
    query = tb.QueryFilter(ledger=1, limit=10, flags=tb.QueryFilterFlags.NONE, **{**limits, "code": 720, "user_data_64": marked.user_data_64})
    same([each.id for each in client.query_transfers(query)], [marked.id])


told("a transfer moves an amount from one account to another", basic)
told("a pending transfer is posted, once", two_phase)
told("of many pending transfers some are posted and some voided, and balances are exact after each", many)
told("batches, chains that fail together, look-ups, an account's history and queries answer as told", walkthrough)
sys.stdout.flush()
os._exit(0)
