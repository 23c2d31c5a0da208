"""A few explanations that cover a table."""

import lime
import lime.lime_tabular
import sklearn.datasets
import sklearn.ensemble
from lime import submodular_pick

wine = sklearn.datasets.load_wine()
rf = sklearn.ensemble.RandomForestClassifier(n_estimators=20, random_state=0).fit(wine.data, wine.target)
explainer = lime.lime_tabular.LimeTabularExplainer(wine.data, feature_names=wine.feature_names, class_names=wine.target_names, discretize_continuous=False, random_state=0)
sp_obj = submodular_pick.SubmodularPick(explainer, wine.data[:40], rf.predict_proba, method="full", num_features=5, num_exps_desired=4, num_samples=300)
lists = [exp.as_list(label=exp.available_labels()[0]) for exp in sp_obj.sp_explanations]
[exp.as_pyplot_figure(label=exp.available_labels()[0]) for exp in sp_obj.sp_explanations]
result = [list(map(int, sp_obj.V)), lists, len(sp_obj.explanations)]
