"""What the command line does, for Python: explore, load, export, build. Its names are `dse`'s.

::

    study = dse.explore("digits-cnn", out="reports/digits", weights="int4,e2m1", acts="same")
    study.front[["weight_format", "test_top1_pct", "lut"]]
    model = study.export(study.front["digest"].iloc[0], "digits.onnx")
    dse.build(model, "ulx3s-85f", out="build", fold="fps=5000")
"""
