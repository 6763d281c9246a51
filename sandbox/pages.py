"""The HTML a person sees: sign in, choose a team and consent, and the pages that tell what went wrong."""

from collections.abc import Mapping
from html import escape

_STYLE = """
:root { color-scheme: light; --ink: #1b2733; --quiet: #55646f; --line: #dde3ea; --blue: #0050c7; }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 24px; color: var(--ink);
  background: #f3f6fa; font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { width: 100%; max-width: 540px; background: #fff; border: 1px solid var(--line); border-radius: 12px;
  padding: 34px 40px 26px; box-shadow: 0 8px 28px rgba(27, 39, 51, .07); }
.mark { display: flex; align-items: center; gap: 9px; font-weight: 700; font-size: 15px; margin-bottom: 24px; }
.mark i { width: 22px; height: 22px; border-radius: 50%; border: 6px solid var(--blue); }
h1 { font-size: 23px; line-height: 1.3; margin: 0 0 6px; }
p { margin: 0 0 20px; color: var(--quiet); }
strong { color: var(--ink); }
h2, legend { font-size: 14px; font-weight: 700; margin: 0 0 8px; padding: 0; }
fieldset { border: 0; margin: 0 0 24px; padding: 0; }
.team { display: flex; align-items: center; gap: 12px; padding: 10px 14px; margin: 0 0 8px; cursor: pointer;
  border: 1px solid var(--line); border-radius: 8px; font-weight: 600; }
.team:has(:checked) { border-color: var(--blue); background: #f4f8ff; }
.team input { width: 18px; height: 18px; margin: 0; flex: none; accent-color: var(--blue); }
.badge { width: 34px; height: 34px; border-radius: 8px; display: grid; place-items: center; flex: none;
  background: #e5efff; color: var(--blue); font-weight: 700; }
ul { list-style: none; margin: 0 0 20px; padding: 0; max-height: 270px; overflow: auto; }
li { padding: 7px 0 7px 28px; position: relative; border-top: 1px solid var(--line); }
li:first-child { border-top: 0; }
li::before { content: "\\2713"; position: absolute; left: 4px; color: #0b7a41; font-weight: 700; }
.never li::before { content: "\\2715"; color: #b3261e; }
label.field { display: block; font-size: 14px; font-weight: 600; margin: 0 0 16px; }
.field input { width: 100%; margin-top: 5px; padding: 10px 12px; font: inherit; font-size: 16px;
  font-weight: 400; border: 1px solid #8593a1; border-radius: 6px; }
.buttons { display: flex; gap: 12px; margin-top: 4px; }
button { flex: 1; padding: 12px 16px; font: inherit; font-weight: 600; border-radius: 6px; cursor: pointer;
  border: 1px solid var(--blue); background: var(--blue); color: #fff; }
button.plain { background: #fff; color: var(--ink); border-color: #8593a1; }
button:hover { filter: brightness(.95); }
button:focus-visible, input:focus-visible { outline: 3px solid #7fb0ff; outline-offset: 2px; }
footer { margin-top: 24px; padding-top: 14px; border-top: 1px solid var(--line); font-size: 13px;
  color: var(--quiet); overflow-wrap: anywhere; }
@media (max-width: 480px) { body { padding: 12px; } main { padding: 24px 20px 20px; } }
"""
_FOOTER = "Local sandbox of the DigitalOcean API. Nothing here leaves this machine."


def page(title: str, body: str, footer: str = _FOOTER) -> str:
    """A whole page; `body` is HTML, the other two are text."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        '<body><main><div class="mark"><i aria-hidden="true"></i>DigitalOcean sandbox</div>'
        f"{body}<footer>{escape(footer)}</footer></main></body></html>"
    )


def login(action: str, request_id: str, app: str, email: str) -> str:
    """The sign-in form; any password is good."""
    return page(
        "Sign in",
        f"<h1>Sign in</h1><p>to continue to <strong>{escape(app)}</strong></p>"
        f'<form method="post" action="{escape(action)}">'
        f'<input type="hidden" name="request_id" value="{escape(request_id)}">'
        f'<label class="field">Email<input name="email" type="email" value="{escape(email)}" '
        'autocomplete="username" required></label>'
        '<label class="field">Password<input name="password" type="password" value="any password works here" '
        'autocomplete="current-password" required></label>'
        '<div class="buttons"><button type="submit">Sign in</button></div></form>',
    )


def consent(
    action: str,
    request_id: str,
    *,
    app: str,
    teams: Mapping[str, str],
    email: str,
    permissions: list[str],
    reads_only: bool,
    redirect: str,
) -> str:
    """The consent form: which application asks which team (UUID -> name) for what, in plain words."""
    items = "".join(f"<li>{escape(permission)}</li>" for permission in permissions)
    never = "<h2>It will never be able to</h2>" if reads_only else ""
    never += '<ul class="never"><li>Create, change or delete anything</li></ul>' if reads_only else ""
    return page(
        f"Authorize {app}",
        f"<h1>{escape(app)} wants to read your team</h1>"
        f"<p>You are signed in as <strong>{escape(email)}</strong>.</p>"
        f'<form method="post" action="{escape(action)}">'
        f'<input type="hidden" name="request_id" value="{escape(request_id)}">'
        f"<fieldset><legend>Choose the team</legend>{_teams(teams)}</fieldset>"
        f"<h2>{escape(app)} will be able to</h2><ul>{items}</ul>{never}"
        '<div class="buttons"><button class="plain" name="decision" value="deny">Deny</button>'
        '<button name="decision" value="authorize">Authorize</button></div></form>',
        f"You can revoke this at any time. After your choice you return to {redirect}. {_FOOTER}",
    )


def _teams(teams: Mapping[str, str]) -> str:
    return "".join(
        f'<label class="team"><input type="radio" name="team" value="{escape(uuid)}"{"" if index else " checked"}>'
        f'<span class="badge" aria-hidden="true">{escape(name[:1])}</span>{escape(name)}</label>'
        for index, (uuid, name) in enumerate(teams.items())
    )


def refusal(message: str) -> str:
    """A page for an authorization request that cannot be shown to the application."""
    return page("Authorization failed", f"<h1>Authorization failed</h1><p>{escape(message)}</p>")
