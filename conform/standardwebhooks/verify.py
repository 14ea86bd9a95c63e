"""Verifies deliveries, as they came over the wire, by the library that receivers use; prints a check per line."""

import json
import sys

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

given = json.load(sys.stdin)
headers, body, secrets, stranger = given["headers"], given["body"], given["secrets"], given["stranger"]


def told(title, step):
    try:
        step()
        print(json.dumps({"title": title, "ok": True}))
    except Exception as error:
        print(json.dumps({"title": title, "ok": False, "detail": repr(error)}))


def verified():
    event = Webhook(secrets[0]).verify(body, headers)
    assert event["type"] == "platform.WebhookPinged" and event["id"] == headers["webhook-id"], event


def both():
    for secret in secrets:
        Webhook(secret).verify(body, headers)


def refused(secret, text, more):
    try:
        Webhook(secret).verify(text, {**headers, **more})
    except WebhookVerificationError:
        return
    raise AssertionError("was verified")


def forged():
    refused(stranger, body, {})
    refused(secrets[0], body.replace("Pinged", "Forged"), {})
    refused(secrets[0], body, {"webhook-id": "another"})
    refused(secrets[0], body, {"webhook-timestamp": "1700000000"})


told("a delivery is verified by the library", verified)
told("while a secret is renewed both verify", both)
told("another secret, body, id or time is refused", forged)
