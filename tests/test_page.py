"""The page for phones, .site/index.html: its numbers and words are torch's and the notebooks', its picture and controls a reader's."""

import itertools
import json
import math
import os
import random
import re

import pytest
import torch
from axe_playwright_python.sync_playwright import Axe
from torch.nn import functional as F

from tests.lab import CHROME, ROOT
from tests.translate import NO_WORDS, page as page_saying
from utils.bce import before_and_now, explore_bce, worked_bce
from utils.cross_entropy import worked_cross_entropy, worked_row
from utils.example import ARTICLE, PRESETS
from utils.explore import STILL
from utils.language import say, speak
from utils.picture import COLOURS
from utils.plots import exact, minus_log, number, numbers, reach, short
from utils.summary import explore_summary

if CHROME is None and os.environ.get("CI") != "true":
    pytest.skip("no Chromium or Chrome on this machine: install one for the browser tests", allow_module_level=True)

PAGE = ROOT / ".site" / "index.html"
WINDOWS = {"small phone": (320, 640), "phone": (390, 844), "tablet": (820, 1180), "laptop": (1366, 768), "projector": (1920, 1080),
           "4K": (3840, 2160)}
SPOKEN = [*((window, "en") for window in WINDOWS), ("phone", "zh"), ("projector", "zh")]
TARGETS = list(itertools.product((0, 1), repeat=3))
EXTREMES = [0, 0.1, -0.1, 6, -6, 17, -17, 36.8, -36.8, 89, -89, 100, -100, 709.7, -709.7, 745, -745]


def states() -> list:
    """More than 20,000 pairs of logits and target: where the sliders stand, ties, what is saturated, and beyond."""
    dice = random.Random(0)
    near = [[dice.randint(-60, 60) / 10 for _ in range(3)] for _ in range(1000)]
    far = [[dice.gauss(0, scale) for _ in range(3)] for scale in (0.001, 1, 30, 300) for _ in range(100)]
    ties = [[z, z, other] for z in (0, -6, 2.5, 30) for other in (z, 1, -4, 5.9)]
    whole = [list(z) for z in (*PRESETS.values(), *itertools.product(EXTREMES[:9], repeat=3), *itertools.product(EXTREMES[9:], repeat=3))]
    return [[z, list(y)] for z in near + far + ties + whole for y in TARGETS]


# What is as good as 0: next to 1 the last bit hangs on the order in which a machine adds three numbers, and below 2.2e−308 a double
# has fewer digits the smaller it is.
NOISE = r"\d\.\d+·10⁻(¹[⁵⁶⁷]|³(⁰[⁸⁹]|[¹²][⁰¹²³⁴⁵⁶⁷⁸⁹]))|0\.0+(?!\d)"


def asked_torch(z, y) -> dict:
    """All that the page computes, by torch in float64, for rows of logits and targets."""
    z, y = torch.tensor(z, dtype=torch.float64), torch.tensor(y, dtype=torch.float64)
    return {"p": torch.softmax(z, dim=1), "sigma": torch.sigmoid(z), "given": torch.sigmoid(z * (2 * y - 1)),
            "row": F.cross_entropy(z, y, reduction="none") + 0.0, "terms": F.binary_cross_entropy_with_logits(z, y, reduction="none"),
            "bce": torch.stack([F.binary_cross_entropy_with_logits(*pair) for pair in zip(z, y)])}


def wanted_words(y, p, sigma, given, row, terms, bce) -> list[str]:
    """The lines that the explorers of notebooks 5 and 6 write, by the functions that write them, in the language that is spoken."""
    row, bce, one = float(row), float(bce), sum(y) == 1
    return [f"softmax   {numbers(p)}",
            f"CE  = {worked_cross_entropy(p, y.index(1), row)}" if one else f"CE  {worked_row(y, row)}",
            f"sigmoid   {numbers(sigma)}",
            *(f"{say('class {k}', k=k)}   y = {y[k]}   {'−log σ' if y[k] else '−log(1 − σ)':<11} = "
              f"−log {exact(float(terms[k]), minus_log, float(given[k]))[0]} = {number(float(terms[k]))}" for k in range(3)),
            f"BCE = {worked_bce(terms, 'mean', bce)}",
            before_and_now({"bce": bce, "ce": None}, {"bce": bce, "ce": row if one else None})]


