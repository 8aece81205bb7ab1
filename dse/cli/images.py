"""How verbs that take images describe them."""

OPTION = "How many images to draw, or a data set whose test images to take, e.g. npz:FILE."
