"""Windows of a series: bicycles of the last days."""

import csv

import numpy as np
from lime import lime_tabular
from sklearn.neural_network import MLPClassifier

with open(DATA / "tabular/bike_daily.csv") as lines:
    days = list(csv.DictReader(lines))
series = np.array([[float(day["temp"]), float(day["hum"]), float(day["windspeed"])] for day in days])
count = np.array([float(day["cnt"]) for day in days])
T = 5
X = np.stack([series[i : i + T] for i in range(len(series) - T)])
y = (count[T:] > count[:-T]).astype(int)
scaled = (X - X.mean(axis=(0, 1))) / X.std(axis=(0, 1))
net = MLPClassifier((8,), max_iter=300, random_state=0).fit(scaled.reshape(len(X), -1), y)


def predict(windows):
    """(n, steps, features) as a recurrent network takes them."""
    assert windows.shape[1:] == (T, 3)
    return net.predict_proba(windows.reshape(len(windows), -1))


explainer = lime_tabular.RecurrentTabularExplainer(scaled, training_labels=y, feature_names=["temp", "hum", "wind"], discretize_continuous=True, class_names=["fewer", "more"], discretizer="decile", random_state=0)
exp = explainer.explain_instance(scaled[50], predict, num_features=10, labels=(1,))
result = [exp.as_list(), explainer.feature_names, exp.predict_proba]