@pytest.fixture
def opened(browser):
    """opened(window, hash, how): the page from disk, in a browser without a network.  None of its scripts may fail."""
    contexts, said = [], []

    def opened(window="laptop", hash="", file=PAGE, **how):
        width, height = WINDOWS[window]
        context = browser.new_context(viewport={"width": width, "height": height}, offline=True, **how)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("console", lambda line: said.append(line.text))
        page.goto(file.as_uri() + hash)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert said == []


def go(page, hash: str):
    """Change the address, and wait until the page has followed: it listens longer than this does."""
    page.evaluate("""hash => location.hash === hash || new Promise(done => {
        addEventListener("hashchange", done, {once: true});
        location.hash = hash;
    })""", hash)


def shown(page) -> dict:
    """What the controls show, as logits and target, and what is said."""
    return {"z": [float(page.locator(f"#z{k}").input_value()) for k in range(3)],
            "y": [int(page.locator(f"#y{k}").is_checked()) for k in range(3)],
            "words": page.locator("#words p").all_text_contents(), "alt": page.get_by_role("img").get_attribute("aria-label")}


def check(page) -> dict:
    """Words, picture and its text form are torch's for what the controls show."""
    now = shown(page)
    torchs = {key: value[0] for key, value in asked_torch([now["z"]], [now["y"]]).items()}
    assert now["words"][:-1] == wanted_words(now["y"], **torchs)[:-1]
    one, row, bce = sum(now["y"]) == 1, float(torchs["row"]), float(torchs["bce"])
    said = {"logits": "[" + ", ".join(f"{z:g}" for z in now["z"]) + "]", "y": now["y"], "ce": number(row), "bce": number(bce)}
    assert now["alt"] == (say("logits {logits}, target {y} → CE {ce}, BCE {bce}", **said) if one else
                          say("logits {logits}, target {y} → CE of the row {ce}, BCE {bce}", **said))

    parts = page.evaluate("""() => Object.fromEntries([...document.querySelectorAll('[data-part]')].map(
        part => [part.dataset.part, [part.width.baseVal.value, part.height.baseVal.value]]))""")
    assert [parts[f"share {k}"][0] / sum(parts[f"share {k}"][0] for k in range(3)) for k in range(3)] == pytest.approx(
        torchs["p"].tolist(), abs=1e-6)
    assert [parts[f"there {k}"][1] / (parts[f"there {k}"][1] + parts[f"not there {k}"][1]) for k in range(3)] == pytest.approx(
        torchs["sigma"].tolist(), abs=1e-6)
    nat = parts["BCE"][0] / bce  # all losses on one ruler
    assert [parts[f"loss {k}"][0] / nat for k in range(3)] == pytest.approx(torchs["terms"].tolist(), rel=1e-5, abs=1e-6)
    assert ("CE" in parts) == one and (not one or parts["CE"][0] / nat == pytest.approx(row, rel=1e-5, abs=1e-6))
    texts = page.locator("#picture text").all_text_contents()
    for text in (f"BCE {short(bce)}", f"CE {short(row)}" if one else f"× {sum(now['y'])}",
                 *map(short, [*torchs["p"].tolist(), *torchs["given"].tolist(), *torchs["terms"].tolist()])):
        assert text in texts
    return now


