"""The HTML a person sees: sign in, consent, and the pages that tell what went wrong."""

from html import escape

_STYLE = """
:root { color-scheme: light; --ink: #1b2733; --quiet: #5b6b7b; --line: #dde3ea; --blue: #0061eb; }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 24px; color: var(--ink);
  background: #f3f6fa; font: 16px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
main { width: 100%; max-width: 480px; background: #fff; border: 1px solid var(--line); border-radius: 12px;
  padding: 36px 40px 28px; box-shadow: 0 8px 28px rgba(27, 39, 51, .07); }
h1 { font-size: 22px; line-height: 1.3; margin: 0 0 6px; }
p { margin: 0 0 18px; color: var(--quiet); }
strong { color: var(--ink); }
.team { display: flex; align-items: center; gap: 12px; padding: 12px 14px; margin: 20px 0;
  border: 1px solid var(--line); border-radius: 8px; }
.badge { width: 36px; height: 36px; border-radius: 8px; display: grid; place-items: center; flex: none;
  background: #e5efff; color: var(--blue); font-weight: 700; }
.team small { display: block; color: var(--quiet); }
h2 { font-size: 14px; margin: 0 0 8px; }
ul { list-style: none; margin: 0 0 22px; padding: 0; max-height: 260px; overflow: auto; }
li { padding: 8px 0 8px 26px; position: relative; border-top: 1px solid var(--line); }
li:first-child { border-top: 0; }
li::before { content: "\\2713"; position: absolute; left: 4px; color: #0f8a4b; font-weight: 700; }
label { display: block; font-size: 14px; font-weight: 600; margin: 0 0 14px; }
input { width: 100%; margin-top: 4px; padding: 10px 12px; font: inherit; font-size: 16px;
  font-weight: 400; border: 1px solid #b9c4d0; border-radius: 6px; }
.buttons { display: flex; gap: 12px; }
button { flex: 1; padding: 11px 16px; font: inherit; font-weight: 600; border-radius: 6px; cursor: pointer;
  border: 1px solid var(--blue); background: var(--blue); color: #fff; }
button.plain { background: #fff; color: var(--ink); border-color: #b9c4d0; }
button:focus-visible, input:focus-visible { outline: 3px solid #a8c8ff; outline-offset: 1px; }
footer { margin-top: 22px; padding-top: 14px; border-top: 1px solid var(--line); font-size: 13px;
  color: var(--quiet); overflow-wrap: anywhere; }
"""
_FOOTER = "Local sandbox of the DigitalOcean API. Nothing here leaves this machine."


def page(title: str, body: str, footer: str = _FOOTER) -> str:
    """A whole page; `body` is HTML, the other two are text."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><main>{body}<footer>{escape(footer)}</footer></main></body></html>"
    )


def login(action: str, request_id: str, app: str, email: str) -> str:
    """The sign-in form; any password is good."""
    return page(
        "Sign in",
        f"<h1>Sign in to continue to {escape(app)}</h1><p>Use your team account.</p>"
        f'<form method="post" action="{escape(action)}">'
        f'<input type="hidden" name="request_id" value="{escape(request_id)}">'
        f'<label>Email<input name="email" type="email" value="{escape(email)}" autocomplete="username" required>'
        "</label>"
        '<label>Password<input name="password" type="password" value="any password works here" '
        'autocomplete="current-password" required></label>'
        '<div class="buttons"><button type="submit">Sign in</button></div></form>',
    )


def consent(
    action: str, request_id: str, *, app: str, team: str, email: str, permissions: list[str], redirect: str
) -> str:
    """The consent form: which application asks which team for what, in plain words."""
    items = "".join(f"<li>{escape(permission)}</li>" for permission in permissions)
    return page(
        f"Authorize {app}",
        f"<h1>{escape(app)} wants to read your team</h1>"
        "<p>Choose Authorize to let it in. It can be revoked at any time.</p>"
        f'<div class="team"><div class="badge">{escape(team[:1])}</div><div><strong>{escape(team)}</strong>'
        f"<small>Signed in as {escape(email)}</small></div></div>"
        f"<h2>It will be able to</h2><ul>{items}</ul>"
        f'<form method="post" action="{escape(action)}">'
        f'<input type="hidden" name="request_id" value="{escape(request_id)}"><div class="buttons">'
        '<button class="plain" name="decision" value="deny">Deny</button>'
        '<button name="decision" value="authorize">Authorize</button></div></form>',
        f"After this you return to {redirect}. {_FOOTER}",
    )


def refusal(message: str) -> str:
    """A page for an authorization request that cannot be shown to the application."""
    return page("Authorization failed", f"<h1>Authorization failed</h1><p>{escape(message)}</p>")
