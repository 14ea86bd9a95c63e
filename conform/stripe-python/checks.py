"""Drives payments through stripe, unmodified; prints a check per line."""

import json
import sys

import stripe

given = json.load(sys.stdin)
key, address = given["key"], given["address"]
client = stripe.StripeClient(key, base_addresses={"api": address}, max_network_retries=2)
v1 = client.v1
state = {}


def told(title, step):
    try:
        step()
        print(json.dumps({"title": title, "ok": True}), flush=True)
    except Exception as error:
        print(json.dumps({"title": title, "ok": False, "detail": repr(error)}), flush=True)


def same(got, wanted):
    assert got == wanted, f"got {got}, wanted {wanted}"


def refused(step, kind):
    try:
        step()
    except kind as error:
        return error
    raise AssertionError("it was not refused")


def paid(amount, card, **more):
    return {"amount": amount, "currency": "usd", "confirm": True, "payment_method": card, **more}


def customers():
    made = [v1.customers.create({"name": f"Customer {at}", "metadata": {"of": given["run"]}}) for at in range(3)]
    state["customer"] = made[-1].id
    changed = v1.customers.update(made[0].id, {"email": "first@example.com", "address": {"city": "Oslo"}})
    same(changed.address.city, "Oslo")
    listed = [each.id for each in v1.customers.list({"limit": 2}).auto_paging_iter() if each.metadata.to_dict().get("of") == given["run"]]
    same(listed, [each.id for each in reversed(made)])


def confirms():
    made = v1.payment_intents.create(
        paid(2000, "pm_card_visa", customer=state["customer"], expand=["latest_charge.balance_transaction", "customer"])
    )
    same(made.status, "succeeded")
    same(made.latest_charge.payment_method_details.card.last4, "4242")
    same(made.latest_charge.balance_transaction.net, 2000)
    same(made.customer.id, state["customer"])


def captures():
    held = v1.payment_intents.create(paid(1000, "pm_card_mastercard", capture_method="manual"))
    same(held.status, "requires_capture")
    taken = v1.payment_intents.capture(held.id, {"amount_to_capture": 600})
    same((taken.status, taken.amount_received), ("succeeded", 600))
    back = v1.refunds.create({"payment_intent": held.id, "amount": 250})
    same((back.status, back.amount), ("succeeded", 250))
    error = refused(lambda: v1.refunds.create({"payment_intent": held.id, "amount": 351}), stripe.InvalidRequestError)
    same(error.param, "amount")
    off = v1.payment_intents.create(paid(900, "pm_card_visa", capture_method="manual"))
    same(v1.payment_intents.cancel(off.id).status, "canceled")


def declines():
    error = refused(lambda: v1.payment_intents.create(paid(500, "pm_card_chargeDeclinedInsufficientFunds")), stripe.CardError)
    same((error.http_status, error.code, error.error.decline_code), (402, "card_declined", "insufficient_funds"))
    again = v1.payment_intents.confirm(error.error.payment_intent.id, {"payment_method": "pm_card_visa"})
    same(again.status, "succeeded")
    waits = v1.payment_intents.create(paid(500, "pm_card_threeDSecure2Required", return_url="https://example.com/back"))
    same((waits.status, waits.next_action.type), ("requires_action", "redirect_to_url"))


def repeats():
    name = f"python {given['run']}"
    first = v1.payment_intents.create(paid(700, "pm_card_visa"), {"idempotency_key": name})
    same(v1.payment_intents.create(paid(700, "pm_card_visa"), {"idempotency_key": name}).id, first.id)
    refused(lambda: v1.payment_intents.create(paid(701, "pm_card_visa"), {"idempotency_key": name}), stripe.IdempotencyError)


def keys():
    other = stripe.StripeClient("sk_test_wrong", base_addresses={"api": address})
    same(refused(lambda: other.v1.balance.retrieve(), stripe.AuthenticationError).http_status, 401)
    error = refused(lambda: v1.payment_intents.create({"amount": 100}), stripe.InvalidRequestError)
    same((error.param, error.code), ("currency", "parameter_missing"))
    same(refused(lambda: v1.customers.retrieve("cus_none"), stripe.InvalidRequestError).code, "resource_missing")


