"""Reading pages as a browser does."""

import html
import json
import shutil
import subprocess
from html.parser import HTMLParser

from kabosu.plots.style import luminance

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
VOID = {"meta", "col", "br", "hr", "img", "input", "link"}
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


def contrast(a, b):
    """WCAG 2.2 contrast of two #rrggbb colors."""
    low, high = sorted(luminance([int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)]) for c in (a, b))
    return (high + 0.05) / (low + 0.05)


class Page(HTMLParser):
    """Tags, attributes and text of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.elements, self.metas = [], [], [], {}
        self.text = self.title = self.style = ""
        self.open, self.unclosed = [], []
        self.feed(text)
        self.close()
        self.unclosed += self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name) for name, _ in attrs]
        self.elements.append((tag, dict(attrs)))
        if tag == "meta" and "http-equiv" in dict(attrs):
            self.metas[dict(attrs)["http-equiv"]] = dict(attrs)["content"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.unclosed.append(tag)

    def handle_data(self, data):
        if self.open[-1:] == ["style"]:
            self.style += data
        elif self.open[-1:] == ["title"]:
            self.title += data
        else:
            self.text += data

    @staticmethod
    def in_chromium(pages, folder, width):
        """Each page in a frame of so many pixels: its scroll width, title, number of scripts and visible text."""
        frames = "".join(f'<iframe name="{name}" sandbox="allow-same-origin" style="width:{width}px;height:600px;border:0" srcdoc="{html.escape(text)}"></iframe>' for name, text in pages.items())
        look = """<script>onload = () => {
          const out = {};
          for (const f of document.querySelectorAll('iframe')) { const d = f.contentDocument;
            for (const x of d.querySelectorAll('details')) x.open = true;
            out[f.name] = [d.documentElement.scrollWidth, d.title, d.querySelectorAll('script,img,[onload],[onerror],[onmouseover]').length, d.body.innerText]; }
          document.body.textContent = JSON.stringify(out); };</script>"""
        path = folder / "frames.html"
        path.write_text(f"<!DOCTYPE html><meta charset=utf-8><body>{frames}{look}", encoding="utf-8")
        run = subprocess.run([CHROMIUM, *FLAGS, f"--user-data-dir={folder / 'profile'}", "--dump-dom", f"file://{path}"], capture_output=True, timeout=120, check=True)
        return json.loads(Page(run.stdout.decode()).text)


def read(text):
    return Page(text)