def test_numbers_and_words_are_torchs_on_20_000_states(opened):
    page, given = opened(), states()
    assert len(given) >= 20_000
    told = json.loads(page.evaluate("""states => JSON.stringify(JSON.parse(states).map(([z, y]) => {
        const now = losses.compute({z, y});
        return [now.p, now.sigma, now.given, now.row, now.terms, now.bce, losses.words(now, {bce: now.bce, ce: null})]}))""",
                                    json.dumps(given)))  # as text, which travels faster
    torchs = asked_torch(*zip(*given))
    for k, name in enumerate(torchs):
        theirs = torch.tensor([row[k] for row in told], dtype=torch.float64)
        assert torch.allclose(theirs, torchs[name], rtol=1e-12, atol=3e-16 if name in ("p", "sigma", "given") else 3e-13), name
    wrong = []
    for (z, y), (*_, words), *row in zip(given, told, *torchs.values()):
        pairs = zip(words, wanted_words(y, *row), strict=True)
        wrong += [(z, y, *pair) for pair in pairs if len({re.sub(NOISE, "0.0000", line) for line in pair}) > 1]
    assert wrong == []


ALL_WORDS = """states => JSON.stringify(JSON.parse(states).map(([z, y]) => {
    const now = losses.compute({z, y});
    return losses.words(now, {bce: now.bce, ce: null})}))"""


def test_in_chinese_the_same_numbers_are_said_and_the_words_are_the_notebooks(opened):
    """The numbers in all states, the words in some hundred."""
    page, given = opened(), states()
    english = json.loads(page.evaluate(ALL_WORDS, json.dumps(given)))
    page.get_by_role("link", name="中文").click()
    told = json.loads(page.evaluate(ALL_WORDS, json.dumps(given)))
    words = r"[A-Za-z\u3000-\u9fff\uff00-\uffef' ]|[:;,](?= )"
    numbers_in = [[re.sub(words, "", "\n".join(lines)) for lines in all_words] for all_words in (english, told)]
    assert [pair for pair in zip(given, *numbers_in) if pair[1] != pair[2]] == []
    speak("zh")
    some = slice(0, None, 43)
    for (_, y), words, *row in zip(given[some], told[some], *(values[some] for values in asked_torch(*zip(*given)).values())):
        assert [re.sub(NOISE, "0.0000", line) for line in words] == [re.sub(NOISE, "0.0000", line) for line in wanted_words(y, *row)]
    assert len(given[some]) > 400 and "★ × 2：没有哪个标签能表示 2 个真类" in str(told)


def test_numbers_are_written_as_python_writes_them_at_ties_too(opened):
    dice = random.Random(1)
    values = [k / 32 for k in range(-500, 500)] + [k / 2 ** 13 for k in range(1, 2000, 2)] + [50.0 * k for k in range(200, 1000)]
    values += [dice.choice((-1, 1)) * 10 ** dice.uniform(-300, 15) for _ in range(3000)] + [0, math.inf, -math.inf, 5e-324]
    told = json.loads(opened().evaluate("""values => JSON.stringify(values.split(' ').map(Number).map(x => isFinite(x) ?
        [losses.number(x), losses.fixed(x, 4), losses.fixed(x, 12), losses.scientific(x, 7)] : [losses.number(x)]))""",
                                        " ".join(map(repr, values)).replace("inf", "Infinity")))
    wanted = [[number(x), f"{x:.4f}", f"{x:.12f}", re.sub("e(.)0", r"e\1", f"{x:.7e}")][:None if math.isfinite(x) else 1] for x in values]
    assert f"{0.03125:.4f}" == "0.0312" and "0.0312" in told[values.index(0.03125)]
    assert [pair for pair in zip(values, told, wanted) if pair[1] != pair[2]] == []


def test_its_words_are_lines_of_the_explorers(opened):
    """wanted_words, with which the states above are compared, is what notebooks 5 and 6 say."""
    explorers = explore_bce(lambda z, y: F.binary_cross_entropy_with_logits(z, y, reduction="none")), explore_summary()
    page, dice = opened(), random.Random(2)
    for y in TARGETS:
        z = [dice.randint(-60, 60) / 10 for _ in range(3)]
        before = [re.split(r" {3,}", line) for line in page.evaluate(
            "z => losses.words(losses.compute({z, y: [0, 1, 0]}), null)", list(ARTICLE))][-1]
        for explorer in explorers:
            explorer.buttons["Reset"].click()
            assert before == re.split(r" {3,}", explorer.words.splitlines()[-1])
            for k in range(3):
                explorer.controls[f"logit {k}"].value, explorer.controls[f"target {k}"].value = z[k], bool(y[k])
        said = {re.split(r" {3,}(?:argmax|≥)", line)[0] for explorer in explorers for line in explorer.words.splitlines()}
        words = page.evaluate("([z, y]) => losses.words(losses.compute({z, y}), null)", [z, list(y)])[:-1]
        assert not [line for line in words if line not in said]


