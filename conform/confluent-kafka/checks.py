"""Drives the log by librdkafka through confluent-kafka, unmodified; prints a check per line."""

import json
import sys
import time

from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, KafkaException, Producer, TopicPartition
from confluent_kafka import DeserializingConsumer, SerializingProducer
from confluent_kafka.schema_registry import Schema, SchemaReference, SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.error import SchemaRegistryError
from confluent_kafka.schema_registry.json_schema import JSONDeserializer, JSONSerializer
from confluent_kafka.schema_registry.protobuf import ProtobufDeserializer, ProtobufSerializer
from google.longrunning import operations_pb2
from google.rpc import code_pb2, status_pb2
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    OffsetSpec,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)

given = json.load(sys.stdin)
base = {
    "bootstrap.servers": given["kafka"],
    "security.protocol": "SASL_PLAINTEXT",
    "sasl.mechanism": "PLAIN",
    "sasl.username": given["sasl"]["username"],
    "sasl.password": given["sasl"]["password"],
    "socket.timeout.ms": 10000,
}
admin = AdminClient(base)


def told(title, step):
    try:
        step()
        print(json.dumps({"title": title, "ok": True}), flush=True)
    except Exception as error:
        print(json.dumps({"title": title, "ok": False, "detail": repr(error)}), flush=True)


def create(name, partitions=1, **config):
    admin.create_topics([NewTopic(name, partitions, 1, config=config)])[name].result(10)


def write(topic, values, more=None, key=None):
    failures = []
    producer = Producer({**base, **(more or {})})
    for value in values:
        producer.produce(topic, value, key=key, on_delivery=lambda error, _: error and failures.append(error))
    assert producer.flush(20) == 0, "not all was delivered"
    assert not failures, failures


def read(topic, group, count, more=None):
    consumer = Consumer({**base, "group.id": group, "auto.offset.reset": "earliest", "enable.auto.commit": False, **(more or {})})
    consumer.subscribe([topic])
    values = []
    end = time.monotonic() + 30
    while len(values) < count and time.monotonic() < end:
        message = consumer.poll(0.2)
        if message is None:
            continue
        assert message.error() is None, message.error()
        values.append(message.value().decode())
    if values:
        consumer.commit(asynchronous=False)
    consumer.close()
    assert len(values) == count, values
    return values


def roundtrip():
    create("plain", 3)
    values = [f"v{at}" for at in range(500)]
    write("plain", values)
    assert sorted(read("plain", "plain-group", 500)) == sorted(values)
    write("plain", ["more"])
    assert read("plain", "plain-group", 1) == ["more"]


def packed():
    for codec in ["gzip", "snappy", "lz4", "zstd"]:
        create(f"packed-{codec}")
        value = "again and " * 500
        write(f"packed-{codec}", [value] * 20, {"compression.type": codec, "linger.ms": 50})
        assert read(f"packed-{codec}", f"packed-{codec}", 20) == [value] * 20
        low, high = Consumer({**base, "group.id": "w"}).get_watermark_offsets(TopicPartition(f"packed-{codec}", 0), timeout=10)
        assert (low, high) == (0, 20)


def idempotent():
    create("idempotent")
    values = [str(at) for at in range(1000)]
    write("idempotent", values, {"enable.idempotence": True})
    assert read("idempotent", "idempotent", 1000) == values


def transactions():
    create("in")
    create("out")
    write("in", ["a", "b"])
    consumer = Consumer({**base, "group.id": "mover", "auto.offset.reset": "earliest", "enable.auto.commit": False})
    consumer.subscribe(["in"])
    producer = Producer({**base, "transactional.id": "mover"})
    producer.init_transactions(20)
    moved = 0
    end = time.monotonic() + 30
    while moved < 2 and time.monotonic() < end:
        message = consumer.poll(0.2)
        if message is None or message.error():
            continue
        producer.begin_transaction()
        producer.produce("out", message.value().upper())
        producer.send_offsets_to_transaction(consumer.position(consumer.assignment()), consumer.consumer_group_metadata(), 10)
        producer.commit_transaction(10)
        moved += 1
    producer.begin_transaction()
    producer.produce("out", "never")
    producer.flush(10)
    producer.abort_transaction(10)
    producer.begin_transaction()
    producer.produce("out", "last")
    producer.commit_transaction(10)
    assert [one.offset for one in consumer.committed([TopicPartition("in", 0)], 10)] == [2]
    consumer.close()
    assert read("out", "out-readers", 3, {"isolation.level": "read_committed"}) == ["A", "B", "last"]


