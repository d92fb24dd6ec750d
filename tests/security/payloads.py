"""What an attacker would type, and how a browser tells whether any of it came to life."""

from __future__ import annotations

from playwright.sync_api import Page

MARK = "xss-probe"
# Each ends every context that a template may put text into; the longest that a field holds is planted. In a browser
# ``__xss()`` is a function that the test has put there.
MARKUP = (
    "x xss-probe=1 `'\"--></script></style></textarea></title></template><img src=x onerror=__xss() xss-probe>",
    "x xss-p=1 `'\"><img src=x onerror=__xss()>",
    "x xss-p '\"><xss-probe>",
    '"><xss>',
)
# A link, a style rule, template syntax and the words that lead a script's parser astray.
CODE = (
    "javascript:__xss()//xss-probe{{ 7|add:42 }}{% debug %}${7*7};}*{background:url(//xss-probe.invalid)}<!--<script>",
    "javascript:__xss()//xss-probe{{7}}",
    "javascript:xss-probe",
    "{{7*7}}",
)
ROUNDS = {"markup": MARKUP, "code": CODE}
# An address that Django's own validator takes, as RFC 5321 does.
EMAIL = '"<img/src=x/onerror=__xss()/xss-probe>"@example.com'
FORMULAS = ("=xss()", "+xss()", "-xss()", "@xss()", "\t=xss()", "\r=xss()", "\n=xss()", "＝xss()")


def fitting(payloads: tuple[str, ...], max_length: int | None, number: int) -> str | None:
    """The longest of ``payloads`` that fits together with ``number``, which keeps it unique; None for a tiny field."""
    for text in payloads:
        whole = f"{text}{number}" if max_length is None or max_length > 20 else text
        if max_length is None or len(whole) <= max_length:
            return whole
    return None


_LOOK = """
(html) => {
  const found = [], probe = /xss|x-?probe/i
  const dom = new DOMParser().parseFromString(html, 'text/html')
  const addresses = new Set(['href', 'src', 'action', 'formaction', 'xlink:href', 'poster', 'data', 'srcset'])
  const data = /json|^text\\/(html|plain|template)/i
  const look = (node) => {
    if (node.nodeType === Node.COMMENT_NODE && probe.test(node.data)) found.push('comment ' + node.data.slice(0, 80))
    if (node.nodeType === Node.ELEMENT_NODE) {
      const name = node.localName, where = node.cloneNode(false).outerHTML.slice(0, 200)
      if (probe.test(name)) found.push('element ' + where)
      for (const {name: key, value} of node.attributes) {
        const address = value.replace(/[\\u0000-\\u0020]/g, '').toLowerCase()
        if (probe.test(key)) found.push('attribute ' + where)
        if (/^on/.test(key) && probe.test(value)) found.push('handler ' + where)
        if (['style', 'srcdoc'].includes(key) && probe.test(value)) found.push(key + ' ' + where)
        if (key === 'content' && node.httpEquiv && probe.test(value)) found.push('address ' + where)
        if (addresses.has(key) && /^(javascript|vbscript|data:text)/.test(address)) found.push('address ' + where)
      }
      if (name === 'style' && probe.test(node.textContent)) found.push('style sheet ' + node.textContent.slice(0, 120))
      if (name === 'script' && probe.test(node.textContent)) {
        if (!data.test(node.type)) found.push('script ' + node.textContent.slice(0, 200))
        else if (/json/.test(node.type)) {
          try { JSON.parse(node.textContent) } catch { found.push('broken JSON ' + where) }
        }
      }
      if (name === 'template') look(node.content)
    }
    node.childNodes.forEach(look)
  }
  look(dom)
  if (/xss-probe\\s*49|\\b49;\\}\\*/.test(html)) found.push('a template was run')
  return found
}
"""


def holes(page: Page, html: str) -> list[str]:
    """What of the payloads is markup, and not text, to the browser that ``page`` belongs to; nothing in it is run."""
    found: list[str] = page.evaluate(_LOOK, html)
    return found


def proofs() -> dict[str, str]:
    """Documents that each have one hole, to see that they are found."""
    return {
        "element": "<p><xss-probe>",
        "attribute": "<p xss-probe=1>",
        "handler": "<img src=x onerror=__xss()>",
        "style": '<p style="color:red;background:url(//xss-probe.invalid)">',
        "style sheet": "<style>p { content: 'xss-probe' }</style>",
        "address": '<a href=" java\tscript:alert(1)">x</a>',
        "script": "<script>const name = 'xss-probe'</script>",
        "broken JSON": '<script type="application/json">{"a": xss-probe}</script>',
        "comment": "<!-- xss-probe -->",
        "a template was run": "xss-probe49",
        "srcdoc": '<iframe srcdoc="xss-probe"></iframe>',
    }
