"""What the browser shows when it comes back from DigitalOcean."""

from html import escape

# Nothing is loaded, nothing is run, and the address (it holds the spent code) is told to nobody.
HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Connection": "close",
}

_STYLE = """
:root { color-scheme: light dark; --text: #1b2733; --soft: #4a5a6a; --page: #f3f6fa; --card: #fff; --line: #dde3ea;
  --good: #0b7a41; --good-card: #e2f5ea; --bad: #b3261e; --bad-card: #fdeae7; --wait: #7a5200; --wait-card: #fff3d6; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e8edf2; --soft: #b3bfca; --page: #10161d; --card: #1a222b; --line: #2e3945;
    --good: #6fd69b; --good-card: #12351f; --bad: #ff9d94; --bad-card: #431d1a; --wait: #ffce70; --wait-card: #3d2e0c; }
}
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 24px; color: var(--text);
  background: var(--page); font: 17px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { width: 100%; max-width: 480px; background: var(--card); border: 1px solid var(--line); border-radius: 14px;
  padding: clamp(24px, 8vw, 40px); box-shadow: 0 10px 30px rgba(27, 39, 51, .08); }
.sign { width: 52px; height: 52px; border-radius: 50%; display: grid; place-items: center; margin-bottom: 20px;
  font-size: 26px; font-weight: 700; line-height: 1; }
.good { background: var(--good-card); color: var(--good); }
.bad { background: var(--bad-card); color: var(--bad); }
.wait { background: var(--wait-card); color: var(--wait); }
h1 { font-size: 24px; line-height: 1.3; margin: 0 0 10px; }
p { margin: 0 0 12px; color: var(--soft); overflow-wrap: anywhere; }
p:last-child { margin-bottom: 0; }
strong { color: var(--text); }
"""


def _page(kind: str, sign: str, title: str, *paragraphs: str) -> str:
    """A whole page; the paragraphs are HTML, the title is text."""
    body = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body><main>"
        f'<div class="sign {kind}" aria-hidden="true">{sign}</div><h1>{escape(title)}</h1>{body}</main></body></html>'
    )


def connected(team: str | None, config_file: str, *, again: bool) -> str:
    """Success: which team, and where the tokens are now."""
    whose = f"the DigitalOcean team <strong>{escape(team)}</strong>" if team else "DigitalOcean"
    return _page(
        "good",
        "&#10003;",
        "Reconnected" if again else "Connected",
        f"The connector may now read {whose}. It reads and never changes anything.",
        f"The access is kept in <strong>{escape(config_file)}</strong> on this computer.",
        "You can close this tab.",
    )


def failed(message: str) -> str:
    """Failure, with the sentence that the terminal shows, too."""
    return _page(
        "bad", "&#33;", "Not connected", escape(message), "The terminal says the same. You can close this tab."
    )


def other_team(before: str, now: str) -> str:
    """A Reconnect that led to another team: the terminal decides."""
    return _page(
        "wait",
        "&#63;",
        "This is another team",
        f"So far the configuration file read <strong>{escape(before)}</strong>. You have authorized "
        f"<strong>{escape(now)}</strong>.",
        "Go back to the terminal to decide. Nothing has been written yet.",
    )


def nothing_here() -> str:
    """Any other address."""
    return _page(
        "wait",
        "&#63;",
        "Nothing to see here",
        "This page waits for DigitalOcean's answer. Use the link in the terminal.",
    )


def other_attempt() -> str:
    """A redirect that does not answer what is waited for: from an older tab, or made up by another page."""
    return _page(
        "wait",
        "&#63;",
        "This is another attempt",
        "This answer belongs to another attempt (wrong state), and changes nothing. The terminal still waits: use the "
        "link that it shows now.",
    )


def already_answered() -> str:
    """A second redirect, for example after a reload."""
    return _page("wait", "&#63;", "Already answered", "The terminal shows how it went. You can close this tab.")
