"""Networks of torch, ONNX Runtime and LiteRT: their own device, dtype, layout and batches; boxes and maps by a scalar target."""

import io

import numpy as np
import pytest
from pictures import Keeper, photo, quarters

import kabosu as kb
from kabosu.responders.arrays import array_model

CELLS = quarters(16, 16)


def small_net(torch):
    """Four numbers, the bright spots of the quarters, through a convolution and a pooling."""
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3, padding=1), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(4, 5))


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch", reason="networks of torch")


@pytest.fixture(scope="module")
def image():
    return np.moveaxis(photo(16, 16, dtype=np.float32), -1, 0)


def by_hand(module, torch, image, masks):
    """The answers of the module for masked images that are made here, one pixel mask at a time."""
    fill = np.stack([np.stack([np.where(i == CELLS, image[c][i == CELLS].mean(), 0) for i in range(4)]).sum(axis=0) for c in range(3)])
    rows = np.stack([np.where(z[CELLS], image, fill) for z in masks]).astype(np.float32)
    with torch.no_grad():
        return module.eval()(torch.from_numpy(rows)).numpy()


def limit(Y, masks):
    """Weighted least squares over all masks, each count as likely under the kernel's law."""
    from math import comb

    kept = masks.sum(axis=1)
    w = np.exp(-0.5 * ((1 - np.sqrt(kept / 4)) / 0.25) ** 2) / 5 / np.array([comb(4, int(c)) for c in kept])
    A = np.concatenate([np.ones((len(masks), 1)), masks], axis=1) * np.sqrt(w)[:, None]
    return np.linalg.lstsq(A, Y * np.sqrt(w)[:, None], rcond=None)[0][1:]


MASKS = np.array(np.meshgrid(*[[False, True]] * 4)).reshape(4, -1).T


def test_torch_modules(torch, image):
    """Enumerated by hand; the module's mode is as it was; logits are margins and the largest is the target."""
    net = small_net(torch).train()
    e = kb.ImageExplainer(net, segments=CELLS).explain(image)
    assert net.training and e.output_scale == "margin" and e.target == str(int(e.prediction.argmax()))
    np.testing.assert_allclose(e.coef, limit(by_hand(net, torch, image, MASKS), MASKS), atol=1e-6)
    p = kb.ImageExplainer(net.eval(), segments=CELLS, output="probability").explain(image)
    assert p.output_scale == "probability" and p.prediction.sum() == pytest.approx(1, abs=1e-6)
    half = kb.ImageExplainer(net.double(), segments=CELLS).explain(image)
    np.testing.assert_allclose(half.coef, e.coef, atol=1e-5)


def test_tensors_stay_tensors(torch, image):
    seen = Keeper(lambda X: X.mean(dim=(1, 2, 3)))
    e = kb.ImageExplainer(seen, segments=CELLS).explain(torch.from_numpy(image).to(torch.float16))
    assert all(isinstance(b, torch.Tensor) and b.dtype == torch.float16 and b.shape[1:] == (3, 16, 16) for b in seen.batches)
    assert e.layout.picture.shape == (16, 16, 3)


def test_a_batch_size_is_kept(torch, image):
    seen = Keeper(lambda X: X.mean(axis=(1, 2, 3)))
    kb.ImageExplainer(seen, segments="grid", batch_size=37, budget=500).explain(image)
    sizes = list(map(len, seen.batches))
    assert max(sizes) == 37 and sum(s == 37 for s in sizes[1:]) == len(sizes[1:]) - 1


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of torch's exporter
def test_onnx_sessions_answer_as_the_module(torch, image, tmp_path):
    ort, _ = pytest.importorskip("onnxruntime", reason="ONNX sessions"), pytest.importorskip("onnx", reason="torch writes ONNX with it")
    net = small_net(torch).eval()
    wanted = kb.ImageExplainer(net, segments=CELLS).explain(image)
    for axes in ({"x": {0: "n"}, "y": {0: "n"}}, None):  # any batch, and one image at a time
        torch.onnx.export(net, torch.zeros(1, 3, 16, 16), tmp_path / "net.onnx", input_names=["x"], output_names=["y"], dynamic_axes=axes, dynamo=False)
        e = kb.ImageExplainer(ort.InferenceSession(tmp_path / "net.onnx"), segments=CELLS).explain(image)
        np.testing.assert_allclose(e.coef, wanted.coef, atol=1e-6)
        assert e.target == wanted.target and e.output_scale == "margin"


