"""What `bitfront build` and a notebook show of a build."""


def test_a_notebook_shows_predicted_and_found(make_report):
    report = make_report()
    page = report._repr_html_()
    for name, predicted, found in report.summary():
        assert f"<td>{name}</td><td>{predicted}</td><td>{found}</td>" in page
    assert "<td>lut, accelerator</td><td>110</td><td>100</td>" in page
    assert "whole board" not in page  # nothing was placed


def test_a_files_name_is_escaped(make_report):
    page = make_report(model="/a/folder/<b>&.onnx")._repr_html_()
    assert "&lt;b&gt;&amp;.onnx on ulx3s-85f" in page
    assert "<b>" not in page