@pytest.mark.parametrize("window, language", SPOKEN)
def test_at_rest_the_articles_example_and_then_what_the_hand_does(opened, window, language):
    """By finger where there is one, else by mouse; then by keyboard."""
    touch = window in ("small phone", "phone", "tablet")
    page = opened(window, f"?lang={language}", has_touch=touch, is_mobile=touch)
    speak(language)
    assert (check(page)["z"], shown(page)["y"]) == (list(ARTICLE), [0, 1, 0])
    assert shown(page)["words"][1].endswith("= 0.3527") and shown(page)["words"][6].endswith("= 0.9733")
    ghosts = page.locator("#picture [fill='var(--ghost)']")
    assert ghosts.count() == 0 and shown(page)["words"][-1] == say(STILL)
    for k in range(3):
        before, slider = shown(page), page.locator(f"#z{k}")
        box = slider.bounding_box()
        assert box["height"] >= 24 and box["width"] >= 100
        x, y = box["x"] + box["width"] * (0.15 + 0.3 * k), box["y"] + box["height"] / 2
        page.touchscreen.tap(x, y) if touch else page.mouse.click(x, y)
        assert check(page)["z"][k] != before["z"][k]
        assert ghosts.count() > 3
        bce, ce = (re.search(rf"^{name} .*= (\S+)$", "\n".join(before["words"]), re.M)[1] for name in ("BCE", "CE"))
        now_bce, now_ce = (re.search(rf"^{name} .*= (\S+)$", "\n".join(shown(page)["words"]), re.M)[1] for name in ("BCE", "CE"))
        assert shown(page)["words"][-1] == f"{say('before → now')}   BCE {bce} → {now_bce}   CE {ce} → {now_ce}"
        z = shown(page)["z"][k]
        slider.press("ArrowLeft")
        assert check(page)["z"][k] == pytest.approx(z - 0.1)
    for k in range(3):
        label = page.locator("label.true").nth(k)
        label.tap() if touch else label.click()
        check(page)
        page.locator(f"#y{k}").press("Space")
        check(page)


def test_presets_are_the_notebooks_and_reset_returns_to_the_article(opened):
    page = opened()
    rest = page.locator("#picture").inner_html()
    for name, logits in PRESETS.items():
        page.get_by_role("button", name=name, exact=True).click()
        assert check(page)["z"] == list(logits) and shown(page)["y"] == [0, 1, 0]
    page.locator("#y0").check()
    page.get_by_role("button", name="Reset").click()
    assert page.locator("#picture").inner_html() == rest and check(page)["z"] == list(ARTICLE)


def test_the_address_holds_what_is_shown_and_is_read_back(opened):
    page = opened(hash="#z=-1.5,0,100&y=1,0,1")
    assert (check(page)["z"], shown(page)["y"]) == ([-1.5, 0, 100], [1, 0, 1])
    page.locator("#z0").press("ArrowRight")
    page.wait_for_function("location.hash === '#z=-1.4,0,100&y=1,0,1'")
    page.reload()  # without a network: the page is one file
    assert check(page)["z"] == [-1.4, 0, 100]
    go(page, "#z=1,2,3&y=0,0,1")
    assert check(page)["y"] == [0, 0, 1] and "before → now   BCE" in shown(page)["words"][-1]
    for wrong in ("#z=1,2&y=0,1,0", "#z=1,2,x&y=0,1,0", "#z=1,2,1e9&y=0,1,0", "#z=1,2,3&y=0,2,0", "#<b>", "#z=1,2,NaN&y=0,1,0",
                  "#z=1,,3&y=0,1,0", "#z=1,2,3&y=0,1,"):
        go(page, "#z=1,2,3&y=0,0,1")
        go(page, wrong)
        assert (check(page)["z"], shown(page)["y"]) == (list(ARTICLE), [0, 1, 0]), wrong
        assert shown(page)["words"][-1] == "The address holds no three logits and targets: this is the article's example."
    page.locator("#z0").press("ArrowRight")
    assert "before → now   BCE" in shown(page)["words"][-1]


