// How a referrer is doing: figures, milestones, rewards with what they wait for, friends.

const GOOD = new Set(["QUALIFIED", "APPROVED", "RESERVED", "ISSUED", "REDEEMED"]);
const OVER = new Set(["VOID", "EXPIRED", "CLAWED_BACK", "UNQUALIFIED", "WITHDRAWN", "RETRACTED"]);

function standing({ words, viewer, program, level }) {
  const { standing: now, milestones, rewards, referrals } = viewer;
  const title = (text) => h(`h${level + 1}`, { class: "title" }, text);
  const figure = (text, value, kind = "") =>
    h("div", { class: `figure ${kind}` }, h("dt", {}, text), h("dd", {}, h("bdi", {}, `${value}`)));
  return h("div", { class: "standing" },
    title(words.signInHeading),
    h("dl", { class: "figures" },
      figure(words.visits, now.visits), figure(words.friends, now.friends), figure(words.customers, now.qualified),
      figure(words.pending, now.pending.formatted, "money"), figure(words.received, now.earned.formatted, "money")),
    milestones.length > 0 && [title(words.milestones), ladder(words, milestones, now.qualified)],
    title(words.rewards),
    list(words, rewards, (reward) => rewardRow(words, reward, program), words.noRewards),
    title(words.friends),
    list(words, referrals, (friend) => friendRow(words, friend), words.noFriends));
}

function list(words, { totalCount, edges }, row, empty) {
  if (!totalCount) return h("p", { class: "quiet" }, empty);
  return [
    h("ul", { class: "rows", role: "list" }, edges.map((edge) => row(edge.node))),
    totalCount > edges.length &&
      h("p", { class: "help" }, fill(words.newest, { shown: edges.length, all: totalCount })),
  ];
}

function badge(state, label) {
  const kind = GOOD.has(state) ? "good" : OVER.has(state) ? "over" : "waits";
  return h("span", { class: `badge ${kind}` }, label);
}

function rewardRow(words, reward, program) {
  const reason = ({ reason, until }) => {
    const date = until && fill(words.until, { date: words.day(until) });
    return h("p", { class: "note" }, words.reasons[reason], date && `: ${date}`);
  };
  return h("li", {},
    h("span", { class: "name" }, h("bdi", {}, reward.title), " ", h("bdi", { class: "amount" }, reward.value.formatted)),
    badge(reward.state, words.states[reward.state]),
    reward.pendingReasons.map(reason),
    reward.code && h("p", { class: "note" }, words.code_is, " ", h("strong", { dir: "ltr" }, reward.code)),
    reward.nextStep && reward.nextStep !== "USE_CODE" &&
      h("p", { class: "note" }, words.goOn, " ", h("a", { href: program.shareUrl }, words.goOnThere)));
}

function friendRow(words, friend) {
  return h("li", {},
    h("bdi", { class: "name" }, friend.friendFirstName || words.aFriend),
    badge(friend.stage, words.stages[friend.stage]));
}

function ladder(words, milestones, qualified) {
  const next = milestones.find((step) => !step.isReached);
  const id = newId();
  const step = ({ friendNumber, title, isReached }) =>
    h("li", { class: isReached ? "done" : "", "aria-current": next?.friendNumber === friendNumber && "step" },
      h("span", { class: "number", "aria-hidden": "true" }, isReached ? "✓" : `${friendNumber}`),
      h("span", {}, h("strong", {}, h("bdi", {}, title)), h("br"),
        h("span", { class: "help" }, fill(words.from, { number: friendNumber }), isReached && ` · ${words.reached}`)));
  return [
    next && h("div", { class: "next" },
      h("p", { id }, words.next, " ", h("strong", {}, h("bdi", {}, next.title))),
      h("progress", { value: qualified, max: next.friendNumber, "aria-labelledby": id, class: "progress" }),
      h("p", { class: "help" }, fill(words.ofFriends, { done: qualified, all: next.friendNumber }))),
    h("ol", { class: "ladder", role: "list" }, milestones.map(step)),
  ];
}
