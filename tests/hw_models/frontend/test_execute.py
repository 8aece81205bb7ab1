import numpy as np
import pytest
from graphs import Graph, images

from hw_models.frontend import read_model
from hw_models.frontend.execute import execute
from hw_models.sim.golden import golden_outputs


@pytest.mark.parametrize("batch", ["n", 1])
@pytest.mark.parametrize("is_named", [True, False])
def test_execution_ends_before_the_hosts_nodes(tmp_path, batch, is_named):
    graph = Graph((1, 2, 3, 4), batch=batch)
    x = graph.node("Conv", graph.quant("x", "int4", 0.5), graph.weights((3, 2, 3, 4), "int4"))
    x = graph.node("Softmax", graph.node("Flatten", x), axis=1)
    graph.nodes[-1].name = "end" if is_named else ""
    path = graph.write(tmp_path, x)
    model = read_model(path)
    codes = images(model.input, 5)
    expected = model.output.values(golden_outputs(model, codes))
    np.testing.assert_allclose(execute(path, model, codes), expected[:, 0], rtol=1e-5, atol=1e-5)


def test_images_may_have_channels_last(tmp_path):
    graph = Graph((1, 3, 4, 2))
    x = graph.node("Transpose", graph.quant("x", "int4", 0.5), perm=[0, 3, 1, 2])
    out = graph.node("Conv", x, graph.weights((3, 2, 3, 4), "int4"))
    path = graph.write(tmp_path, out)
    model = read_model(path)
    codes = images(model.input, 5)
    expected = model.output.values(golden_outputs(model, codes))
    np.testing.assert_allclose(execute(path, model, codes), expected[:, 0], rtol=1e-5, atol=1e-5)
