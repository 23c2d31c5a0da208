"""torch modules: a plain forward pass is the reference."""

import threading

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import kabosu as kb
from kabosu.errors import InputError, ModelError
from kabosu.respond import as_model

torch = pytest.importorskip("torch")
nn = torch.nn
torch.manual_seed(0)
X = np.random.default_rng(0).normal(size=(120, 4))
FRAME = pd.DataFrame(X, columns=list("abcd"))


def forward(module, data=X, dtype=torch.float32):
    with torch.no_grad():
        answer = module.eval()(torch.tensor(data, dtype=dtype))
    answer = answer["logits"] if isinstance(answer, dict) else answer[0] if isinstance(answer, tuple) else answer
    return answer.double().numpy()


def asked(module, output="auto", data=X):
    found = as_model(module, output, data)
    Y = found(data, len(data))
    return found, Y, found.output_names(Y.shape[1])


def explained(module, data=X, x=None, **options):
    return kb.TabularExplainer(module, data, budget=300, engine="sampled", **options).explain(data[3] if x is None else x)


def net(outputs, *last):
    return nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, outputs), *last)


class Net(nn.Module):
    """A forward pass of one's own."""

    def __init__(self, outputs=3, after=lambda z: z):
        super().__init__()
        self.drop, self.line, self.norm, self.after = nn.Dropout(0.5), nn.Linear(4, outputs), nn.BatchNorm1d(outputs), after

    def forward(self, x):
        return self.after(self.norm(self.line(self.drop(x))))


@pytest.mark.parametrize(
    ("module", "scale", "k"),
    [
        (net(3), "margin", 3),
        (net(1), "prediction", 1),
        (net(3, nn.Softmax(dim=1)), "probability", 3),
        (net(3, nn.LogSoftmax(dim=1)), "margin", 3),
        (net(1, nn.Sigmoid()), "probability", 1),
        (net(3, nn.Sigmoid()), "probability", 3),
        (Net(3, lambda z: torch.softmax(z, 1)), "probability", 3),
        (Net(1, lambda z: z.squeeze(-1)), "prediction", 1),
        (Net(2, lambda z: (z,)), "margin", 2),
        (Net(2, lambda z: {"logits": z}), "margin", 2),
    ],
    ids=["logits", "one", "softmax", "logsoftmax", "sigmoid", "sigmoids", "softmax inside", "1-D", "tuple", "dict"],
)
def test_auto_takes_the_numbers_as_they_are(module, scale, k):
    found, Y, names = asked(module)
    assert found.scale == scale
    assert np.allclose(Y[:, -k:], forward(module).reshape(len(X), k), atol=1e-6)
    e = explained(module)
    assert e.target == names[int(Y[3].argmax())] if len(names) > 1 else names[0]


@pytest.mark.parametrize("module", [net(3), net(3, nn.LogSoftmax(dim=1)), net(3, nn.Softmax(dim=1)), Net(3, lambda z: torch.softmax(z, 1))], ids=["logits", "log", "softmax", "inside"])
def test_probabilities_of_several_classes_are_squashed_once(module):
    _, Y, names = asked(module, "probability")
    want = forward(module)
    want = want if np.allclose(want.sum(1), 1) else np.exp(want) / np.exp(want).sum(1, keepdims=True)
    assert names == ("0", "1", "2")
    assert np.allclose(Y, want, atol=1e-6)


@pytest.mark.parametrize("module", [net(1), Net(1, lambda z: z.squeeze(-1)), net(1, nn.Sigmoid()), Net(1, torch.sigmoid)], ids=["logit", "1-D", "sigmoid", "inside"])
def test_probabilities_of_two_classes_are_squashed_once(module):
    _, Y, names = asked(module, "probability")
    want = forward(module).reshape(-1)
    want = want if want.min() >= 0 and want.max() <= 1 else 1 / (1 + np.exp(-want))
    assert names == ("0", "1")
    assert np.allclose(Y, np.column_stack([1 - want, want]), atol=1e-6)
    assert explained(module, output="probability").target == str(int(want[3] > 0.5))


def test_outputs_that_a_module_has_not():
    for module in (net(2, nn.Softmax(dim=1)), net(1, nn.Sigmoid())):
        with pytest.raises(InputError, match="its answers are probabilities"):
            asked(module, "margin")
    with pytest.raises(InputError, match="not what a torch module answers"):
        asked(net(2), "label")
    assert asked(net(1), "margin")[2] == ("1",)
    found, _, names = asked(net(2), "prediction")
    assert (found.scale, names) == ("prediction", ("0", "1"))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16], ids=str)