def fenced():
    create("fence")
    first = Producer({**base, "transactional.id": "fence"})
    first.init_transactions(10)
    first.begin_transaction()
    first.produce("fence", "zombie")
    first.flush(10)
    second = Producer({**base, "transactional.id": "fence"})
    second.init_transactions(10)
    try:
        first.commit_transaction(10)
    except KafkaException as error:
        assert error.args[0].fatal() or error.args[0].txn_requires_abort(), error
    else:
        raise AssertionError("the older producer committed")
    second.begin_transaction()
    second.produce("fence", "heir")
    second.commit_transaction(10)
    assert read("fence", "fence-readers", 1, {"isolation.level": "read_committed"}) == ["heir"]


def next_protocol():
    create("next", 4)
    write("next", [str(at) for at in range(100)])
    more = {"group.protocol": "consumer"}
    assert sorted(read("next", "next-group", 100, more)) == sorted(str(at) for at in range(100))
    # Tried by the broker: the client sends the expression as it is.
    create("next-too")
    write("next-too", ["too"])
    assert sorted(read("^next-t.*", "next-triers", 1, more)) == ["too"]


def administration():
    create("managed", 1, **{"retention.ms": "60000"})
    resource = ConfigResource(ResourceType.TOPIC, "managed")
    config = admin.describe_configs([resource])[resource].result(10)
    assert config["retention.ms"].value == "60000" and config["cleanup.policy"].value == "delete"
    change = ConfigResource(ResourceType.TOPIC, "managed")
    change.add_incremental_config(ConfigEntry("cleanup.policy", "compact", incremental_operation=AlterConfigOpType.SET))
    admin.incremental_alter_configs([change])[change].result(10)
    assert admin.describe_configs([resource])[resource].result(10)["cleanup.policy"].value == "compact"
    admin.create_partitions([NewPartitions("managed", 3)])["managed"].result(10)
    assert len(admin.list_topics("managed", 10).topics["managed"].partitions) == 3
    place = TopicPartition("plain", 0)
    latest = admin.list_offsets({place: OffsetSpec.latest()})[place].result(10).offset
    assert latest > 0
    admin.delete_records([TopicPartition("plain", 0, latest)])[TopicPartition("plain", 0, latest)].result(10)
    assert admin.list_offsets({place: OffsetSpec.earliest()})[place].result(10).offset == latest
    admin.delete_topics(["managed"])["managed"].result(10)
    assert "managed" not in admin.list_topics(timeout=10).topics


def groups():
    listed = admin.list_consumer_groups().result(10)
    assert "plain-group" in [group.group_id for group in listed.valid], listed.valid
    described = admin.describe_consumer_groups(["plain-group"])["plain-group"].result(10)
    assert described.state.name == "EMPTY", described.state
    offsets = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions("plain-group")])["plain-group"].result(10)
    assert sum(one.offset for one in offsets.topic_partitions) == 501
    admin.delete_consumer_groups(["plain-group"])["plain-group"].result(10)
    assert "plain-group" not in [group.group_id for group in admin.list_consumer_groups().result(10).valid]


def scram():
    for mechanism in ["SCRAM-SHA-256", "SCRAM-SHA-512"]:
        other = AdminClient({**base, "sasl.mechanism": mechanism})
        assert "plain" in other.list_topics(timeout=10).topics