def prepares():
    made = v1.setup_intents.create({"customer": state["customer"], "confirm": True, "payment_method": "pm_card_visa", "return_url": "https://example.com"})
    same(made.status, "succeeded")
    later = v1.payment_intents.create(paid(400, made.payment_method, customer=state["customer"], off_session=True))
    same(later.status, "succeeded")
    kept = v1.customers.payment_methods.list(state["customer"])
    same([each.id for each in kept.data], [made.payment_method])


def subscribes():
    method = v1.customers.payment_methods.list(state["customer"]).data[0].id
    recurring = {"currency": "usd", "unit_amount": 900, "recurring": {"interval": "month"}, "product_data": {"name": "Club"}}
    price = v1.prices.create(recurring)
    items = [{"price": price.id}]
    wanted = {"customer": state["customer"], "items": items, "default_payment_method": method, "expand": ["latest_invoice"]}
    made = v1.subscriptions.create(wanted)
    same((made.status, made.latest_invoice.status, made.latest_invoice.amount_paid), ("active", "paid", 900))
    item = v1.subscription_items.list({"subscription": made.id}).data[0]
    changed = v1.subscriptions.update(made.id, {"items": [{"id": item.id, "quantity": 3}]})
    same(changed["items"].data[0].quantity, 3)
    same([each.id for each in v1.subscriptions.list({"price": price.id}).data], [made.id])
    same(v1.subscriptions.cancel(made.id).status, "canceled")


def invoices():
    draft = v1.invoices.create({"customer": state["customer"], "currency": "usd", "pending_invoice_items_behavior": "exclude"})
    v1.invoice_items.create({"customer": state["customer"], "invoice": draft.id, "amount": 700, "currency": "usd"})
    ended = v1.invoices.finalize_invoice(draft.id)
    same((ended.status, ended.amount_due, len(ended.lines.data)), ("open", 700, 1))
    done = v1.invoices.pay(draft.id, {"payment_method": "pm_card_visa"})
    same((done.status, done.amount_remaining), ("paid", 0))
    note = v1.credit_notes.create({"invoice": draft.id, "amount": 200, "refund_amount": 200})
    same((note.status, note.amount), ("issued", 200))
    error = refused(lambda: v1.invoices.void_invoice(draft.id), stripe.InvalidRequestError)
    same(error.http_status, 400)


def connects():
    bank = {"object": "bank_account", "country": "US", "currency": "usd", "routing_number": "110000000", "account_number": "000123456789"}
    seller = v1.accounts.create(
        {
            "type": "custom",
            "country": "US",
            "business_type": "individual",
            "email": "seller@example.com",
            "business_profile": {"mcc": "5734", "url": "https://seller.example"},
            "capabilities": {"transfers": {"requested": True}, "card_payments": {"requested": True}},
            "external_account": bank,
            "individual": {"first_name": "Sal", "last_name": "Ler", "dob": {"day": 1, "month": 2, "year": 1990}},
            "tos_acceptance": {"date": 1700000000, "ip": "127.0.0.1"},
        }
    )
    same((seller.payouts_enabled, seller.capabilities.transfers), (True, "active"))
    onward = {"application_fee_amount": 120, "transfer_data": {"destination": seller.id}}
    v1.payment_intents.create(paid(1000, "pm_card_bypassPending", **onward))
    balance = v1.balance.retrieve(options={"stripe_account": seller.id})
    same([each.amount for each in balance.available if each.currency == "usd"], [880])
    v1.payment_intents.create(paid(1000, "pm_card_bypassPending"))
    sent = v1.transfers.create({"amount": 300, "currency": "usd", "destination": seller.id})
    same(v1.transfers.reversals.create(sent.id, {"amount": 100}).amount, 100)
    same(v1.transfers.retrieve(sent.id).amount_reversed, 100)


told("customers are made, changed, and listed page by page", customers)
told("a payment is confirmed, and what it names is expanded", confirms)
told("money is held, taken in part, given back and called off", captures)
told("a decline tells its codes, and another card pays", declines)
told("the same key is the same payment, and another body under it is refused", repeats)
told("a wrong key, a missing parameter and a missing object are refused as Stripe does", keys)
told("a card that was set up pays while its holder is away", prepares)
told("a subscription is begun, changed and ended, and its first invoice is paid", subscribes)
told("an invoice is written, ended and paid, and a credit note gives a part back", invoices)
told("a payment is passed on to a connected account, less a fee, and a transfer comes back in part", connects)
