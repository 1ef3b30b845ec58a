// Puts the page together, and answers sliders, filters and keys.
"use strict";
const PAGE = 20;
const data = JSON.parse(document.getElementById("data").textContent);
const LIMITS = [...ATTRIBUTES, "drop"];
const state = {thresholds: LIMITS.map((name) => data.thresholds[name]), filters: new Set(), type: "", search: "",
  page: 0, current: -1};
const find = (id) => document.getElementById(id);
const percent = (ratio) => (100 * ratio).toFixed(2);
const signed = (number) => (Number(number) > 0 ? `+${number}` : number.replace("-0.00", "0.00"));

// Whether a post has a correction of some kind that counts at the chosen thresholds.
const someNote = (post, wanted) => post.entities.some((entity) => entity.notes.some((note, place) => wanted(note, entity, place)));
const counts = (entity, place) => isInEffect(entity, place, state.thresholds);

const FILTERS = {
  routed: (post) => someNote(post, (note, entity, place) => isRouted(entity, place, state.thresholds)),
  changed: (post) => someNote(post, (note, entity, place) => (note.changed || note.outcome === "added") && counts(entity, place)),
  harmed: (post) => someNote(post, (note, entity, place) => note.turn === -1 && counts(entity, place)),
  "put right": (post) => someNote(post, (note, entity, place) => note.turn === 1 && counts(entity, place)),
  failed: (post) => post.questions.some((one) => one.outcome !== "answered") || someNote(post, (note, entity, place) =>
    ["failed", "rejected", "unavailable", "low_confidence"].includes(note.outcome) && isRouted(entity, place, state.thresholds)),
  dropped: (post) => post.entities.some((entity) => isDropped(entity, state.thresholds)),
  wrong: (post) => {
    if (post.gold === null) return false;
    const kept = keptUnder(post, state.thresholds);
    return countRight(kept, post.gold, "GMNER") < Math.max(post.gold.length, kept.length);
  },
};
const NEEDS_GOLD = ["harmed", "put right", "wrong"];

function showHead() {
  find("about").textContent = data.about;
  const frames = data.unpictured === 0 ? "" :
    `The pictures of ${data.unpictured === data.posts.length ? "the" : data.unpictured} posts are not in this page: boxes are drawn on empty frames.`;
  const unseen = data.unseen === 0 ? "" :
    data.unseen === data.posts.length ? "No post has a picture." : `${data.unseen} posts have no picture.`;
  find("hint").textContent = [data.hint, frames, unseen, "Cards and filters follow the thresholds."].filter(Boolean).join(" ");
  if (data.warning) {
    find("warning").textContent = data.warning;
    find("warning").hidden = false;
  }
}

function showScores() {
  const {scores, tally} = scoreUnder(data.posts, state.thresholds);
  const table = find("score-table");
  if (!data.labelled) {
    table.replaceChildren(make("caption", {}, "Not scored: the posts have no gold."));
  } else {
    const titles = ["", "P", "R", "F1", "small model F1", "recorded F1", "95 % interval"];
    const head = make("thead", {}, make("tr", {}, ...titles.map((title) => make("th", {scope: "col"}, title))));
    table.replaceChildren(head, make("tbody", {}, ...TASKS.map((task) => scoreRow(task, scores[task]))));
  }
  showTally(tally);
}

// What each corrector did, and how much worse the run would score without its answers.
function showGains() {
  const task = data.labelled && data.scores.GMNER === null ? "MNER" : "GMNER";  // gold without boxes
  const f1 = (left) => scoreUnder(data.posts, state.thresholds, left).scores[task].f1;
  const titles = ["corrector", "asked about", "changed", ...(data.labelled ? ["put right", "harmed", `gain in ${task} F1`] : []), "calls", "US dollars"];
  const rows = ATTRIBUTES.map((name, place) => {
    const did = effectOf(data.posts, state.thresholds, place);
    const scored = data.labelled ? [did.right, did.harmed, signed(percent(f1() - f1(place)))] : [];
    const cells = [did.asked, did.changed, ...scored, did.calls, Number.isNaN(did.cost) ? "unknown" : did.cost.toFixed(2)];
    return make("tr", {"data-corrector": name}, make("th", {scope: "row"}, name), ...cells.map((cell) => make("td", {}, String(cell))));
  });
  const head = make("thead", {}, make("tr", {}, ...titles.map((title) => make("th", {scope: "col"}, title))));
  find("gain-table").replaceChildren(head, make("tbody", {}, ...rows));
  find("gain-note").textContent = "At these thresholds. A question about several attributes has its calls and its cost in the first of them." +
    (data.labelled ? " The gain is the F1 with a corrector's answers less the F1 without them." : "");
}

const UNCORRECTED = scoreUnder(data.posts, [1, 1, 1]).scores;

function scoreRow(task, now) {
  const recorded = data.scores[task];
  const cells = [now.precision, now.recall, now.f1, UNCORRECTED[task].f1].map((value) => make("td", {"data-value": value}, percent(value)));
  return make("tr", {"data-task": task}, make("th", {scope: "row"}, task), ...(recorded === null ?
    [make("td", {colspan: 6}, "not scored")] :
    [...cells, make("td", {}, percent(recorded.f1)), make("td", {}, `${percent(recorded.low)} to ${percent(recorded.high)}`)]));
}