def user():
    upsert = UserScramCredentialUpsertion("python-user", ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, 4096), b"pencil")
    admin.alter_user_scram_credentials([upsert])["python-user"].result(10)
    told = admin.describe_user_scram_credentials(["python-user"])["python-user"].result(10)
    assert [(one.mechanism, one.iterations) for one in told.scram_credential_infos] == [(ScramMechanism.SCRAM_SHA_256, 4096)], told
    login = {"sasl.mechanism": "SCRAM-SHA-256", "sasl.username": "python-user", "sasl.password": "pencil"}
    mine = AdminClient({**base, **login})
    assert list(mine.list_topics(timeout=10).topics) == []

    def rule(name, pattern, operation, permission=AclPermissionType.ALLOW, kind=ResourceType.TOPIC):
        return AclBinding(kind, name, pattern, "User:python-user", "*", operation, permission)

    rules = [
        rule("plain", ResourcePatternType.LITERAL, AclOperation.READ),
        rule("python-", ResourcePatternType.PREFIXED, AclOperation.READ, kind=ResourceType.GROUP),
        rule("packed", ResourcePatternType.PREFIXED, AclOperation.ALL),
        rule("packed-gzip", ResourcePatternType.LITERAL, AclOperation.ALL, AclPermissionType.DENY),
    ]
    for made in admin.create_acls(rules).values():
        made.result(10)
    asked = AclBindingFilter(ResourceType.ANY, None, ResourcePatternType.ANY, "User:python-user", None, AclOperation.ANY, AclPermissionType.ANY)
    assert set(admin.describe_acls(asked).result(10)) == set(rules)
    end = time.monotonic() + 10
    seen = set()
    while time.monotonic() < end and seen != {"plain", "packed-snappy", "packed-lz4", "packed-zstd"}:
        seen = set(mine.list_topics(timeout=10).topics)
    assert seen == {"plain", "packed-snappy", "packed-lz4", "packed-zstd"}, seen
    write("packed-lz4", ["more"], login)
    try:
        write("plain", ["more"], login)
    except AssertionError as error:
        assert "TOPIC_AUTHORIZATION_FAILED" in str(error), error
    else:
        raise AssertionError("written without a right")
    assert read("packed-lz4", "python-group", 1, login) and not admin.delete_acls([asked])[asked].exception(10)
    drop = UserScramCredentialDeletion("python-user", ScramMechanism.SCRAM_SHA_256)
    admin.alter_user_scram_credentials([drop])["python-user"].result(10)
    assert admin.describe_user_scram_credentials(["python-user"])["python-user"].exception(10), "still there"


def refused():
    failures = []
    wrong = Producer({**base, "sasl.password": "wrong", "error_cb": failures.append})
    end = time.monotonic() + 20
    while not failures and time.monotonic() < end:
        wrong.poll(0.2)
    assert any("uthentication" in error.str() for error in failures), failures


def secured():
    other = AdminClient({**base, "security.protocol": "SASL_SSL", "ssl.ca.location": given["ca"]})
    assert "plain" in other.list_topics(timeout=10).topics


def registry():
    basic = given["basic"]
    return SchemaRegistryClient({"url": given["registry"], "basic.auth.user.info": f"{basic['username']}:{basic['password']}"})


def serialised(topic, value, serializer, deserializer):
    create(topic)
    producer = SerializingProducer({**base, "value.serializer": serializer})
    producer.produce(topic, value=value)
    assert producer.flush(20) == 0, "not all was delivered"
    more = {"group.id": topic, "auto.offset.reset": "earliest", "value.deserializer": deserializer}
    consumer = DeserializingConsumer({**base, **more})
    consumer.subscribe([topic])
    end = time.monotonic() + 30
    message = None
    while message is None and time.monotonic() < end:
        message = consumer.poll(0.2)
    consumer.close()
    assert message is not None and message.error() is None, message
    return message.value()


def avro():
    client = registry()
    text = json.dumps({"type": "record", "name": "User", "fields": [{"name": "name", "type": "string"}, {"name": "age", "type": ["null", "int"], "default": None}]})
    value = {"name": "Ada", "age": 36}
    assert serialised("avro", value, AvroSerializer(client, text), AvroDeserializer(client)) == value
    assert client.get_latest_version("avro-value").version == 1


