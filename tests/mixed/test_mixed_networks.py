"""Networks of several branches: torch modules and ONNX sessions get each input by its name; what they cannot take is said."""

import numpy as np
import pytest

import kabosu as kb
from kabosu.domains import Image, Inputs, Tabular

X = {"photo": np.random.default_rng(0).random((3, 24, 24)).astype(np.float32), "price": 2.5, "kind": 1}
INPUTS = Inputs(photo=Image("grid", 9), price=Tabular([1.0, 2.0, 3.0]), kind=Tabular([0, 1, 2]))


def network(torch):
    """A photo through a convolution, a price, and a code through an embedding."""

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.photos, self.kinds, self.head = torch.nn.Conv2d(3, 2, 3), torch.nn.Embedding(3, 4), torch.nn.Linear(7, 2)

        def forward(self, photo, price, kind):
            return self.head(torch.cat([self.photos(photo).mean(dim=(2, 3)), price[:, None], self.kinds(kind)], dim=1))

    torch.manual_seed(0)
    return Net()


def test_a_torch_module_gets_its_arguments():
    torch = pytest.importorskip("torch", reason="torch modules")
    net = network(torch)

    def asked(batch):
        with torch.no_grad():
            return net(torch.as_tensor(batch["photo"]), torch.as_tensor(batch["price"]).float(), torch.as_tensor(batch["kind"])).softmax(dim=1)

    ours, theirs = kb.MixedExplainer(net, INPUTS, output="probability").explain(X), kb.MixedExplainer(asked, INPUTS).explain(X)
    np.testing.assert_allclose(ours.coef, theirs.coef, atol=1e-6)
    assert ours.columns[-2:] == ("price = 2.5", "kind = 1") and net.training
    tensors = kb.MixedExplainer(net, INPUTS, output="probability").explain(X | {"photo": torch.as_tensor(X["photo"])})
    np.testing.assert_allclose(tensors.coef, ours.coef, atol=1e-6)


def test_an_onnx_session_gets_its_inputs():
    """y = price + mean(photo), written by hand."""
    onnx, runtime = pytest.importorskip("onnx", reason="ONNX graphs"), pytest.importorskip("onnxruntime", reason="ONNX sessions")
    make, F = onnx.helper, onnx.TensorProto.FLOAT
    nodes = [make.make_node("ReduceMean", ["photo"], ["m"], axes=[1, 2, 3], keepdims=0), make.make_node("Add", ["m", "price"], ["y"])]
    inputs = [make.make_tensor_value_info("photo", F, ["n", 3, 24, 24]), make.make_tensor_value_info("price", F, ["n"])]
    graph = make.make_graph(nodes, "g", inputs, [make.make_tensor_value_info("y", F, ["n"])])
    session = runtime.InferenceSession(make.make_model(graph, opset_imports=[make.make_opsetid("", 13)], ir_version=8).SerializeToString())
    some = Inputs(photo=Image("grid", 9, fill=0.0), price=Tabular([1.0, 1.0]))
    x = {"photo": X["photo"], "price": 2.5}
    e = kb.MixedExplainer(session, some).explain(x)
    blocks = [X["photo"][:, a : a + 8, b : b + 8].sum() / X["photo"].size for a in (0, 8, 16) for b in (0, 8, 16)]
    np.testing.assert_allclose(e.coef[:, 0], [*blocks, 1.5], atol=1e-5)
    with pytest.raises(kb.InputError, match="takes the input 'price'.*call them alike"):
        kb.MixedExplainer(session, Inputs(photo=Image("grid", 9), cost=Tabular([1.0, 1.0]))).explain({"photo": X["photo"], "cost": 2.5})


def test_a_pipeline_of_frames_cannot_eat_a_dict():
    pandas = pytest.importorskip("pandas", reason="frames")
    from sklearn.linear_model import LinearRegression

    frame = pandas.DataFrame({"a": [1.0, 2.0, 4.0], "b": [1.0, 0.0, 1.0]})
    explainer = kb.MixedExplainer(LinearRegression().fit(frame, [1.0, 2.0, 3.0]), Inputs(a=Tabular(frame["a"]), b=Tabular(frame["b"])))
    with pytest.raises(kb.ModelError, match="pass a row of a frame"):
        explainer.explain({"a": 1.0, "b": 1.0})
    assert len(explainer.explain(frame[:1])) == 2


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda X: X * 1.0, "explain numbers by target=, such as kabosu.targets.Region"),
        (lambda X: [{"boxes": [[0, 0, 1, 1]], "scores": [0.5], "labels": [1]} for _ in X], "explain numbers by target=, such as kabosu.targets.Box"),
        (lambda X: [{"a": 0.5, "b": [1.0, 2.0]} for _ in X], "dicts of arrays"),
    ],
)
def test_answers_that_are_no_numbers_name_the_target(answer, words):
    with pytest.raises(kb.ModelError, match=words):
        kb.ImageExplainer(answer, segments="grid", n_segments=4).explain(np.ones((8, 8, 3)))
