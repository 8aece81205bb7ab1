"""What each operator of a file becomes: one file per kind of operator.

============== ====================================================================================
quantization   Quant, FloatQuant and BipolarQuant: codes of weights; the end of a stream's tail
layers         Conv (dense, depthwise), Gemm, MatMul: window and `Mvau`
pools          max and average pools, means and sums over all pixels: `Pool`
arithmetic     Add of two streams: `Add`; with constants, and BatchNormalization: steps of a tail
activations    ReLU, Clip and other functions that never fall: steps of a tail
movement       Reshape, Transpose, Flatten, …: the order of elements; no node
padding        Pad: rows and columns of zeros that the next window adds
============== ====================================================================================
"""
