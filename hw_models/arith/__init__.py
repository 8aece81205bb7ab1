"""How number formats meet hardware: fields, widths and structure of products and sums."""
