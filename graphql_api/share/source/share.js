// The share panel: the link, its code and QR code, and every way to pass it on.

/** `copied` and the like are said here; the one who made the panel hears of each share by `onshare`. */
function sharePanel({ words, link, program, onshare, level }) {
  const said = h("p", { class: "status", role: "status" });
  const say = (text) => {
    said.textContent = "";
    setTimeout(() => (said.textContent = text), 50); // is read out again, too
  };
  const id = newId();
  const field = h("input", {
    id, class: "input url", type: "text", readonly: true, dir: "ltr", value: link.url,
    onfocus: () => field.select(),
  });
  const message = h("textarea", { id: newId(), rows: 3, maxlength: 600, dir: "auto", class: "input" });
  message.value = words.message;
  const channels = channelList({ words, link, program, message, onshare });
  message.addEventListener("input", channels.follow);

  const copy = async () => {
    try {
      await navigator.clipboard.writeText(link.url);
      say(words.copied);
      onshare("COPY");
    } catch {
      field.focus();
      field.select();
      say(words.notCopied);
    }
  };
  const send = async () => {
    try {
      await navigator.share({ url: link.url, title: program.name, text: message.value });
      onshare("NATIVE");
    } catch (error) {
      if (error.name !== "AbortError") say(words.notShared); // else the visitor has closed the share sheet
    }
  };
  return h("div", { class: "share" },
    h("div", { class: "words" },
      h(`h${level}`, { class: "heading" }, h("slot", { name: "heading" }, words.shareHeading)),
      h("p", { class: "quiet" }, h("slot", { name: "text" }, words.shareText)),
      h("div", { class: "line" },
        h("label", { for: id }, words.link), field,
        h("p", { class: "code" }, `${words.code}: `, h("strong", { dir: "ltr" }, link.code))),
      h("div", { class: "actions" },
        navigator.share && button("primary", words.share, send),
        button(navigator.share ? "secondary" : "primary", words.copy, copy)),
      said,
      channels.list,
      h("details", {}, h("summary", {}, words.changeMessage),
        h("div", { class: "field" },
          h("label", { for: message.id }, words.yourMessage), message, h("p", { class: "help" }, words.linkAdded)))),
    qrCode(words, link, onshare));
}

function channelList({ words, link, program, message, onshare }) {
  const links = words.channels.map((channel) => {
    const anchor = h("a", {
      class: "channel", rel: "noopener nofollow noreferrer", target: !channel.inPlace && "_blank",
      onclick: () => onshare(channel.slug.toUpperCase()),
    }, icon(channel.icon), h("span", {}, channel.label, !channel.inPlace && h("span", { class: "unseen" }, ` ${words.newTab}`)));
    return [anchor, channel.address];
  });
  /** Lets the links send what is typed. */
  const follow = () => {
    const values = { url: link.url, text: message.value.trim(), subject: program.name };
    for (const [anchor, address] of links) {
      anchor.href = address.replace(/%7B(\w+)%7D/g, (_whole, name) => encodeURIComponent(values[name]));
    }
  };
  follow();
  const list = h("ul", { class: "channels", role: "list", "aria-label": words.sendWith },
    links.map(([anchor]) => h("li", {}, anchor)));
  return { list, follow };
}

function qrCode(words, link, onshare) {
  const download = (kind, address) => h("a", { href: `${address}?download`, download: true, onclick: () => onshare("QR") },
    h("span", { class: "unseen" }, `${words.download} `), kind);
  return h("figure", { class: "qr" },
    h("img", { src: link.qrSvgUrl, width: 200, height: 200, alt: `${words.qr} ${link.url}` }),
    h("figcaption", {}, words.scan, " ",
      h("span", { class: "downloads" }, download("SVG", link.qrSvgUrl), download("PNG", link.qrPngUrl))));
}