@pytest.mark.parametrize("asked, browser_speaks, spoken", [
    ("", "en-GB", "en"), ("", "zh-CN", "zh"), ("", "zh-TW", "zh"), ("", "fr", "en"), ("?lang=en", "zh-CN", "en"),
    ("?lang=zh", "en-US", "zh"), ("?lang=zh-CN", "fr", "zh"), ("?lang=zh_CN", "fr", "zh"), ("?lang=xx", "zh-CN", "zh"),
    ("?lang=", "en-US", "en"), ("?lang=z", "en-US", "en"),
    ("?lang=toString", "en-US", "en")])  # the last is no language, though every object has it
def test_the_address_chooses_the_language_then_the_browser_and_else_it_is_english(opened, asked, browser_speaks, spoken):
    page = opened(hash=f"{asked}#z=1,2,3&y=1,0,0", locale=browser_speaks)
    speak(spoken)
    assert check(page)["z"] == [1, 2, 3]
    assert page.evaluate("document.documentElement.lang") == {"en": "en", "zh": "zh-CN"}[spoken]
    assert page.title() == page.locator("h1").inner_text() == say("Why 0.3527 here and 0.9733 there?")


@pytest.mark.parametrize("refused", [False, True])
def test_a_link_leads_to_the_other_language_and_takes_the_state_along(opened, refused):
    """At once, so that no network is wanted; by the way of all links where a browser does not let a script change the address."""
    page = opened(hash="#z=1,2,3&y=1,0,0")
    page.locator("#z0").press("ArrowLeft")
    page.wait_for_function("location.hash === '#z=0.9,2,3&y=1,0,0'")
    page.evaluate("refused => { window.same = true; if (refused) history.replaceState = () => { throw Error(); } }", refused)
    for there, back, lang in (("zh", "中文", "zh-CN"), ("en", "English", "en")):
        link = page.get_by_role("link", name=back, exact=True)
        assert (link.get_attribute("lang"), link.get_attribute("hreflang")) == (lang, lang)
        link.press("Enter")
        page.wait_for_function("lang => document.documentElement.lang === lang", arg=lang)
        speak(there)
        assert (check(page)["z"], shown(page)["y"]) == ([0.9, 2, 3], [1, 0, 0])
        assert page.url == f"{PAGE.as_uri()}?lang={there}#z=0.9,2,3&y=1,0,0"
        assert bool(page.evaluate("window.same ?? false")) == (not refused)
        assert page.get_by_role("button").first.inner_text() == say("Reset")
        assert page.get_by_role("slider").first.get_attribute("id") == page.get_by_label(say("logit 0"), exact=True).get_attribute("id")
        assert page.get_by_role("checkbox", name=say("class 0 is true"), exact=True).is_checked()
    page.locator("#z0").press("ArrowLeft")
    page.wait_for_function("location.search + location.hash === '?lang=en#z=0.8,2,3&y=1,0,0'")


def test_a_link_opened_in_a_new_tab_leaves_this_one_as_it_is(opened):
    page = opened()
    with page.context.expect_page() as opening:
        page.get_by_role("link", name="中文").click(modifiers=["Control"])
    assert opening.value.evaluate("document.documentElement.lang") == "zh-CN" and page.title() == "Why 0.3527 here and 0.9733 there?"


