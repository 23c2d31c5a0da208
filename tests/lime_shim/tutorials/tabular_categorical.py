"""Categories: mushrooms, every column coded by its letters, and a one-hot forest; then people of the census, mixed columns."""

import csv
import gzip

import lime.lime_tabular
import numpy as np
import sklearn.compose
import sklearn.ensemble
import sklearn.pipeline
import sklearn.preprocessing
from lime.lime_tabular import LimeTabularExplainer

results = []
with gzip.open(DATA / "tabular/mushroom.csv.gz", "rt") as lines:
    data = np.array(list(csv.reader(lines)))[:3000]
encoder = sklearn.preprocessing.LabelEncoder().fit(data[:, 0])
labels, class_names = encoder.transform(data[:, 0]), encoder.classes_
data = data[:, 1:].copy()
categorical_features, categorical_names = range(22), {}
for feature in categorical_features:
    le = sklearn.preprocessing.LabelEncoder().fit(data[:, feature])
    data[:, feature] = le.transform(data[:, feature])
    categorical_names[feature] = le.classes_
data = data.astype(float)
hot = sklearn.preprocessing.OneHotEncoder(handle_unknown="ignore").fit(data)
rf = sklearn.ensemble.RandomForestClassifier(n_estimators=30, random_state=0).fit(hot.transform(data), labels)
explainer = lime.lime_tabular.LimeTabularExplainer(
    data, class_names=["edible", "poisonous"], feature_names=[f"f{j}" for j in range(22)], categorical_features=categorical_features, categorical_names=categorical_names, kernel_width=3, verbose=False, random_state=0
)
exp = explainer.explain_instance(data[127], lambda x: rf.predict_proba(hot.transform(x)), num_features=5)
results += [exp.as_list(), exp.predict_proba]

with gzip.open(DATA / "tabular/adult.csv.gz", "rt") as lines:
    rows = [[cell.strip() for cell in row] for row in csv.reader(lines) if len(row) == 15][:4000]
people = np.array(rows)
target = (people[:, 14] == ">50K").astype(int)
words = [1, 3, 5, 6, 7, 8, 9, 13]
names = {}
for feature in words:
    le = sklearn.preprocessing.LabelEncoder().fit(people[:, feature])
    people[:, feature] = le.transform(people[:, feature])
    names[feature] = le.classes_
people = people[:, :14].astype(float)
model = sklearn.pipeline.make_pipeline(sklearn.compose.make_column_transformer((sklearn.preprocessing.OneHotEncoder(handle_unknown="ignore"), words), remainder="passthrough"), sklearn.ensemble.RandomForestClassifier(30, random_state=0)).fit(people, target)
explainer = LimeTabularExplainer(people, feature_names=[f"c{j}" for j in range(14)], class_names=["<=50K", ">50K"], categorical_features=words, categorical_names=names, kernel_width=3, random_state=1)
exp = explainer.explain_instance(people[3], model.predict_proba, num_features=5)
# columns that are mostly 0 (capital gain and loss) are point masses, whose value the model is sent here; it is 0 with lime, too
results += [exp.as_list(), exp.intercept[1]]
result = results
