"""Numbers: iris and a random forest."""

import lime
import lime.lime_tabular
import sklearn.datasets
import sklearn.ensemble
import sklearn.model_selection

iris = sklearn.datasets.load_iris()
train, test, labels_train, labels_test = sklearn.model_selection.train_test_split(iris.data, iris.target, train_size=0.80, random_state=0)
rf = sklearn.ensemble.RandomForestClassifier(n_estimators=50, random_state=0)
rf.fit(train, labels_train)

explainer = lime.lime_tabular.LimeTabularExplainer(train, feature_names=iris.feature_names, class_names=iris.target_names, discretize_continuous=True, random_state=3)
i = 7
exp = explainer.explain_instance(test[i], rf.predict_proba, num_features=2, top_labels=1)
html = exp.as_html(show_table=True, show_all=False)
feature_index = lambda x: iris.feature_names.index(x)  # noqa: E731
temp = test[i].copy()
before = rf.predict_proba(temp.reshape(1, -1))[0, 0]
temp[feature_index("petal width (cm)")] = 1.5
after = rf.predict_proba(temp.reshape(1, -1))[0, 0]
result = [exp.as_list(label=exp.available_labels()[0]), exp.as_map(), exp.score, after - before]
