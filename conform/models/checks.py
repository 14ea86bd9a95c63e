"""Trains models by their own libraries, puts their files into a bucket, and compares what PREDICT answers; prints a check per line."""

import json
import sys
import tempfile
import time
import warnings
from pathlib import Path

import boto3
import lightgbm
import numpy as np
import onnx
import onnxruntime
import psycopg
import xgboost
from skl2onnx import to_onnx
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor, RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

warnings.filterwarnings("ignore")
given = json.load(sys.stdin)
s3 = given["s3"]
bucket = f"models-{time.time_ns()}"
files = boto3.client("s3", endpoint_url=s3["endpoint"], region_name=s3["region"], aws_access_key_id=s3["accessKeyId"], aws_secret_access_key=s3["secretAccessKey"])
user = given["sasl"]["username"]
base = psycopg.connect(host=given["host"], port=given["port"], user=user, password=given["sasl"]["password"], dbname=user, sslmode="disable", autocommit=True)

width = 8
features = [f"f{at}" for at in range(width)]
rng = np.random.default_rng(3)


def rows(count, missing=0.1):
    made = rng.normal(size=(count, width)) * [1, 10, 0.01, 1000, 1, 1, 5, 2]
    made[rng.random(made.shape) < missing] = np.nan
    return made


train, test = rows(4000), rows(300)
filled, known = np.nan_to_num(train), np.nan_to_num(test)
target = filled[:, 0] + filled[:, 1] / 10 * np.sign(filled[:, 4]) - (filled[:, 6] > 3) + rng.normal(size=len(train)) / 2
yes = (target > 0.4).astype(int)
kinds = np.digitize(target, [-1, 1])


def check(title, step):
    try:
        step()
        print(json.dumps({"title": title, "ok": True}), flush=True)
    except BaseException as error:  # what went wrong is what the check tells
        print(json.dumps({"title": title, "ok": False, "detail": f"{type(error).__name__}: {str(error)[-600:]}"}), flush=True)


def made(name, language, body, returns="float8"):
    files.put_object(Bucket=bucket, Key=name, Body=body)
    params = ", ".join(f"{feature} float8" for feature in features)
    base.execute(f"create or replace function {name}({params}) returns {returns} language {language} as 'files', '{name}'")


def told(name, table):
    return [value for (value,) in base.execute(f"select predict({name}, {', '.join(features)}) from {table} order by id").fetchall()]


def close(got, wanted):
    got, wanted = np.asarray(got, float), np.asarray(wanted, float)
    assert got.shape == wanted.shape, f"{got.shape} and not {wanted.shape}"
    away = np.abs(got - wanted) / np.maximum(1, np.abs(wanted))
    assert away.max() <= 1e-5, f"row {away.argmax()}: {got[away.argmax()]}, and not {wanted[away.argmax()]}"


def prepare():
    files.create_bucket(Bucket=bucket)
    base.execute(f"""create connection files with (type = 's3', url = '{s3["endpoint"]}', bucket = '{bucket}', region = '{s3["region"]}',
      access_key_id = '{s3["accessKeyId"]}', secret_access_key = '{s3["secretAccessKey"]}')""")
    for table, values in [("seen", test), ("known", known)]:
        base.execute(f"create table {table} (id int4 primary key, {', '.join(f'{feature} float8' for feature in features)})")
        with base.cursor() as cursor, cursor.copy(f"copy {table} from stdin") as copy:
            for at, row in enumerate(values):
                copy.write_row([at, *[None if np.isnan(value) else float(value) for value in row]])


def xg(name, label, returns="float8", **params):
    def step():
        data = xgboost.DMatrix(train, label=label, feature_names=features)
        model = xgboost.train({"max_depth": 6, "seed": 1, **params}, data, 60)
        wanted = model.predict(xgboost.DMatrix(test, feature_names=features))
        made(name, "xgboost", bytes(model.save_raw("json")), returns)
        close(told(name, "seen"), wanted.argmax(1) if wanted.ndim > 1 else wanted)

    return step


def lg(name, label, returns="float8", **params):
    def step():
        model = lightgbm.train({"verbose": -1, "seed": 1, **params}, lightgbm.Dataset(train, label=label), 60)
        wanted = model.predict(test)
        made(name, "lightgbm", model.model_to_string().encode(), returns)
        close(told(name, "seen"), wanted.argmax(1) if wanted.ndim > 1 else wanted)

    return step


