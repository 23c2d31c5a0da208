"""Regression: houses."""

import csv
import gzip

import lime
import lime.lime_tabular
import numpy as np
import sklearn.ensemble
import sklearn.model_selection

with gzip.open(DATA / "tabular/california_housing.csv.gz", "rt") as lines:
    names, *rows = csv.reader(lines)
data = np.array(rows[:4000], dtype=float)
train, test, labels_train, labels_test = sklearn.model_selection.train_test_split(data[:, :-1], data[:, -1], train_size=0.80, random_state=0)
rf = sklearn.ensemble.RandomForestRegressor(n_estimators=30, random_state=0).fit(train, labels_train)
categorical_features = np.argwhere(np.array([len(set(train[:, x])) for x in range(train.shape[1])]) <= 10).flatten()
explainer = lime.lime_tabular.LimeTabularExplainer(train, feature_names=names[:-1], class_names=["price"], categorical_features=categorical_features, verbose=True, mode="regression", random_state=5)
i = 25
exp = explainer.explain_instance(test[i], rf.predict, num_features=5)
exp.as_html(show_table=True)
result = [exp.as_list(), exp.predicted_value, exp.min_value, exp.max_value]