def test_rows_come_in_the_dtype_of_the_parameters(dtype):
    module = net(2).to(dtype)
    seen = []
    module.register_forward_pre_hook(lambda _, args: seen.append(args[0].dtype))
    assert np.allclose(asked(module)[1], forward(module, dtype=dtype))
    assert set(seen) == {dtype}


def test_no_gradient_and_no_training_while_it_is_asked():
    module = Net().train()
    module.norm.eval()
    flags = [part.training for part in module.modules()]
    seen, state = [], {n: t.clone() for n, t in module.state_dict().items()}
    module.register_forward_pre_hook(lambda m, args: seen.append((m.training, m.drop.training, torch.is_grad_enabled())))
    asked(module)
    assert set(seen) == {(False, False, False)}
    assert [part.training for part in module.modules()] == flags
    assert all(torch.equal(t, state[n]) for n, t in module.state_dict().items())


def test_modes_come_back_after_an_error():
    module = net(2).train()
    with pytest.raises(ModelError, match="mat1 and mat2"):
        asked(module, data=np.zeros((5, 9)))
    assert all(part.training for part in module.modules())


def test_one_thread_does_not_end_the_evaluation_of_another():
    """The first thread waits in its forward pass for the second to come in; the second would be in training mode once the first is done."""
    module, modes = net(2).train(), {}
    inside, entered, done = threading.Event(), threading.Event(), threading.Event()

    def hook(part, args):
        who = threading.current_thread().name
        (entered.set(), done.wait(2)) if who == "second" else (inside.set(), entered.wait(0.3))
        modes[who] = part.training

    model = as_model(module, "prediction", X)
    module.register_forward_pre_hook(hook)
    first = threading.Thread(target=lambda: (model(X, len(X)), done.set()), name="first")
    second = threading.Thread(target=lambda: model(X, len(X)), name="second")
    first.start()
    inside.wait(2)
    second.start()
    first.join()
    second.join()
    assert modes == {"first": False, "second": False}
    assert all(part.training for part in module.modules())


TABLES = {"array": X, "float32": X.astype("f4"), "pandas": FRAME, "polars": pl.from_pandas(FRAME), "arrow": pa.Table.from_pandas(FRAME), "dicts": FRAME.to_dict("records")}


@pytest.mark.parametrize("kind", TABLES)
def test_every_kind_of_table(kind):
    module, data = net(2), TABLES[kind]
    assert np.allclose(asked(module, data=data)[1], forward(module), atol=1e-6)
    assert np.allclose(explained(module, data, data[3:4]).prediction, forward(module)[3], atol=1e-6)


def test_booleans_and_counts_are_numbers_and_strings_are_refused():
    frame = FRAME.assign(c=X[:, 2] > 0, d=np.arange(120) % 5)
    module = net(2)
    e = explained(module, frame, frame.iloc[3])
    assert np.allclose(e.prediction, forward(module, frame.astype(float).to_numpy())[3], atol=1e-6)
    with pytest.raises(InputError, match="column 'c' holds 'u', a torch module takes numbers only"):
        explained(module, FRAME.assign(c=np.where(X[:, 2] > 0, "u", "v")), FRAME.iloc[3])


@pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")
def test_scripted_and_compiled_modules():
    module = net(3).train()
    for other in (torch.jit.trace(module, torch.zeros(2, 4)), torch.compile(module, backend="eager")):
        assert np.allclose(asked(other)[1], forward(module), atol=1e-6)


def test_many_rows_are_asked_in_pieces():
    module, sizes = net(2), []
    module.register_forward_pre_hook(lambda _, args: sizes.append(len(args[0])))
    model = as_model(module, "prediction", X)
    many = np.random.default_rng(0).normal(size=(20_000, 4))
    assert np.allclose(model(many, len(many)), forward(module, many), atol=1e-6)
    assert sizes[:3] == [8192, 8192, 3616]


@pytest.mark.parametrize(
    "answer", [lambda t: t, lambda t: t[:, 0], lambda t: list(t[:, 0]), lambda t: t.float().requires_grad_() * 1, lambda t: (t,)], ids=["matrix", "1-D", "list", "gradient", "tuple"]
)
def test_functions_may_answer_tensors(answer):
    Y = as_model(lambda rows: answer(torch.tensor(rows[:, :2])))(X, len(X))
    assert np.allclose(Y, X[:, : Y.shape[1]], atol=1e-6)