def sk(name, model, label, returns="float8"):
    def step():
        single = filled.astype(np.float32)
        model.fit(single, label)
        is_classifier = hasattr(model, "predict_proba")
        written = to_onnx(model, single[:1], options={id(model): {"zipmap": False}} if is_classifier else None).SerializeToString()
        session = onnxruntime.InferenceSession(written, providers=["CPUExecutionProvider"])
        answers = session.run(None, {session.get_inputs()[0].name: known.astype(np.float32)})
        made(name, "onnx", written, returns)
        wanted = answers[0] if returns == "int4" or not is_classifier else answers[1][:, -1]
        close(told(name, "known"), np.asarray(wanted).reshape(-1))

    return step


def told_by(body, feeds):
    session = onnxruntime.InferenceSession(body, providers=["CPUExecutionProvider"])
    return session.run(None, feeds)


def pick(kind):
    """What scikit-learn's perceptrons answer over ONNX: numbers, shares and names."""

    def step():
        single = known.astype(np.float32)
        label = {"number": target, "share": yes, "name": np.array(["low", "mid", "high"])[kinds]}[kind]
        model = (MLPRegressor if kind == "number" else MLPClassifier)(hidden_layer_sizes=(16, 8), max_iter=30, random_state=1)
        body = to_onnx(make_pipeline(StandardScaler(), model).fit(filled, label), single[:1]).SerializeToString()
        answers = told_by(body, {"X": single})
        made(f"mlp_{kind}", "onnx", body, "text" if kind == "name" else "float8")
        got = told(f"mlp_{kind}", "known")
        if kind == "name":
            assert got == answers[0].tolist(), "other names"
        else:
            close(got, answers[0].ravel() if kind == "number" else [share[1] for share in answers[1]])

    return step


node = onnx.helper.make_node


def numbers(name, *shape):
    return onnx.numpy_helper.from_array((rng.standard_normal(shape) * 0.4).astype(np.float32), name)


def graph(nodes, shape, initializers, opset):
    value = onnx.helper.make_tensor_value_info
    inputs, outputs = [value("x", onnx.TensorProto.FLOAT, shape)], [value("p", onnx.TensorProto.FLOAT, ["n", 2])]
    made_of = onnx.helper.make_graph(nodes, "network", inputs, outputs, initializers)
    model = onnx.helper.make_model(made_of, opset_imports=[onnx.helper.make_opsetid("", opset)], ir_version=8)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def layered(name, shape, nodes, initializers, opset):
    """A network of operators that deep learning's exporters write, over the same eight numbers in another shape."""

    def step():
        body = graph(nodes, ["n", *shape], initializers, opset)
        single = known.astype(np.float32)
        (answer,) = told_by(body, {"x": single.reshape(-1, *shape)})
        made(name, "onnx", body)
        close(told(name, "known"), answer[:, 1])
        made(f"{name}_all", "onnx", body, "float8[]")
        close(told(f"{name}_all", "known"), answer)

    return step


convolution = layered(
    "convolution",
    [1, 2, 4],
    [
        node("Conv", ["x", "w", "b"], ["c"], kernel_shape=[2, 2], pads=[1, 1, 0, 0]),
        node("Relu", ["c"], ["r"]),
        node("GlobalAveragePool", ["r"], ["a"]),
        node("Flatten", ["a"], ["f"]),
        node("Gemm", ["f", "v"], ["g"]),
        node("Softmax", ["g"], ["p"], axis=1),
    ],
    [numbers("w", 5, 1, 2, 2), numbers("b", 5), numbers("v", 5, 2)],
    13,
)
recurrent = layered(
    "recurrent",
    [4, 2],
    [
        node("Transpose", ["x"], ["t"], perm=[1, 0, 2]),
        node("LSTM", ["t", "w", "r", "b"], ["", "h"], hidden_size=6),
        node("Squeeze", ["h", "axis"], ["s"]),
        node("LayerNormalization", ["s", "m", "d"], ["l"], axis=-1),
        node("MatMul", ["l", "v"], ["p"]),
    ],
    [numbers("w", 1, 24, 2), numbers("r", 1, 24, 6), numbers("b", 1, 48), numbers("m", 6), numbers("d", 6), numbers("v", 6, 2), onnx.numpy_helper.from_array(np.array([0]), "axis")],
    17,
)


