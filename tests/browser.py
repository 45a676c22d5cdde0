# SPDX-License-Identifier: MIT
"""A headless Chromium under the DevTools protocol, by nothing but Python.

The browser talks over two pipes (--remote-debugging-pipe): JSON messages, each
ended by a NUL. Messages of a page carry its session.
"""
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
         "--disable-dev-shm-usage", "--disable-extensions", "--hide-scrollbars",
         "--disable-background-networking", "--disable-component-update",
         # A page that still glides has moved on when the button is let go.
         "--force-prefers-reduced-motion",
         "--remote-debugging-pipe")
PATIENCE = 60  # seconds that a busy machine may take over one answer


def find():
    """The browser's path, None where there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    def __init__(self, program):
        self.profile = tempfile.mkdtemp(prefix="ncdclass-browser-")
        theirs_in, self.to = os.pipe()
        self.source, theirs_out = os.pipe()
        self.process = subprocess.Popen(
            # The shell puts the ends of the pipes where the browser wants them.
            ["/bin/sh", "-c", f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}', "sh",
             program, *FLAGS, f"--user-data-dir={self.profile}", "about:blank"],
            pass_fds=(theirs_in, theirs_out), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(theirs_in)
        os.close(theirs_out)
        self.rest, self.number, self.events = b"", 0, []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.to)  # the browser ends when nobody talks to it
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.source)
        shutil.rmtree(self.profile, ignore_errors=True)

    def receive(self):
        end = time.monotonic() + PATIENCE
        while b"\0" not in self.rest:
            if not select.select([self.source], [], [], max(0, end - time.monotonic()))[0]:
                raise TimeoutError("the browser is silent")
            chunk = os.read(self.source, 1 << 16)
            if not chunk:
                raise EOFError("the browser is gone")
            self.rest += chunk
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, session=None, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self.events.append(answer)

    def wait(self, method, session):
        while not any(e.get("method") == method and e.get("sessionId") == session
                      for e in self.events):
            self.events.append(self.receive())

    def open(self, url):
        return Page(self, url)


class Page:
    """One tab; complaints and requests are kept from its first moment on."""

    def __init__(self, browser, url):
        self.browser, self.url = browser, url
        target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=target,
                                    flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call("Page.navigate", url=url)
        browser.wait("Page.loadEventFired", self.session)

    def call(self, method, **params):
        return self.browser.call(method, self.session, **params)

    def run(self, script):
        """The value of a JavaScript expression."""
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True,
                           awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError(f"{script}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def key(self, name, code=0, text=""):
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=name, code=name,
                      windowsVirtualKeyCode=code, text=text if kind == "keyDown" else "")

    def click(self, selector):
        """Clicks on the middle of what the selector finds first."""
        x, y = self.run(
            "(() => { const e = document.querySelector(" + json.dumps(selector) + ");"
            "e.scrollIntoView({block: 'center', behavior: 'instant'});"
            "const r = e.getBoundingClientRect();"
            "return [r.x + r.width / 2, r.y + r.height / 2]; })()")
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left",
                      clickCount=1)

    def told(self, *methods):
        return [e["params"] for e in self.browser.events
                if e.get("sessionId") == self.session and e.get("method") in methods]

    def complaints(self):
        """Exceptions, refusals by the page's policy, errors in the console."""
        logged = [e for e in self.told("Log.entryAdded")
                  if e["entry"]["level"] in ("error", "warning")]
        printed = [e for e in self.told("Runtime.consoleAPICalled")
                   if e["type"] in ("error", "warning", "assert")]
        return self.told("Runtime.exceptionThrown") + logged + printed

    def requests(self):
        return [e["request"]["url"] for e in self.told("Network.requestWillBeSent")]
