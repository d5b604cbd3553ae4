"""Predict first, then reveal: a question whose answer torch computes when asked.

The reader commits to one of two to four choices, or to a number, and is then told what torch says and why the other
choices are tempting.  Nothing is counted.
"""

import functools
import html
import math
import re
import unicodedata
from collections.abc import Callable
from types import SimpleNamespace

import ipywidgets as widgets

from utils.inputs import one_line
from utils.language import say
from utils.picture import WRONG
from utils.plots import number

CSS = f"""<style>
.prediction {{ max-width: 1100px; border-left: 6px solid #0072B2; padding: 4px 0 4px 14px; overflow: hidden; }}
.prediction .widget-html-content {{ font-size: 17px; line-height: 1.45; color: var(--jp-content-font-color1, inherit); }}
.prediction p {{ margin: 4px 0; }}
.prediction pre {{ font-size: 16px; line-height: 1.35; margin: 6px 0; padding: 0; background: none; color: inherit;
  white-space: pre-wrap; }}
.prediction .widget-html-content code {{ font-size: 16px !important; background: none; color: inherit; }}
.prediction .widget-button {{ font-size: 17px; text-align: left; white-space: normal; overflow-wrap: anywhere; height: auto;
  line-height: 1.35; padding: 5px 12px; }}
.prediction .widget-button.chosen {{ font-weight: bold; box-shadow: inset 0 0 0 2px currentColor; }}
.prediction .widget-button.right::before {{ content: "✓ "; }}
.prediction .widget-button.chosen:not(.right)::before {{ content: "✗ "; }}
.prediction .widget-text input, .prediction .widget-text label {{ font-size: 17px; }}
.prediction .widget-text label {{ color: var(--jp-content-font-color1, inherit); }}
.prediction button:focus-visible, .prediction input:focus-visible {{
  outline: 3px solid var(--jp-brand-color1, #1976d2); outline-offset: -3px; }}
.prediction .wrong {{ border-left: 6px solid {WRONG}; padding-left: 10px; }}
</style>"""


class Prediction(widgets.VBox):
    """A question, its choices as buttons (or a box for a number), and below them, once answered, the feedback.

    question: text, `code` in backticks, a block of it between lines of three
    choices:  {choice: why}, a why for each: of the right one why it is right, of a wrong one why it is tempting and what
              it misses; None where a number is asked for
    answer:   () -> (the right choice, torch's numbers in words); where a number is asked for
              () -> (the number, how it comes about, {tempting number: why})

    .buttons are the choices, or .number and .buttons["Answer"]; .page shows the feedback.
    """

    def __init__(self, question: str, choices: dict[str, str] | None, answer: Callable):
        self.question, self.choices, self.answer = question, choices, answer
        if choices is None:
            self.number = widgets.Text(placeholder=say("a number"), description=say("your number"), layout={"width": "300px"},
                                       style={"description_width": "max-content"}, continuous_update=False)
            self.number.observe(lambda change: self._reveal(change["new"]), "value")  # when Enter is pressed
        said = {choice: say(choice) for choice in choices} if choices else {"Answer": say("Answer")}
        self.buttons = {choice: widgets.Button(description=text, layout={"width": "auto", "min_width": "120px"})
                        for choice, text in said.items()}
        for choice, button in self.buttons.items():
            button.on_click(lambda _, choice=choice: self._reveal(choice if choices else self.number.value))
        self.page = widgets.HTML()
        super().__init__([widgets.HTML(CSS, layout={"display": "none"}), widgets.HTML(self._asked()),
                          widgets.Box(([] if choices else [self.number]) + list(self.buttons.values()),
                              layout={"align_items": "flex-start", "flex_flow": "column" if choices else "row wrap"}), self.page])
        self.add_class("prediction")

    def _asked(self) -> str:
        predict, question = say("Predict."), marked(say(self.question))
        return f"<p><b>{predict}</b> {question}</p>"

    def _reveal(self, given: str) -> None:
        value = given if self.choices else read(given)
        if value is None:
            told = paragraph(say("✗ “{given}” is not a number: write one such as 0.5, then press Answer.", given=given))
        else:
            told = self._told(value)
        self.page.value = f'<div role="status">{told}</div>'

    def _told(self, given: str | float | None = None) -> str:
        """The feedback: on what was given, if anything, then the right answer, then the other temptations."""
        try:
            if self.choices:
                right, evidence = self.answer()
                because = say("{why} Torch says {evidence}.", why=say(self.choices[right]), evidence=evidence)
                tempting = {choice: why for choice, why in self.choices.items() if choice != right}
                same, name = str.__eq__, lambda choice: f"“{say(choice)}”"
            else:
                right, because, tempting = self.answer()
                same, name = near, lambda value: number(value).removesuffix(".0000")
        except Exception as error:  # shown here, since ipywidgets only logs what a button's callback raises
            return paragraph(f"✗ {one_line(error)}")
        told, colon = [], say(": ")
        if given is not None:
            self._mark(chosen=given, right=right)
            why = next((why for wrong, why in tempting.items() if same(given, wrong)), None)
            told.append(say("✓ Right.") if same(given, right) else f"✗ {name(given)}{colon}{say(why) if why else direction(given, right)}")
        told.append(say("**Answer: {answer}.** {because}", answer=name(right).strip("“”"), because=because))
        told += [f"{name(wrong)}{colon}{say(why)}" for wrong, why in tempting.items() if given is None or not same(given, wrong)]
        return "".join(map(paragraph, told))

    def _mark(self, **marks) -> None:
        for choice, button in self.buttons.items():
            for mark, marked in marks.items():
                (button.add_class if choice == marked else button.remove_class)(mark)

    def _repr_mimebundle_(self, **kwargs) -> dict:
        """The live view, and for where no kernel runs the question with its answer folded away."""
        choices = self.choices or [say("a number")]
        listed = "".join(f"<li>{html.escape(say(choice))}</li>" for choice in choices)
        summary = say("Decide first, then open")
        folded = f"<details><summary>{summary}</summary>{self._told()}</details>"
        return {
            "application/vnd.jupyter.widget-view+json": {"version_major": 2, "version_minor": 0, "model_id": self.model_id},
            "text/plain": "\n".join([repr(self), *(f"- {say(choice)}" for choice in choices)]),
            "text/html": f"{self._asked()}<ul>{listed}</ul>{folded}"}

    def __repr__(self) -> str:
        parts = " ".join([say("Predict."), say(self.question)]).split("```\n")
        return "".join(part if k % 2 else re.sub("[`*]", "", part) for k, part in enumerate(parts))