@pytest.mark.parametrize("allowed, says", [("true", "copied ✓"), ("false", "it is in the address")])
def test_a_link_can_be_copied_and_where_it_can_not_it_says_where_it_is(opened, allowed, says):
    page = opened()
    page.locator("#z0").press("ArrowLeft")
    page.evaluate(f"""() => {{
        navigator.clipboard.writeText = async text => {{ if (!{allowed}) throw Error(); window.copied = text; }}; }}""")
    page.get_by_role("button", name="copy link").click()
    page.get_by_role("button", name=says, exact=True).wait_for()
    assert page.url == PAGE.as_uri() + "#z=1.9,3,0.1&y=0,1,0"
    assert (page.evaluate("window.copied ?? null") == page.url) == (allowed == "true")
    page.get_by_role("button", name="copy link", exact=True).wait_for()


def test_a_copy_under_another_name_works_alone(opened, tmp_path):
    """As mailed: one file, nothing beside it."""
    (tmp_path / "attachment.html").write_bytes(PAGE.read_bytes())
    page = opened(file=tmp_path / "attachment.html")
    page.locator("#z0").press("ArrowLeft")
    assert check(page)["z"][0] == 1.9
    assert page.evaluate("performance.getEntriesByType('resource').length") == 0


def test_it_is_small_and_asks_for_nothing():
    source = PAGE.read_text(encoding="utf8")
    assert len(source.encode()) <= 30_000
    assert set(re.findall(r"(?:https?:)?//[\w.-]+\.\w+", source)) == {"https://github.com"}, "and that as a link only"
    assert not re.search(r"<link(?! rel=\"icon\" href=\"data:)|@import|\bimport\b|<img|fetch\(|\bsrc=", source)
    assert all(f"--class{k}: {colour};" in source for k, colour in enumerate(COLOURS))


# What sticks out of the page, is cut off, or lies over something else: texts of the page, and texts and shapes of the picture.
FAULTS = """() => {
    const bad = [], room = document.documentElement.clientWidth, picture = document.querySelector('#picture').getBoundingClientRect();
    if (document.documentElement.scrollWidth > room) bad.push('wider than the window');
    const parts = [...document.querySelectorAll('h1, #other, header p, label, output, input, button, #words p, #picture, footer p')];
    const texts = [...document.querySelectorAll('#picture text')];
    const boxes = new Map([...parts, ...texts].map(part => [part, part.getBoundingClientRect()]));
    for (const [part, {left, right, top, bottom}] of boxes) {
        if (left < -0.5 || right > room + 0.5) bad.push('sticks out: ' + part.outerHTML.slice(0, 90));
        if (texts.includes(part) && (left < picture.left - 0.5 || right > picture.right + 0.5 || bottom > picture.bottom + 0.5
            || top < picture.top - 0.5)) bad.push('leaves the picture: ' + part.textContent);
    }
    for (const group of [parts, texts]) group.forEach((a, i) => group.slice(i + 1).forEach(b => {
        const p = boxes.get(a), q = boxes.get(b), slack = group === texts ? 0.25 * p.height : 1;
        if (!a.contains(b) && Math.min(p.right, q.right) - Math.max(p.left, q.left) > 1
            && Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top) > slack) bad.push('overlap: ' + a.textContent + ' / ' + b.textContent);
    }));
    return bad;
}"""


@pytest.mark.parametrize("window, language", SPOKEN)
def test_nothing_is_cut_or_overlaps_at_rest_or_at_the_ends(opened, window, language):
    page, found = opened(window, f"?lang={language}"), {}
    for hash in ("", "#z=6,-6,-6&y=0,1,0", "#z=-6,6,5.9&y=1,1,0", "#z=0,0,0&y=0,0,0", "#z=100,-100,99.9&y=0,1,0", "#z=-6,6,-6&y=0,1,0",
                 "#z=6,6,6&y=0,0,0", "#z=-6,-6,6&y=1,1,1"):
        go(page, hash or "#z=2,3,0.1&y=0,1,0")
        found[hash] = page.evaluate(FAULTS)
    assert {hash: faults for hash, faults in found.items() if faults} == {}
    if window in ("laptop", "projector", "4K"):  # all of it on one screen, and type for the last row
        height = WINDOWS[window][1]
        assert page.evaluate("document.documentElement.scrollHeight") <= height
        sizes = page.locator("label, button, #words p").evaluate_all("all => all.map(part => parseFloat(getComputedStyle(part).fontSize))")
        assert min(sizes) > height / 52
    else:
        go(page, "#z=2,3,0.1&y=0,1,0")
        assert window == "small phone" or page.locator("#picture").bounding_box()["y"] + page.locator(
            "#picture").bounding_box()["height"] <= WINDOWS[window][1], "sliders and picture are in sight together"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("window, language", [("phone", "en"), ("projector", "en"), ("phone", "zh")])
