"""The pages of `qkzoo catalog`, read by a parser that is not ours: structure, links, contrast, nothing from elsewhere."""

import base64
import functools
import hashlib
import itertools
import json
import re
import unittest
from html.parser import HTMLParser

from support import FOLDER, ROOT, qkzoo, report, sha256, validator

VOID = {"br", "hr", "img", "input", "link", "meta", "wbr"}


class Page(HTMLParser):
    """Elements as (name, attributes, names of the elements around it, text inside it)."""

    def __init__(self, path):
        super().__init__()
        self.path, self.elements, self.open, self.faults = path, [], [], []
        self.feed(path.read_text())
        self.close()
        self.faults += [f"{name} is never closed" for name, *_ in self.open]

    def handle_starttag(self, name, attributes):
        if len(dict(attributes)) != len(attributes):
            self.faults.append(f"{name} has an attribute twice")
        element = [name, dict(attributes), [around[0] for around in self.open], ""]
        self.elements.append(element)
        if name not in VOID:
            self.open.append(element)

    def handle_endtag(self, name):
        if not self.open or self.open[-1][0] != name:
            self.faults.append(f"</{name}> closes {self.open[-1:]}")
        else:
            self.open.pop()

    def handle_data(self, text):
        for element in self.open:
            element[3] += text

    def all(self, *names):
        return [element for element in self.elements if element[0] in names]

    def ids(self):
        return [attributes["id"] for _, attributes, *_ in self.elements if "id" in attributes]


@functools.cache
def site():
    folder = FOLDER / "catalog"
    qkzoo("catalog", "-o", folder)
    return folder


@functools.cache
def pages():
    return [Page(path) for path in sorted(site().rglob("*.html"))]


def colours(scheme):
    """The named colours of a scheme, as (red, green, blue)."""
    css = (site() / "catalog.css").read_text()
    light, dark = re.findall(r":root \{([^}]*)\}", css)
    named = dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6});", light))
    if scheme == "dark":
        named |= dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6});", dark))
    return {name: [int(value[i:i + 2], 16) / 255 for i in (1, 3, 5)] for name, value in named.items()}


def contrast(one, other):
    """Corresponds to WCAG 2.2, contrast ratio."""
    def luminance(colour):
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
        return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear))
    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


