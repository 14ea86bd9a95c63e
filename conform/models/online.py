"""Lets river and analytics learn the same streams row by row, and compares what they foretold and what they are; prints a check per line."""

import json
import random
import sys
import time

import boto3
import psycopg
from river import drift, linear_model, preprocessing, tree
from river._river_rust.drift import AdaptiveWindowing

given = json.load(sys.stdin)
s3 = given["s3"]
bucket = f"online-{time.time_ns()}"
files = boto3.client("s3", endpoint_url=s3["endpoint"], region_name=s3["region"], aws_access_key_id=s3["accessKeyId"], aws_secret_access_key=s3["secretAccessKey"])
user = given["sasl"]["username"]
base = psycopg.connect(host=given["host"], port=given["port"], user=user, password=given["sasl"]["password"], dbname=user, sslmode="disable", autocommit=True)

count = 10_000


def labels(kind, at, x):
    is_first = at < count / 2
    if kind == "sea":
        return x[0] + x[1] <= (8 if is_first else 9.5)
    if kind == "kinds":
        return int(x[0] / 3) if is_first else int(x[1] / 3)
    return x[0] + x[1] <= 8 if is_first else x[0] - x[2] > 1


def stream(kind, seed):
    """What is to be learned becomes another in the middle, and a tenth of the labels is wrong."""
    chance = random.Random(seed)
    made = []
    for at in range(count):
        x = [chance.uniform(0, 10) for _ in range(3)]
        label = labels(kind, at, x)
        if chance.random() < 0.1:
            label = chance.randrange(4) if kind == "kinds" else not label
        made.append({"label": label, "number": 2 * x[0] - x[1] * (1 if at < count / 2 else -1) + chance.gauss(0, 1), "a": x[0], "b": x[1], "c": x[2]})
    return made


streams = {kind: stream(kind, 7) for kind in ("sea", "abrupt", "kinds")}


def features(row):
    return {name: row[name] for name in "abc"}


def check(title, step):
    try:
        step()
        print(json.dumps({"title": title, "ok": True}), flush=True)
    except BaseException as error:  # what went wrong is what the check tells
        print(json.dumps({"title": title, "ok": False, "detail": f"{type(error).__name__}: {str(error)[-600:]}"}), flush=True)


def close(got, wanted, most=1e-6):
    assert abs(got - wanted) <= most * max(1, abs(wanted)), f"{got}, and not {wanted}"


def told(kind, column):
    """The model of a view that has learned the whole stream."""
    for _ in range(600):
        row = base.execute(f"select {column} from learned_{kind}").fetchone()
        text = json.loads(row[0]) if row and row[0] else {"rows": 0}
        if text["rows"] == count:
            return text
        time.sleep(0.1)
    raise TimeoutError(f"{text['rows']} rows were learned")


def prepare():
    files.create_bucket(Bucket=bucket)
    base.execute(f"""create connection streams with (type = 's3', url = '{s3["endpoint"]}', bucket = '{bucket}', region = '{s3["region"]}',
      access_key_id = '{s3["accessKeyId"]}', secret_access_key = '{s3["secretAccessKey"]}')""")
    for kind, rows in streams.items():
        files.put_object(Bucket=bucket, Key=f"{kind}/rows.json", Body="\n".join(map(json.dumps, rows)).encode())
        label = "int4" if kind == "kinds" else "bool"
        base.execute(f"""create source stream_{kind} (label {label}, number float8, a float8, b float8, c float8)
          with (connection = 'streams', path = '{kind}/', format = 'json', every = '200 ms')""")
        others = "" if kind == "kinds" else ", learn_logistic(label, a, b, c) as logistic"
        base.execute(f"""create materialized view learned_{kind} as select learn_tree(label, a, b, c) as tree, drift(number) as drift,
          learn_linear(number, a, b, c) as linear{others} from stream_{kind}""")


def regression(kind, column, label, model, told_as, loss):
    def step():
        scaled = preprocessing.StandardScaler() | model
        total = 0
        for row in streams[kind]:
            total += loss(scaled.predict_one(features(row)), row[label])
            scaled.learn_one(features(row), row[label])
        own = told(kind, column)
        close(own[told_as], total / count)
        close(own["bias"], model.intercept)
        for at, name in enumerate("abc"):
            close(own["weights"][at], model.weights[name])
        for row in streams[kind][-20:]:
            wanted = scaled.predict_proba_one(features(row))[True] if column == "logistic" else scaled.predict_one(features(row))
            (got,) = base.execute(f"select predict_online({column}, {row['a']}, {row['b']}, {row['c']}) from learned_{kind}").fetchone()
            close(got, wanted)

    return step


def accuracy(kind, **params):
    model = tree.HoeffdingAdaptiveTreeClassifier(**params)
    right = 0
    for row in streams[kind]:
        right += model.predict_one(features(row)) == row["label"]
        model.learn_one(features(row), row["label"])
    return right / count


def grows(kind):
    def step():
        own = told(kind, "tree")
        plain = accuracy(kind, bootstrap_sampling=False)
        # By default rows are weighed by chance.
        weighed = [accuracy(kind, seed=seed) for seed in range(1, 6)]
        for wanted in (plain, sum(weighed) / len(weighed)):
            assert own["accuracy"] >= wanted - 0.01, f"{own['accuracy']}, and river {plain} and {weighed}"
        right = 0
        for row in streams[kind][-200:]:
            (got,) = base.execute(f"select predict_online(tree, {row['a']}, {row['b']}, {row['c']}) from learned_{kind}").fetchone()
            right += got == row["label"] if kind == "kinds" else (got > 0.5) == row["label"]
        assert right / 200 > 0.8, f"{right} of the last 200"

    return step


def window():
    own = told("abrupt", "drift")
    values = [row["number"] for row in streams["abrupt"]]
    # drift.ADWIN begins another window behind each drift, where the paper keeps what came since, as the window within it does.
    kept = AdaptiveWindowing(delta=0.002, clock=32, max_buckets=5, min_window_length=5, grace_period=10)
    drifts = sum(kept.update(value) for value in values)
    assert drifts > 0 and own["drifts"] == drifts, f"{own}, and river {drifts}"
    assert own["width"] == kept.get_width(), f"{own}, and river {kept.get_width()}"
    close(own["mean"], kept.get_total() / kept.get_width())
    anew = drift.ADWIN()
    found = []
    for at, value in enumerate(values):
        anew.update(value)
        if anew.drift_detected:
            found.append(at)
    assert found and found[0] >= count / 2 and drifts >= len(found), f"{found}"


check("river: streams lie in files, and views learn them", prepare)
check("river: logistic regression", regression("abrupt", "logistic", "label", linear_model.LogisticRegression(), "accuracy", lambda got, label: got == label))
check("river: linear regression", regression("abrupt", "linear", "number", linear_model.LinearRegression(), "error", lambda got, label: abs(got - label)))
check("river: a tree of a stream that drifts a little", grows("sea"))
check("river: a tree of a stream that becomes another", grows("abrupt"))
check("river: a tree of several classes", grows("kinds"))
check("river: a window drifts where ADWIN drifts", window)