class Questions(SimpleNamespace):
    """What a notebook asks: questions.ratio() shows the question that was given with the function ratio, which answers it."""

    def asks(self, question: str, choices: dict[str, str] | None = None) -> Callable:
        """Turns a function that computes an answer into one that asks the question: see Prediction."""

        def decorate(answer: Callable) -> Callable[[], Prediction]:
            ask = functools.wraps(answer)(lambda: Prediction(question, choices, answer))
            setattr(self, answer.__name__, ask)
            return ask

        return decorate


def the_one(holds: dict[str, bool]) -> str:
    """The choice that holds.  Raises ValueError unless exactly one does, so that no wrong one is ever called right."""
    (right,) = [choice for choice, it_does in holds.items() if it_does]
    return right


def read(text: str) -> float | None:
    """A number as people type it, 0.5, 0,5, −1, 1/3, or in full-width characters, as a Chinese keyboard has them; None where it is none."""
    try:
        over, _, under = unicodedata.normalize("NFKC", text).translate(str.maketrans("−,。", "-..")).partition("/")
        value = float(over) / float(under or 1)
    except (ValueError, ZeroDivisionError):
        return None
    return value if math.isfinite(value) else None


def near(value: float, wanted: float) -> bool:
    """Whether a guess is as good as the number: within 1 %, or 0.01 near 0."""
    return abs(value - wanted) <= max(0.01, 0.01 * abs(wanted))


def direction(value: float, right: float) -> str:
    return say("too high.") if value > right else say("too low.")


def marked(text: str) -> str:
    """Text as HTML, with `code`, **bold** and *italics*, and blocks of code between lines of three backticks."""
    parts = html.escape(text, quote=False).split("```\n")
    for k in range(0, len(parts), 2):
        for mark, tag in ((r"`(.+?)`", "code"), (r"\*\*(.+?)\*\*", "b"), (r"\*(.+?)\*", "i")):
            parts[k] = re.sub(mark, rf"<{tag}>\1</{tag}>", parts[k])
    return "".join(f"</p><pre>{part}</pre><p>" if k % 2 else part for k, part in enumerate(parts))


def numbered(code: str) -> str:
    """Code as a block in a question, each line with its number."""
    return "```\n" + "\n".join(f"{k:2}  {line}" for k, line in enumerate(code.splitlines(), 1)) + "\n```\n"


def paragraph(text: str) -> str:
    return f"<p{' class=wrong' if text.startswith('✗') else ''}>{marked(text)}</p>"