def test_boxes_and_maps_by_a_target(torch, image):
    """A detector's list of dicts and a segmentation map: the target makes one number of each image."""

    class Detector(torch.nn.Module):
        def forward(self, X):
            return [{"boxes": torch.zeros(1, 4), "scores": x[:, :8, :8].mean()[None]} for x in X]

    best = lambda answer: np.array([float(d["scores"].max()) for d in answer])  # noqa: E731
    e = kb.ImageExplainer(Detector(), segments=CELLS, target=best).explain(image)
    assert np.argmax(np.abs(e.coef[:, 0])) == 0 and e.output_names == ("prediction",)

    class Maps(torch.nn.Module):
        def forward(self, X):
            return {"out": X}

    there = lambda answer: answer["out"][:, 1, 8:, 8:].mean(dim=(1, 2))  # noqa: E731
    spots = image + 5 * (CELLS == 3).astype(np.float32)[None] * (np.indices((16, 16)).sum(axis=0) % 2)
    e = kb.ImageExplainer(Maps(), segments=CELLS, fill=0.0, target=there).explain(spots)
    np.testing.assert_allclose(e.coef[:, 0], [0, 0, 0, spots[1, 8:, 8:].mean()], rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("error", [MemoryError, "torch"])
def test_out_of_memory_halves_the_batch(error, request, image):
    """A model that takes at most five images: the answers are those of one that takes any."""
    error = request.getfixturevalue("torch").cuda.OutOfMemoryError if error == "torch" else error

    def tight(X):
        if len(X) > 5:
            raise error("out of memory")
        return X.mean(axis=(1, 2, 3))

    explained = [kb.ImageExplainer(f, segments="grid", n_segments=16).explain(image) for f in (tight, lambda X: X.mean(axis=(1, 2, 3)))]
    assert np.array_equal(explained[0].coef, explained[1].coef) and explained[0].n_model_calls == explained[1].n_model_calls
    with pytest.raises(kb.ModelError, match="out of memory"):
        kb.ImageExplainer(lambda X: (_ for _ in ()).throw(error("out of memory")), segments="grid").explain(image)


def test_other_errors_are_not_asked_again():
    calls = []

    def broken(X):
        calls.append(len(X))
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        array_model(broken).ask(np.zeros((8, 2)))
    assert calls == [8]


def test_answers_stream():
    """Never more than 16 MB of images at once, nor more than some bytes for each draw."""
    import tracemalloc

    x = photo(512, 512)
    model = Keeper(lambda X: X[:, ::64, ::64].mean(axis=(1, 2, 3)))
    model.batches = type("Sizes", (list,), {"append": lambda self, b: list.append(self, b.nbytes)})()
    explainer = kb.ImageExplainer(model, segments="grid", n_segments=64, budget=1000)
    tracemalloc.start()
    explainer.explain(x)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert max(model.batches) <= 16e6 and peak < 45e6, (max(model.batches), peak)
    one = kb.ImageExplainer(model, segments="grid", n_segments=64, budget=200, batch_size=1)
    model.batches.clear()
    one.explain(x)
    assert set(model.batches) == {x.nbytes}


def mobilenet():
    from pathlib import Path

    litert = pytest.importorskip("ai_edge_litert.interpreter", reason="LiteRT models")
    folder = Path(__file__).parents[3] / "shared" / "data" / "image"
    if not (folder / "mobilenet_v1_0.5_160_quant.tflite").exists():
        pytest.skip("the shared MobileNet is not here")
    pil = pytest.importorskip("PIL.Image", reason="photos are read by Pillow")
    names = (folder / "imagenet_labels.txt").read_text().splitlines()
    return litert.Interpreter(str(folder / "mobilenet_v1_0.5_160_quant.tflite")), names, lambda f: pil.open(folder / f).convert("RGB").resize((160, 160))


def test_litert_finds_the_parrot():
    """MobileNet says macaw; the segments that say so lie on the bird."""
    interpreter, names, read = mobilenet()
    x = read("parrot.jpg")
    e = kb.ImageExplainer(interpreter, output_names=names).explain(x, budget=513)
    assert e.target == "macaw" and e.output_scale == "probability"
    r, g, b = np.moveaxis(np.asarray(x).astype(int), -1, 0)
    bird = (r > g + 60) & (r > b + 60)  # the macaw is red, its surroundings are not
    effect = e.layout.spread(e.coef[:, e.target_index])
    assert effect[bird].mean() > 2 * effect[~bird].mean()
    assert e.prediction[e.target_index] == pytest.approx(interpreter_says(interpreter, np.asarray(x))[names.index("macaw")])


@pytest.mark.parametrize("segments", ["slic", "grid"])
def test_each_animal_is_found_where_it_is(segments):
    """A dog at the left and a cat at the right: what speaks for each class lies on that animal, many times its share of the picture."""
    interpreter, names, read = mobilenet()
    e = kb.ImageExplainer(interpreter, output_names=names, segments=segments).explain(read("dogs.png"), budget=513)
    boxes = {"Bernese mountain dog": np.s_[50:115, 0:60], "tabby, tabby cat": np.s_[28:95, 90:140]}
    for animal, box in boxes.items():
        effect = np.clip(e.layout.spread(e[animal].coef[:, 0]), 0, None)
        other = next(b for name, b in boxes.items() if name != animal)
        assert effect[box].sum() > 0.4 * effect.sum() and effect[box].sum() > 3 * effect[other].sum(), animal


def interpreter_says(interpreter, x):
    i, o = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    interpreter.set_tensor(i["index"], x[None])
    interpreter.invoke()
    return interpreter.get_tensor(o["index"])[0] / 256.0


def test_litert_says_what_size_it_takes():
    interpreter, _, _ = mobilenet()
    with pytest.raises(kb.InputError, match=r"takes \(160, 160, 3\)"):
        kb.ImageExplainer(interpreter).explain(photo(64, 64))


def test_litert_stores_real_numbers_in_its_own_steps():
    """The same picture as floats: the model's input tensor says how 0..255 is stored."""
    interpreter, _, read = mobilenet()
    from kabosu.responders.litert import AskInterpreter, _stored

    X = np.asarray(read("owl.jpg"))[None]
    step, zero = interpreter.get_input_details()[0]["quantization"]
    interpreter.allocate_tensors()
    real = (X.astype(np.float64) - zero) * step
    assert np.array_equal(_stored(real, interpreter.get_input_details()[0]), X)
    assert np.array_equal(AskInterpreter(interpreter)(real), AskInterpreter(interpreter)(X))


def test_a_saved_module_in_memory_is_asked_alike(torch, image):
    net, buffer = small_net(torch).eval(), io.BytesIO()
    torch.save(net.state_dict(), buffer)
    again = small_net(torch)
    again.load_state_dict(torch.load(io.BytesIO(buffer.getvalue()), weights_only=True))
    a, b = (kb.ImageExplainer(n, segments=CELLS).explain(image) for n in (net, again))
    assert np.array_equal(a.coef, b.coef)