def json_schema():
    client = registry()
    text = json.dumps({"title": "User", "type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]})
    value = {"name": "Ada"}
    assert serialised("json", value, JSONSerializer(text, client), JSONDeserializer(text, schema_registry_client=client)) == value


def protobuf():
    client = registry()
    conf = {"use.deprecated.format": False}
    value = status_pb2.Status(code=code_pb2.NOT_FOUND, message="gone")
    read = ProtobufDeserializer(status_pb2.Status, conf, client)
    assert serialised("proto", value, ProtobufSerializer(status_pb2.Status, client, conf), read) == value
    # This file imports others: they become references.
    operation = operations_pb2.Operation(name="o", done=True, error=value)
    read = ProtobufDeserializer(operations_pb2.Operation, conf, client)
    assert serialised("proto-more", operation, ProtobufSerializer(operations_pb2.Operation, client, conf), read) == operation
    assert client.get_latest_version("proto-more-value").schema.references


def evolution():
    client = registry()
    record = lambda *fields: Schema(json.dumps({"type": "record", "name": "R", "fields": list(fields)}), "AVRO")
    a, b = {"name": "a", "type": "int"}, {"name": "b", "type": "int"}
    first = client.register_schema("evolving", record(a))
    assert client.get_schema(first).schema_str
    assert not client.test_compatibility("evolving", record(a, b))
    try:
        client.register_schema("evolving", record(a, b))
    except SchemaRegistryError as error:
        assert error.http_status_code == 409, error
    else:
        raise AssertionError("an incompatible schema was registered")
    client.set_compatibility("evolving", "NONE")
    assert client.get_compatibility("evolving") == "NONE"
    second = client.register_schema("evolving", record(a, b))
    assert second != first and client.get_versions("evolving") == [1, 2]
    assert client.lookup_schema("evolving", record(a)).version == 1
    named = Schema(json.dumps({"type": "record", "name": "S", "fields": [{"name": "r", "type": "R"}]}), "AVRO", [SchemaReference("R", "evolving", 2)])
    holder = client.register_schema("holding", named)
    assert client.get_schema(holder).references[0].subject == "evolving"
    assert "evolving" in client.get_subjects()
    assert client.delete_subject("holding") == [1]
    assert client.delete_version("evolving", 1) == 1
    assert client.delete_subject("evolving") == [2]
    assert client.delete_subject("evolving", permanent=True)


def unregistered():
    client = SchemaRegistryClient({"url": given["registry"], "basic.auth.user.info": "nobody:nothing"})
    try:
        client.get_subjects()
    except SchemaRegistryError as error:
        assert error.http_status_code == 401, error
    else:
        raise AssertionError("a stranger was let in")


told("a group reads what was written, and goes on where it was", roundtrip)
told("gzip, snappy, lz4 and zstd pass through", packed)
told("an idempotent producer keeps its order", idempotent)
told("read, write and commit in one transaction; an aborted one is not read", transactions)
told("a second producer of a transactional id fences the first", fenced)
told("the consumer group protocol reads all partitions, and topics by an expression", next_protocol)
told("topics are configured, grown, shortened and deleted", administration)
told("groups are listed, described and deleted", groups)
told("SCRAM-SHA-256 and SCRAM-SHA-512 let in", scram)
told("a SCRAM user is made, logs in, is bound by ACLs, and deleted", user)
told("a wrong password is refused", refused)
told("TLS on the same port", secured)
told("the Avro serialiser registers, and its deserialiser reads", avro)
told("the JSON Schema serialiser registers, and its deserialiser reads", json_schema)
told("the Protobuf serialiser registers, references included, and its deserialiser reads", protobuf)
told("schemas evolve, are refused, are looked up, refer, and are deleted", evolution)
told("the schema registry refuses a wrong password", unregistered)
