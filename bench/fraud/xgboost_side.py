"""Trains XGBoost on rows from files, scores others and writes the scores. Arguments: the folder, numbers of a row, rounds, depth, rate.

Prints CPU-seconds of training, and rows scored in a CPU-second; one thread.
"""
import sys, time
import numpy, xgboost

folder, width, rounds, depth, rate = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5])
read = lambda name: numpy.fromfile(f"{folder}/{name}", dtype="<f8")
rows, labels, unseen = read("rows").reshape(-1, width), read("labels"), read("unseen").reshape(-1, width)
began = time.process_time()
parameters = {"objective": "binary:logistic", "max_depth": depth, "eta": rate, "tree_method": "hist", "nthread": 1, "seed": 1}
model = xgboost.train(parameters, xgboost.DMatrix(rows, label=labels), num_boost_round=rounds)
trained = time.process_time() - began
model.inplace_predict(unseen)
began = time.process_time()
model.inplace_predict(unseen)
scored = len(unseen) / (time.process_time() - began)
model.predict(xgboost.DMatrix(unseen)).astype("<f8").tofile(f"{folder}/scores")
print(trained, scored)