def test_axe_finds_nothing_serious(opened, scheme, window, language):
    page = opened(window, f"?lang={language}", color_scheme=scheme)
    paper = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert (paper == "rgb(255, 255, 255)") == (scheme == "light")
    page.locator("#y0").check()  # so that CE steps aside, and the picture has its ghosts
    found = Axe().run(page).response["violations"]
    assert [rule["id"] for rule in found if rule["impact"] in ("serious", "critical")] == []


def test_tab_reaches_every_control_in_order_and_shows_where_it_is(opened):
    page, reached = opened(), []
    for k in range(3):
        assert page.get_by_role("slider", name=f"logit {k}", exact=True).get_attribute("id") == f"z{k}"
        assert page.get_by_role("checkbox", name=f"class {k} is true", exact=True).get_attribute("id") == f"y{k}"
    wanted = ["other"] + [f"{name}{k}" for k in range(3) for name in "zy"] + page.locator("button").all_text_contents() + ["the notebooks"]
    for _ in wanted:
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.textContent"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    assert reached == wanted


def test_words_are_announced_once_they_stand_still(opened):
    page = opened()
    page.wait_for_function("document.querySelector('[role=status]').ariaBusy === 'false'")
    page.evaluate("""() => { window.busy = []; const words = document.querySelector('[role=status]');
        new MutationObserver(() => busy.push(words.ariaBusy)).observe(words, {attributes: true, attributeFilter: ['aria-busy']}); }""")
    for _ in range(5):
        page.locator("#z1").press("ArrowLeft")
    page.wait_for_function("busy.at(-1) === 'false'")
    page.wait_for_timeout(600)  # were there others under way, they would have come
    assert page.evaluate("busy.filter(busy => busy === 'false').length") == 1


def test_every_sentence_is_in_the_table(opened, tmp_path):
    """So another language is another entry: with every word in the table struck out, only names are left on the page."""
    struck = page_saying(PAGE.read_text(encoding="utf8"), lambda text: re.sub(
        rf"({NO_WORDS.pattern})|[A-Za-z]", lambda found: found[1] or "ж", text, flags=re.S))
    (tmp_path / "struck.html").write_text(struck, encoding="utf8")
    page = opened(file=tmp_path / "struck.html")
    left = set()
    for hash in ("#z=2,3,0.1&y=0,1,0", "#z=2,3,0.1&y=1,1,0"):
        go(page, hash)
        texts = page.locator("main").inner_text() + page.get_by_role("img").get_attribute("aria-label") + page.title()
        texts += " ".join(page.locator("input[aria-label], section").evaluate_all("all => all.map(one => one.ariaLabel)"))
        left |= set(re.findall(r"[A-Za-z]{2,}", texts))
    assert left == {"softmax", "sigmoid", "log", "CE", "BCE", "nats"}


def test_the_ruler_takes_the_notebooks_steps(opened):
    page = opened()
    for z in ([0, 0, 0], [2, 3, 0.1], [6, -6, -6], [30, -30, 0], [100, -100, 99.9]):
        go(page, f"#z={','.join(map(str, z))}&y=0,1,0")
        torchs = asked_torch([z], [[0, 1, 0]])
        _, end = reach(float(torchs["terms"].sum()), float(torchs["row"]))
        assert f"{end:g}" in page.locator("#picture .small").all_text_contents()
