"""Review this code: unfamiliar snippets with one slip each, which run when they are asked about.  For notebooks/08_training.ipynb."""

import math
from collections.abc import Callable

import torch
from torch.nn import functional as F

from utils.digits import DIGITS, digits, halves
from utils.language import say
from utils.predict import Questions, numbered, the_one

LOOP = """optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    losses.append(loss.item())"""


def reviewed(code: str, line: int = 0, mended: str = "") -> tuple[list[float], float]:
    """Run a snippet, with a line of it exchanged if one is given.  Returns: its losses, and its share of right answers on the test images.

    A snippet finds images, labels and an empty list losses, and leaves a model: images → logits.
    """
    lines = code.splitlines()
    if line:
        lines[line - 1] = mended
    (images, labels), test = halves(*digits(*DIGITS))
    space = {"torch": torch, "nn": torch.nn, "F": F, "images": images.float(), "labels": labels, "losses": []}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        exec("\n".join(lines), space)
    with torch.no_grad():
        right = (space["model"](test[0].float()).argmax(dim=1) == test[1]).double().mean()
    return space["losses"], float(right)


# {name: (the code, the line with the slip, the line mended, {choice: why}, {choice: (losses, right) -> whether the code looks so})}
SNIPPETS = {
    "review_shares": (f"""model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 3), nn.Softmax(dim=1))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
criterion = nn.CrossEntropyLoss()
for epoch in range(100):
    loss = criterion(model(images), labels)
    {LOOP}""", 1, "model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 3))", {
        "Line 1: the loss will come no lower than 0.55":
            "`nn.CrossEntropyLoss` contains the softmax. The ReLU in the middle is as it should be. Mend: leave out `nn.Softmax(dim=1)`.",
        "Line 1: the loss will be stuck at 1.0986": "A ReLU at the *end* may do that. This one stands between two layers.",
        "Line 5: the loss will fall below 0":
            "Logits first, labels second: this line is right, and `nn.CrossEntropyLoss` is never negative.",
    }, {"Line 1: the loss will come no lower than 0.55": lambda losses, right: 0.55 < losses[-1] < 0.7 and right > 0.8,
        "Line 1: the loss will be stuck at 1.0986": lambda losses, right: abs(losses[-1] - math.log(3)) < 0.01,
        "Line 5: the loss will fall below 0": lambda losses, right: min(losses) < 0}),
    "review_names": (f"""model = nn.Linear(64, 3)
optimizer = torch.optim.SGD(model.parameters(), lr=0.2, momentum=0.9)
names = torch.arange(3)
wanted = (labels[:, None] != names).float()
for _ in range(100):
    loss = F.binary_cross_entropy_with_logits(model(images), wanted)
    {LOOP}""", 4, "wanted = (labels[:, None] == names).float()", {
        "Line 2: the loss will jump and not come down": "Momentum makes longer steps, but these are short enough.",
        "Line 4: the loss will fall as it should, with nearly all answers wrong":
            "`!=` makes a 1 of every class that is *not* there. Mend: `==`.",
        "Line 6: an error at once, since the target must be labels": "This loss wants just such rows of floats.",
    }, {"Line 2: the loss will jump and not come down": lambda losses, right: losses[-1] > losses[0],
        "Line 4: the loss will fall as it should, with nearly all answers wrong":
            lambda losses, right: 0 < losses[-1] < 0.3 and right < 0.1}),
    "review_scores": (f"""W = torch.zeros(64, 3, requires_grad=True)
model = lambda pixels: pixels @ W
optimizer = torch.optim.Adam([W], lr=0.05)
for step in range(100):
    scores = model(images)
    log_shares = scores - scores.logsumexp(dim=0, keepdim=True)
    loss = -log_shares.gather(1, labels.unsqueeze(1)).mean()
    {LOOP}""", 6, "    log_shares = scores - scores.logsumexp(dim=1, keepdim=True)", {
        "Line 1: the loss will be stuck, since all weights are 0":
            "With one layer that is no harm: the classes get different gradients at once.",
        "Line 6: the loss will start near 5.7 and stay above 4.6":
            "`dim=0` runs over the 300 images: log 300 to begin with, and log of about 100 images of a class at best. Mend: `dim=1`.",
        "Line 7: the loss will be below 0": "The minus is there, and the logarithms of shares are negative.",
    }, {"Line 1: the loss will be stuck, since all weights are 0": lambda losses, right: abs(losses[-1] - losses[0]) < 0.01,
        "Line 6: the loss will start near 5.7 and stay above 4.6": lambda losses, right: 5.6 < losses[0] < 5.8 and min(losses) > 4.6,
        "Line 7: the loss will be below 0": lambda losses, right: min(losses) < 0}),
    "review_nll": (f"""model = nn.Linear(64, 3)
optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
for step in range(100):
    shares = F.softmax(model(images), dim=-1)
    loss = nn.NLLLoss()(shares, labels)
    {LOOP}""", 5, "    loss = nn.NLLLoss()(shares.log(), labels)", {
        "Line 4: the loss will start near 5.7": "`dim=-1` is the last dimension, and there the classes lie.",
        "Line 5: the loss will be below 0, with good answers all the same":
            "`nn.NLLLoss` wants log-shares and only picks and changes the sign. Mend: `F.log_softmax` in line 4, or `shares.log()`.",
        "Line 5: the loss will have a floor at 0.55": "So it would with `nn.CrossEntropyLoss`, which takes a softmax itself.",
    }, {"Line 4: the loss will start near 5.7": lambda losses, right: losses[0] > 5,
        "Line 5: the loss will be below 0, with good answers all the same":
            lambda losses, right: max(losses) < 0 and min(losses) > -1 and right > 0.8,
        "Line 5: the loss will have a floor at 0.55": lambda losses, right: 0.55 < min(losses) < 0.7}),
    "review_sum": (f"""model = nn.Linear(64, 3)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
criterion = nn.CrossEntropyLoss(reduction="sum")
for batch in range(100):
    logits = model(images)
    loss = criterion(logits, labels)
    {LOOP}""", 3, "criterion = nn.CrossEntropyLoss()", {
        "Line 3: the loss will start in the hundreds, and jump":
            "300 losses are added up, and so are their gradients. Mend: keep the mean.",
        "Line 6: an error at once, since the shares are missing": "The loss takes logits, and does the softmax itself.",
        "Line 2: the loss will hardly move": "A rate of 0.1 is no small one here, and the gradient is 300 times what it should be.",
    }, {"Line 3: the loss will start in the hundreds, and jump": lambda losses, right: losses[0] > 200 and max(losses) > 2 * losses[0],
        "Line 2: the loss will hardly move": lambda losses, right: abs(losses[-1] - losses[0]) < 0.01 * losses[0]}),
    "review_yes": (f"""class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(64, 3)
    def forward(self, x):
        return self.layer(x)
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
yes = labels.float().view(-1, 1).repeat(1, 3)
for step in range(100):
    loss = nn.BCEWithLogitsLoss()(model(images), yes)
    {LOOP}""", 9, "yes = F.one_hot(labels, num_classes=3).float()", {
        "Line 6: the loss will have a floor, since a sigmoid is missing": "`nn.BCEWithLogitsLoss` brings the sigmoid along.",
        "Line 9: the loss will fall below 0, and most answers will be wrong":
            "Each row holds its label three times, and a label of 2 is a target of 2. Mend: `F.one_hot(labels, num_classes=3).float()`.",
        "Line 11: an error at once, since the shapes differ": "They would, without `repeat`. With it they agree, and that hides the slip.",
    }, {"Line 6: the loss will have a floor, since a sigmoid is missing": lambda losses, right: 0.5 < losses[-1] < 0.69,
        "Line 9: the loss will fall below 0, and most answers will be wrong": lambda losses, right: losses[-1] < 0 and right < 0.5}),
}


# What notebook 8 asks for its review.
questions = Questions()


def review(name: str) -> Callable:
    """The question about one of the SNIPPETS."""
    code, line, mended, choices, looks = SNIPPETS[name]

    def answer():
        losses, right = reviewed(code)
        better, good = reviewed(code, line, mended)
        return the_one({choice: look(losses, right) for choice, look in looks.items()}), (
            say("{losses}; with line {line} mended {better}", losses=in_short(losses, right), line=line, better=in_short(better, good)))

    answer.__name__ = name
    return questions.asks(f"One line is wrong. Which, and what will one see?\n{numbered(code)}", choices)(answer)


def in_short(losses: list[float], right: float) -> str:
    """A training in a clause, to two decimals; of one that jumps only what does not hang on a rounding."""
    if max(losses) > 2 * abs(losses[0]):
        return say("a loss of {first} at first, which then more than doubles", first=f"{losses[0]:.2f}")
    first, last = (f"{loss:.2f}".replace("-", "−") for loss in (losses[0], losses[-1]))
    return say("a loss of {first} at first and {last} at the end, with {share} % of the answers right",
               first=first, last=last, share=f"{100 * right:.0f}")


questions.SNIPPETS = [review(name) for name in SNIPPETS]
