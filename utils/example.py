"""The one example of every notebook: an image whose logits are 2, 3, 0.1 and whose true class is 1, as numbers and as controls."""

import ipywidgets as widgets
import torch
from torch import Tensor, nn

from utils.explore import slider
from utils.picture import COLOURS

ARTICLE = (2.0, 3.0, 0.1)
LOGITS = torch.tensor([ARTICLE])  # [1, 3]
LABEL = torch.tensor([1])
TARGET = torch.tensor([[0.0, 1.0, 0.0]])
CE, BCE = nn.CrossEntropyLoss(), nn.BCEWithLogitsLoss()

ROW = LOGITS
BATCH = torch.cat([LOGITS, torch.ones(1, 3)])
FOUR = torch.tensor([[0.5, -1, 2, 0.25], [-2, 0.3, 0.1, 1], [1.5, 3, -1, 0.2]])
SMALL = torch.tensor([[0.2, 0.9, 0.4], [0.7, 0.1, 0.5], [0.3, 0.8, 0.6]])  # numbers that may be taken for probabilities
WIDE = torch.tensor([[9.0, 0, -2], [0.3, 0.1, 0.2], [-12, 1, 0.5], [40, 38, -3]])
COLUMN = torch.tensor([[0.7], [-2], [0]])

PRESETS = {  # what the buttons are called, and the logits that they set, for a true class of 1
    "the article": ARTICLE,
    "confident and right": (-1.0, 5.0, 0.0),
    "confident and wrong": (4.0, 0.0, -1.0),
    "tie": (0.0, 0.0, 0.0),
    "saturated": (6.0, -6.0, -6.0),
}
LABEL_1 = {"target 0": False, "target 1": True, "target 2": False}  # for presets(**LABEL_1)


def presets(**others) -> dict[str, dict]:
    """The buttons that set the logits; others are set along with them, the same in each."""
    return {name: {f"logit {k}": z for k, z in enumerate(logits)} | others for name, logits in PRESETS.items()}


def logit_sliders() -> dict[str, widgets.FloatSlider]:
    """The three sliders that come first in every explorer, at the article's logits."""
    return {f"logit {k}": slider(f"logit {k}", value, -6, 6, COLOURS[k]) for k, value in enumerate(ARTICLE)}


def label_choice() -> widgets.ToggleButtons:
    """Which class is the true one: 0, 1 or 2, at the article's 1."""
    return widgets.ToggleButtons(options=[0, 1, 2], value=1, description="label",
                                 style={"description_width": "max-content", "button_width": "4.5em"})


def target_boxes() -> dict[str, widgets.Checkbox]:
    """One box per class, ticked where the class is true: at the article's [0, 1, 0]."""
    return {f"target {k}": widgets.Checkbox(k == 1, description=f"class {k} is true", indent=False) for k in range(3)}


def logits_from(values: dict) -> Tensor:
    """The three sliders' values, in double precision for torch's own answers.  Returns: shape [3], float64."""
    return torch.tensor([values[f"logit {k}"] for k in range(3)], dtype=torch.float64)


def targets_from(values: dict) -> Tensor:
    """The three boxes as a target.  Returns: shape [3], float64, 0 or 1."""
    return torch.tensor([values[f"target {k}"] for k in range(3)], dtype=torch.float64)