class Catalog(unittest.TestCase):
    def each(self):
        self.assertGreater(len(pages()), 17)
        for page in pages():
            with self.subTest(page.path.name):
                yield page

    def test_every_entry_has_a_page(self):
        for path in (ROOT / "zoo" / "entries").glob("*/entry.json"):
            self.assertTrue((site() / "entries" / f"{json.loads(path.read_text())['name']}.html").exists())

    def test_the_list_of_files_is_what_is_there(self):
        value = json.loads((site() / "catalog.json").read_text())
        self.assertEqual([e.message for e in validator("commands/catalog").iter_errors(value)], [])
        self.assertEqual(value, report("catalog", "-o", FOLDER / "catalog-again"))
        found = {str(path.relative_to(site())): path.read_bytes() for path in site().rglob("*") if path.is_file()}
        del found["catalog.json"]
        listed = {file["path"]: (file["size"], file["sha256"]) for file in value["files"]}
        self.assertEqual(listed, {path: (len(data), sha256(data)) for path, data in found.items()})

    def test_elements_are_closed_in_order_and_ids_are_unique(self):
        for page in self.each():
            self.assertEqual(page.faults, [])
            self.assertEqual(len(page.ids()), len(set(page.ids())))

    def test_every_local_link_leads_somewhere(self):
        targets = {page.path.resolve(): page for page in pages()}
        for page in self.each():
            for _, attributes, *_ in page.all("a", "link"):
                link = attributes["href"]
                if link.startswith("https://"):
                    continue
                self.assertNotRegex(link, "^[a-z]+:")
                path, _, fragment = link.partition("#")
                target = (page.path.parent / path).resolve() if path else page.path.resolve()
                self.assertTrue(target.is_file(), link)
                if fragment:
                    self.assertIn(fragment, targets[target].ids())

    def test_nothing_comes_from_elsewhere(self):
        for page in self.each():
            self.assertEqual([a["href"] for _, a, *_ in page.all("link")],
                             ["./catalog.css" if page.path.parent == site() else "./../catalog.css"])
            for name, attributes, *_ in page.elements:
                self.assertNotIn(name, ("img", "iframe", "object", "embed", "form", "style"))
                self.assertFalse([a for a in attributes if a.startswith("on") or a in ("src", "style")])
        css = (site() / "catalog.css").read_text()
        self.assertNotRegex(css, r"@import|url\(|@font-face")

    def test_the_policy_allows_the_page_its_own_script_alone(self):
        for page in self.each():
            policies = [a["content"] for _, a, *_ in page.all("meta")
                        if a.get("http-equiv") == "Content-Security-Policy"]
            self.assertEqual(len(policies), 1)
            hashes = re.findall("'sha256-([^']*)'", policies[0])
            scripts = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
                       for *_, text in page.all("script")]
            self.assertEqual(hashes, scripts)
            self.assertEqual(len(scripts), page.path.name == "index.html")

    def test_a_page_has_its_landmarks_and_headings_in_order(self):
        for page in self.each():
            self.assertEqual(page.all("html")[0][1]["lang"], "en")
            for name in ("title", "main", "header", "footer", "h1"):
                found = [element for element in page.all(name) if "svg" not in element[2] and "section" not in element[2]]
                self.assertEqual(len(found), 1, name)
                self.assertTrue(found[0][3].strip(), name)
            levels = [int(name[1]) for name, *_ in page.all("h1", "h2", "h3")]
            self.assertEqual(levels[0], 1)
            self.assertTrue(all(next <= level + 1 for level, next in itertools.pairwise(levels)), levels)
            labels = [a["aria-label"] for _, a, *_ in page.all("nav")]
            self.assertEqual(len(labels), len(set(labels)))
            first = page.all("a")[0]
            self.assertEqual((first[1]["href"], first[1]["class"]), ("#content", "skip"))

    def test_tables_say_what_their_headers_head(self):
        for page in self.each():
            self.assertEqual(len(page.all("table")), len(page.all("caption")))
            for _, attributes, around, _ in page.all("th"):
                self.assertEqual(attributes["scope"], "col" if "thead" in around else "row")
            for _, attributes, *_ in page.all("td"):
                self.assertIn("data-label", attributes)

    def test_plots_have_titles_that_are_read_aloud(self):
        count = 0
        for page in self.each():
            texts = {a["id"]: text for _, a, _, text in page.elements if "id" in a}
            for _, attributes, *_ in page.all("svg"):
                count += 1
                self.assertEqual(attributes["role"], "img")
                names = attributes["aria-labelledby"].split()
                self.assertEqual(len(names), 2)
                self.assertTrue(all(texts[name].strip() for name in names))
        self.assertGreaterEqual(count, 5)

    def test_what_moves_sideways_can_be_moved_by_keyboard(self):
        for page in self.each():
            for name, attributes, *_ in page.elements:
                if name == "pre" or attributes.get("class") == "scroll":
                    self.assertEqual((attributes["tabindex"], attributes["role"]), ("0", "region"))
                    self.assertTrue(attributes["aria-label"])

    def test_contrast_is_enough_in_both_schemes(self):
        css = re.sub(r":root \{[^}]*\}", "", (site() / "catalog.css").read_text())
        self.assertNotRegex(css, "#[0-9a-fA-F]{3,8}[ ;]", "a colour without a name")
        texts = set(re.findall(r"[ ;{]color: var\(--([a-z]+)\)", css))
        grounds = set(re.findall(r"background: var\(--([a-z]+)\)", css))
        graphics = set(re.findall(r"(?:fill|stroke): var\(--([a-z]+)\)", css)) - grounds - {"line"}
        self.assertLessEqual({"text", "quiet", "link"}, texts)
        self.assertLessEqual({"page", "panel", "notice"}, grounds)
        self.assertLessEqual({"bar", "mean"}, graphics)
        for scheme in ("light", "dark"):
            named = colours(scheme)
            for text, ground in itertools.product(texts, grounds):
                with self.subTest(scheme=scheme, text=text, ground=ground):
                    self.assertGreaterEqual(contrast(named[text], named[ground]), 4.5)
            for graphic in graphics:
                with self.subTest(scheme=scheme, graphic=graphic):
                    self.assertGreaterEqual(contrast(named[graphic], named["page"]), 3)
        self.assertAlmostEqual(contrast([0, 0, 0], [1, 1, 1]), 21)


if __name__ == "__main__":
    unittest.main()