def embedding():
    value = onnx.helper.make_tensor_value_info
    nodes = [node("Gather", ["e", "tokens"], ["g"]), node("ReduceMax", ["g"], ["m"], axes=[1], keepdims=0), node("MatMul", ["m", "v"], ["p"]), node("ArgMax", ["p"], ["label"], axis=1, keepdims=0)]
    inputs = [value("tokens", onnx.TensorProto.INT64, ["n", "length"])]
    outputs = [value("label", onnx.TensorProto.INT64, ["n"]), value("p", onnx.TensorProto.FLOAT, ["n", 5])]
    made_of = onnx.helper.make_graph(nodes, "network", inputs, outputs, [numbers("e", 40, 7), numbers("v", 7, 5)])
    body = onnx.helper.make_model(made_of, opset_imports=[onnx.helper.make_opsetid("", 13)], ir_version=8).SerializeToString()
    files.put_object(Bucket=bucket, Key="embedding", Body=body)
    for name, returns in [("meaning", "int4"), ("meanings", "float8[]")]:
        base.execute(f"create or replace function {name}(tokens int8[]) returns {returns} language onnx as 'files', 'embedding'")
    base.execute("create table texts (id int4 primary key, tokens int8[])")
    texts = [rng.integers(0, 40, size=int(rng.integers(1, 9))) for _ in range(60)]
    for at, tokens in enumerate(texts):
        base.execute(f"insert into texts values ({at}, array[{', '.join(map(str, tokens))}]::int8[])")
    got = base.execute("select meaning(tokens), meanings(tokens) from texts order by id").fetchall()
    for tokens, (label, shares) in zip(texts, got, strict=True):
        wanted = told_by(body, {"tokens": tokens.reshape(1, -1).astype(np.int64)})
        assert label == wanted[0][0], f"{label}, and not {wanted[0][0]}"
        close(shares, wanted[1][0])


def view():
    base.execute(f"create materialized view risky as select id, predict(yes_xg, {', '.join(features)}) as p from seen")
    wanted = told("yes_xg", "seen")
    for _ in range(400):
        got = [value for (value,) in base.execute("select p from risky order by id").fetchall()]
        if len(got) == len(wanted):
            break
        time.sleep(0.05)
    close(got, wanted)
    base.execute("delete from seen where id >= 100")
    for _ in range(400):
        got = [value for (value,) in base.execute("select p from risky order by id").fetchall()]
        if len(got) == 100:
            break
        time.sleep(0.05)
    close(got, wanted[:100])


check("files of models lie in a bucket, and rows in tables", prepare)
check("XGBoost: yes and no", xg("yes_xg", yes, objective="binary:logistic"))
check("XGBoost: a number", xg("number_xg", target, objective="reg:squarederror"))
check("XGBoost: counts", xg("count_xg", np.abs(np.round(target)), objective="count:poisson"))
check("XGBoost: one of several classes", xg("kind_xg", kinds, "int4", objective="multi:softprob", num_class=3))
check("LightGBM: yes and no", lg("yes_lg", yes, objective="binary"))
check("LightGBM: a number", lg("number_lg", target, objective="regression"))
check("LightGBM: one of several classes", lg("kind_lg", kinds, "int4", objective="multiclass", num_class=3))
check("scikit-learn over ONNX: linear regression", sk("linear", LinearRegression(), target))
check("scikit-learn over ONNX: ridge behind a scaler", sk("ridge", make_pipeline(StandardScaler(), Ridge()), target))
check("scikit-learn over ONNX: logistic regression", sk("logistic", make_pipeline(StandardScaler(), LogisticRegression()), yes))
check("scikit-learn over ONNX: logistic regression of several classes", sk("logistic_kinds", make_pipeline(StandardScaler(), LogisticRegression()), kinds, "int4"))
check("scikit-learn over ONNX: a tree", sk("tree", DecisionTreeClassifier(max_depth=6, random_state=1), yes))
check("scikit-learn over ONNX: boosted trees", sk("boosted", GradientBoostingClassifier(n_estimators=40, random_state=1), yes))
check("scikit-learn over ONNX: boosted trees for a number", sk("boosted_number", GradientBoostingRegressor(n_estimators=40, random_state=1), target))
check("scikit-learn over ONNX: a forest", sk("forest", RandomForestClassifier(n_estimators=30, max_depth=8, random_state=1), yes))
check("scikit-learn over ONNX: a forest of several classes", sk("forest_kinds", RandomForestClassifier(n_estimators=30, max_depth=8, random_state=1), kinds, "int4"))
check("scikit-learn over ONNX: a forest for a number", sk("forest_number", RandomForestRegressor(n_estimators=30, max_depth=8, random_state=1), target))
check("scikit-learn over ONNX: a perceptron for a number", pick("number"))
check("scikit-learn over ONNX: a perceptron, with shares as maps", pick("share"))
check("scikit-learn over ONNX: a perceptron that tells names", pick("name"))
check("ONNX: a convolution", convolution)
check("ONNX: LSTM and layer normalization", recurrent)
check("ONNX: embeddings of texts of any length", embedding)
check("a view predicts what a question predicts, and takes back what goes", view)
