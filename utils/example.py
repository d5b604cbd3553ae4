"""The one example that all topics share, as tensors: the article's logits first, then batches that tell slips apart."""

import torch

ROW = torch.tensor([[2, 3, 0.1]])
BATCH = torch.tensor([[2, 3, 0.1], [1, 1, 1]])
FOUR = torch.tensor([[0.5, -1, 2, 0.25], [-2, 0.3, 0.1, 1], [1.5, 3, -1, 0.2]])
SMALL = torch.tensor([[0.2, 0.9, 0.4], [0.7, 0.1, 0.5], [0.3, 0.8, 0.6]])  # numbers that may be taken for probabilities
WIDE = torch.tensor([[9.0, 0, -2], [0.3, 0.1, 0.2], [-12, 1, 0.5], [40, 38, -3]])
COLUMN = torch.tensor([[0.7], [-2], [0]])
