"""A quiz in the forms that learning platforms import: Moodle XML, and QTI 1.2 (Canvas, Brightspace, Blackboard, ILIAS, OpenOlat)."""

import html
import io
import zipfile

from utils.drawn import Question
from utils.language import say
from utils.paper import named
from utils.predict import marked

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def escaped(text: str) -> str:
    """A text with `code` and *italics* as HTML, written as the text of an XML element."""
    return html.escape(f"<p>{marked(text)}</p>", quote=False)


def why(question: Question, choice: str) -> str:
    """The feedback on a choice: its own reason, and for the right one torch's numbers."""
    reason = question.choices[choice]
    return say("{reason} Torch says {evidence}.", reason=reason, evidence=question.evidence) if choice == question.right else reason


def moodle_xml(title: str, questions: list[Question], seed: int) -> str:
    """A category with multiple-choice questions: one right answer each, with feedback on every choice, in shuffled order."""
    written = []
    for k, question in enumerate(questions, 1):
        answers = "\n".join(
            f'    <answer fraction="{100 * (choice == question.right)}" format="html"><text>{escaped(choice)}</text>'
            f'<feedback format="html"><text>{escaped(why(question, choice))}</text></feedback></answer>' for choice in question.choices)
        written.append(f"""  <question type="multichoice">
    <name><text>{seed}.{k}</text></name>
    <questiontext format="html"><text>{escaped(question.text)}</text></questiontext>
    <generalfeedback format="html"><text></text></generalfeedback>
    <defaultgrade>1</defaultgrade>
    <penalty>0.3333333</penalty>
    <hidden>0</hidden>
    <single>true</single>
    <shuffleanswers>true</shuffleanswers>
    <answernumbering>ABCD</answernumbering>
{answers}
  </question>
""")
    category = f'  <question type="category"><category><text>$course$/top/{html.escape(title)} {seed}</text></category></question>\n'
    return f"{HEAD}<quiz>\n{category}{''.join(written)}</quiz>\n"


def qti_package(title: str, questions: list[Question], seed: int) -> bytes:
    """A zip with the manifest and the assessment, the same bytes everywhere: nothing compressed, no date, no system."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as package:
        for name, text in (("imsmanifest.xml", manifest(title, seed)), ("quiz/quiz.xml", qti(title, questions, seed))):
            entry = zipfile.ZipInfo(name)  # of 1980
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            package.writestr(entry, text.encode())
    return packed.getvalue()


def manifest(title: str, seed: int) -> str:
    name = named("quiz", seed)
    return f"""{HEAD}<manifest identifier="{name}" xmlns="http://www.imsglobal.org/xsd/imscp_v1p1">
  <metadata><schema>IMS Content</schema><schemaversion>1.1.3</schemaversion></metadata>
  <organizations/>
  <resources>
    <resource identifier="{name}-resource" type="imsqti_xmlv1p2" href="quiz/quiz.xml"><file href="quiz/quiz.xml"/></resource>
  </resources>
</manifest>
"""


def qti(title: str, questions: list[Question], seed: int) -> str:
    """QTI 1.2: an assessment of one section with one item a question; a choice shows its feedback and, if right, scores."""
    name = named("quiz", seed)
    items = "".join(item(question, f"{name}-{k}", f"{seed}.{k}") for k, question in enumerate(questions, 1))
    return (f'{HEAD}<questestinterop>\n<assessment ident="{name}" title="{html.escape(title)} {seed}">\n'
            f'<section ident="{name}-section">\n{items}</section>\n</assessment>\n</questestinterop>\n')


def item(question: Question, ident: str, title: str) -> str:
    fields = "".join(f"<qtimetadatafield><fieldlabel>{label}</fieldlabel><fieldentry>{entry}</fieldentry></qtimetadatafield>"
                     for label, entry in (("question_type", "multiple_choice_question"), ("points_possible", "1")))
    lettered = [("ABCD"[k], choice) for k, choice in enumerate(question.choices)]
    labels = "".join(f'<response_label ident="{letter}">{material(choice)}</response_label>\n' for letter, choice in lettered)
    shown = "".join(f'<respcondition continue="Yes">{chosen(letter)}'
                    f'<displayfeedback feedbacktype="Response" linkrefid="{letter}_fb"/></respcondition>\n' for letter, _ in lettered)
    told = "".join(f'<itemfeedback ident="{letter}_fb"><flow_mat>{material(why(question, choice))}</flow_mat></itemfeedback>\n'
                   for letter, choice in lettered)
    return f"""<item ident="{ident}" title="{title}">
<itemmetadata><qtimetadata>{fields}</qtimetadata></itemmetadata>
<presentation>{material(question.text)}
<response_lid ident="response1" rcardinality="Single"><render_choice shuffle="Yes">
{labels}</render_choice></response_lid></presentation>
<resprocessing><outcomes><decvar maxvalue="100" minvalue="0" varname="SCORE" vartype="Decimal"/></outcomes>
{shown}<respcondition continue="No">{chosen(question.letter)}<setvar action="Set" varname="SCORE">100</setvar></respcondition>
</resprocessing>
{told}</item>
"""


def chosen(letter: str) -> str:
    return f'<conditionvar><varequal respident="response1">{letter}</varequal></conditionvar>'


def material(text: str) -> str:
    return f'<material><mattext texttype="text/html">{escaped(text)}</mattext></material>'
