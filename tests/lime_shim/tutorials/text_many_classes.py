"""Four kinds of reviews: which labels to explain."""

import gzip
import json

from lime.lime_text import LimeTextExplainer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

texts, labels = [], []
for kind in ("books", "dvd"):
    with gzip.open(DATA / f"text/multidomain_{kind}.jsonl.gz", "rt") as lines:
        for row in map(json.loads, lines):
            texts.append(row["text"])
            labels.append(f"{kind} {row['label']}")
class_names = sorted(set(labels))
model = make_pipeline(TfidfVectorizer(lowercase=False), MultinomialNB(alpha=0.01)).fit(texts[::2], [class_names.index(label) for label in labels[::2]])
explainer = LimeTextExplainer(class_names=class_names, random_state=0)
idx = 401
exp = explainer.explain_instance(texts[idx][:1500], model.predict_proba, num_features=6, labels=[0, 3], num_samples=1000)
first = [exp.as_list(label=0), exp.as_list(label=3)]
exp = explainer.explain_instance(texts[idx][:1500], model.predict_proba, num_features=6, top_labels=2, num_samples=1000)
exp.as_html(text=False)
result = [*first, exp.available_labels(), exp.as_map()]