function showTally(tally) {
  const all = data.posts.reduce((sum, post) => sum + post.entities.reduce((count, entity) => count + entity.notes.length, 0), 0);
  const parts = [`${tally.routed + tally.missing} of ${all} attributes routed at these thresholds, ${tally.routed} of them asked about.`];
  if (tally.missing) parts.push(`${tally.missing} were not asked about in this run (not recorded), so they count as the small model left them.`);
  if (tally.dropped) parts.push(`${tally.dropped} entities are dropped: their doubt is above the level.`);
  if (tally.approximated) parts.push(`${tally.approximated} answers were given for a span that these thresholds leave uncorrected: approximated.`);
  find("score-note").textContent = parts.join(" ");
}

function moved() {
  showScores();
  showGains();
  showCounts();
  showPosts();
}

function showSliders() {
  const box = find("sliders").querySelector("fieldset");
  LIMITS.forEach((name, place) => {
    const start = Math.max(0, state.thresholds[place]);
    const output = make("output", {}, start.toFixed(2));
    const slider = make("input", {type: "range", min: 0, max: 1, step: 0.01, value: start, "aria-label": `${name} threshold`, "data-attribute": name});
    slider.addEventListener("input", () => {
      state.thresholds[place] = Number(slider.value);
      output.textContent = state.thresholds[place].toFixed(2);
      moved();
    });
    box.append(make("label", {class: "slider"}, name, slider, output));
  });
  const reset = make("button", {type: "button"}, "as recorded");
  reset.addEventListener("click", () => {
    state.thresholds = LIMITS.map((name) => data.thresholds[name]);
    box.querySelectorAll("input").forEach((slider, place) => {
      slider.value = Math.max(0, state.thresholds[place]);
      slider.nextElementSibling.textContent = Math.max(0, state.thresholds[place]).toFixed(2);
    });
    moved();
  });
  box.append(reset);
}

function showCosts() {
  find("cost-list").append(...data.costs.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))));
}

function chosenPosts() {
  const sought = state.search.toLowerCase();
  return data.posts.map((post, number) => [post, number]).filter(([post]) =>
    [...state.filters].every((name) => FILTERS[name](post)) &&
    (!state.type || post.entities.some((e) => e.type === state.type) || (post.gold || []).some((g) => g.type === state.type)) &&
    (!sought || words(post, [0, post.tokens.length]).toLowerCase().includes(sought) || (post.id || "").toLowerCase().includes(sought)));
}

function showPosts() {
  const chosen = chosenPosts();
  const pages = Math.max(1, Math.ceil(chosen.length / PAGE));
  state.page = Math.min(state.page, pages - 1);
  const shown = chosen.slice(PAGE * state.page, PAGE * (state.page + 1));
  find("cards").replaceChildren(...shown.map(([post, number]) =>
    showCard(post, number, state.thresholds, data.types)));
  const step = (label, by) => {
    const button = make("button", {type: "button"}, label);
    button.disabled = state.page + by < 0 || state.page + by >= pages;
    button.addEventListener("click", () => turn(by));
    return button;
  };
  find("pages").replaceChildren(step("previous", -1), `page ${state.page + 1} of ${pages}, ${chosen.length} ${chosen.length === 1 ? "post" : "posts"}`, step("next", 1));
}

function turn(by) {
  state.page += by;
  state.current = -1;
  showPosts();
}

function showFilters() {
  const form = find("filters");
  form.addEventListener("submit", (event) => event.preventDefault());
  const again = () => { state.page = 0; state.current = -1; showPosts(); };
  for (const name of Object.keys(FILTERS)) {
    if (!data.labelled && NEEDS_GOLD.includes(name)) continue;
    const button = make("button", {type: "button", "aria-pressed": "false", "data-filter": name});
    button.addEventListener("click", () => {
      state.filters.has(name) ? state.filters.delete(name) : state.filters.add(name);
      button.setAttribute("aria-pressed", String(state.filters.has(name)));
      again();
    });
    form.append(button);
  }
  const types = make("select", {"aria-label": "type"}, make("option", {value: ""}, "all types"),
    ...data.types.map((type) => make("option", {value: type}, type)));
  types.addEventListener("change", () => { state.type = types.value; again(); });
  const search = make("input", {type: "search", placeholder: "words or id", "aria-label": "search"});
  search.addEventListener("input", () => { state.search = search.value; again(); });
  form.append(types, search);
  showCounts();
}

function showCounts() {
  for (const button of find("filters").querySelectorAll("[data-filter]")) {
    const name = button.dataset.filter;
    button.textContent = `${name} ${data.posts.filter(FILTERS[name]).length}`;
  }
}

function go(by) {
  const cards = find("cards").children;
  let next = state.current + by;
  if (next >= cards.length || next < 0) {
    const button = find("pages").querySelectorAll("button")[by > 0 ? 1 : 0];
    if (button.disabled) return;
    turn(by);
    next = by > 0 ? 0 : find("cards").children.length - 1;
  }
  state.current = next;
  find("cards").children[next].focus();
  find("cards").children[next].scrollIntoView({block: "start"});
}

document.addEventListener("keydown", (event) => {
  if (event.target.matches("input, select") || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "j" || event.key === "ArrowRight") go(1);
  else if (event.key === "k" || event.key === "ArrowLeft") go(-1);
  else if (event.key === "/") find("filters").querySelector("input").focus();
  else return;
  event.preventDefault();
});

showHead();
showSliders();
showScores();
showGains();
showCosts();
if (data.plots) showPlots(data.plots, find("plot-list")); else find("plots").hidden = true;
showFilters();
showPosts();
document.documentElement.dataset.ready = "true";
