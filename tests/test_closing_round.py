import math

import torch

from tests.oracle import BCE, CE, p, raises, s, share, y, z

# The right choice of each question, and a fact of torch's that makes it right; or the number.
ANSWERS = {
    "round_animals": ("CrossEntropyLoss and argmax", lambda: (torch.sigmoid(torch.tensor([4.0, 3.9])) > 0.5).all()),
    "round_findings": ("BCEWithLogitsLoss and a threshold", lambda: (share(torch.tensor([[4.0, 4.0, -4.0]])) < 0.5).all()),
    "round_labels": ("[32] long", lambda: [raises(CE, torch.zeros(32, 10), target) for target in (
        torch.zeros(32).long(), torch.zeros(32, 1).long(), torch.zeros(32, 10).long())] == [False, "RuntimeError", "RuntimeError"]),
    "round_targets": ("[32, 14] float", lambda: [raises(BCE, torch.zeros(32, 14), target) for target in (
        torch.zeros(32).long(), torch.zeros(32, 14).long(), torch.zeros(32, 14))] == ["ValueError", "RuntimeError", False]),
    "round_floor": ("A softmax before the loss", lambda: 0.55 < math.log(math.e + 2) - 1 < 0.56),
    "round_negative": ("Targets outside 0 … 1", lambda: BCE(z, 255 * y) < 0),
    "round_reduction": 64,
    "round_why": ("One three-class loss, and the mean of three two-class losses",
                  lambda: round(-math.log(p[0, 1]), 4) == 0.3527
                  and round(-(math.log(1 - s[0, 0]) + math.log(s[0, 1]) + math.log(1 - s[0, 2])) / 3, 4) == 0.9733),
}
# A word or two that only this choice has for its reason.
REASONS = {
    "round_animals": {"Cross": "the classes compete", "BCEWithLogitsLoss and a": "two animals or none",
                      "BCEWithLogitsLoss and s": "inside this one"},
    "round_findings": {"CrossEntropyLoss and argmax": "healthy one too", "CrossEntropyLoss and a thr": "at most one",
                       "BCE": "Fourteen questions"},
    "round_labels": {"[32] long": "One index per row of", "[32, 1]": "A column", "[32, 10]": "as probabilities"},
    "round_targets": {"[32] long": "only one finding", "[32, 14] long": "The shape is right", "[32, 14] float": "shape of the logits"},
    "round_floor": {"A learning": "the loss would jump", "A softmax": "once more", "Too few": "low in training"},
    "round_negative": {"The model": "Perfect is 0", "Targets": "−254", "The learning": "jumps about"},
    "round_reduction": {1: "the direction stays", 1 / 64: "the larger one", 192: "64 · 3"},
    "round_why": {"One is": "Both are means", "One three": "yes or no for itself", "The same": "fourth decimal"},
}
