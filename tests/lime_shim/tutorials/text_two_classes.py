"""Two newsgroups: a forest on words, and what happens without the words that it leaned on."""

import gzip
import json

import sklearn.ensemble
import sklearn.feature_extraction
from lime import lime_text
from lime.lime_text import LimeTextExplainer
from sklearn.pipeline import make_pipeline

with gzip.open(DATA / "text/newsgroups_atheism_christian.jsonl.gz", "rt") as lines:
    rows = list(map(json.loads, lines))
train, test = ([row for row in rows if row["split"] == split] for split in ("train", "test"))
class_names = ["atheism", "christian"]
vectorizer = sklearn.feature_extraction.text.TfidfVectorizer(lowercase=False)
train_vectors = vectorizer.fit_transform([row["text"] for row in train])
rf = sklearn.ensemble.RandomForestClassifier(n_estimators=40, random_state=0, max_depth=20)
rf.fit(train_vectors, [row["group"] == "soc.religion.christian" for row in train])
c = make_pipeline(vectorizer, rf)
explainer = LimeTextExplainer(class_names=class_names, random_state=2)
idx = 83
exp = explainer.explain_instance(test[idx]["text"], c.predict_proba, num_features=6, num_samples=1000)
test_vector = vectorizer.transform([test[idx]["text"]])
original = rf.predict_proba(test_vector)[0, 1]
tmp = test_vector.copy().tolil()
for word, _ in exp.as_list():
    if word in vectorizer.vocabulary_:
        tmp[0, vectorizer.vocabulary_[word]] = 0
removed = rf.predict_proba(tmp.tocsr())[0, 1]
exp.as_html(text=True)
result = [exp.as_list(), exp.as_list(positions=True), exp.local_exp, removed - original, lime_text.IndexedString(test[idx]["text"]).num_words()]
