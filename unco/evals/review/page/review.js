// Shows one post of the queue after another, and sends a person's answers; every word of a post is text, never markup.
"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const find = (id) => document.getElementById(id);
const state = {number: null, card: null, answers: [], faults: [], current: 0, editing: false};

function make(name, attributes, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

function draw(name, attributes) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}

const shown = (item, value) => item.attribute !== "region" ? String(value ?? "no type") :
  value === null ? "not in the picture" : `[${value.map((edge) => Math.round(edge)).join(", ")}]`;
const valueNow = (place) => {
  const answer = state.answers[place];
  return answer && answer.type === "edit" ? answer.args.args.value : state.card.items[place].value;
};
const currentItem = () => state.card.items[state.current];

function gap(place) {
  return state.card.gaps === null ? (place ? " " : "") : state.card.gaps[place];
}

function words(start, stop) {
  return state.card.tokens.slice(start, stop).map((token, place) => (place ? gap(start + place) : "") + token).join("");
}

function showText() {
  const entities = [...state.card.entities].sort((a, b) => a.span[0] - b.span[0]);
  const text = find("text");
  text.replaceChildren();
  let done = 0;
  for (const entity of entities) {
    const [start, stop] = entity.span;
    if (start < done) continue;  // it shares a word with the one before
    if (start > done) text.append(gap(done), words(done, start));
    const mark = make("mark", {}, words(start, stop), make("sup", {}, entity.type));
    if (entity.index === currentItem().entity) mark.className = "current";
    text.append(gap(start), mark);
    done = stop;
  }
  const {length} = state.card.tokens;
  if (done < length) text.append(gap(done), words(done, length));
}

function showPicture() {
  const holder = find("picture");
  holder.hidden = state.card.size === null;
  holder.className = state.editing && currentItem().attribute === "region" ? "drawing" : "";
  if (state.card.size === null) return;
  const [width, height] = state.card.size;
  const svg = draw("svg", {viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none"});
  for (const entity of state.card.entities) {
    const place = state.card.items.findIndex((item) => item.entity === entity.index && item.attribute === "region");
    const box = place < 0 ? entity.region : valueNow(place);
    if (box) svg.append(draw("rect", {...corners(box), class: entity.index === currentItem().entity ? "current" : ""}));
  }
  holder.querySelector("svg")?.remove();
  holder.append(svg);
}

function openPicture() {
  const holder = find("picture");
  holder.replaceChildren();
  if (state.card.size !== null) holder.style.aspectRatio = state.card.size.join(" / ");
  if (state.card.picture) holder.append(make("img", {src: `picture/${state.number}`, alt: "the post's picture", draggable: "false"}));
}

const corners = (box) => ({x: box[0], y: box[1], width: box[2] - box[0], height: box[3] - box[1]});

function showItems() {
  find("items").replaceChildren(...state.card.items.map((item, place) => {
    const answer = state.answers[place];
    const node = make("li", {"data-place": place}, make("p", {}, item.why), make("p", {}, `now: ${shown(item, item.value)}`));
    if (item.changed) node.append(make("p", {}, `before: ${shown(item, item.before)}`));
    if (item.reasoning) node.append(make("p", {class: "note"}, item.reasoning));
    if (answer) node.append(make("p", {class: "answer"}, answer.type === "edit" ? `edit: ${shown(item, valueNow(place))}` : answer.type));
    if (state.faults[place]) node.append(make("p", {class: "fault", role: "alert"}, state.faults[place]));
    if (place === state.current) {
      node.className = "current";
      if (state.editing && item.attribute !== "region") node.append(editor(item));
    }
    node.addEventListener("click", () => { if (state.current !== place) go(place); });
    return node;
  }));
  const field = document.querySelector("li.current input, li.current select");
  if (field) field.focus();
}

function editor(item) {
  if (item.attribute === "span") return make("input", {"aria-label": "words", value: valueNow(state.current)});
  const choice = make("select", {"aria-label": "type"}, ...data.types.map((type) => make("option", {value: type}, type)));
  choice.value = valueNow(state.current);
  return choice;
}

function show() {
  showText();
  showPicture();
  showItems();
}

function go(place) {
  state.current = Math.max(0, Math.min(state.card.items.length - 1, place));
  state.editing = false;
  show();
}

function say(answer) {
  state.answers[state.current] = {args: null, ...answer, by: data.by};
  state.faults[state.current] = "";
  go(state.current + 1);
}

const edit = (value) => say({type: "edit", args: {action: `review ${currentItem().attribute}`, args: {value}}});

async function load(from) {
  const answer = await fetch(`post/${from}`);
  if (!answer.ok) return stop("The server does not answer: is unco review still running?");
  const {number, card, done, left} = await answer.json();
  find("progress").textContent = `${done} done, ${left} left`;
  if (number === null) return stop("All posts are done. You can close this page.");
  Object.assign(state, {number, card, answers: [], faults: [], current: 0, editing: false});
  find("message").hidden = true;
  openPicture();
  show();
}

function stop(message) {
  state.card = null;
  find("post").hidden = true;
  tell(message);
}

function tell(message) {
  find("message").textContent = message;
  find("message").hidden = false;
}

async function save() {
  const missing = state.card.items.findIndex((_, place) => !state.answers[place]);
  if (missing >= 0) return go(missing);
  const answer = await fetch(`answers/${state.number}`, {method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(state.answers)});
  if (!answer.ok) return tell(answer.status === 409 ? "This post is done already." : `Nothing was saved: ${(await answer.text()).slice(0, 500)}`);
  const {faults, left} = await answer.json();
  if (left === 0) return stop("All posts are done. You can close this page.");
  if (Object.keys(faults).length === 0) return load(state.number + 1);
  state.card.items.forEach((item, place) => { state.faults[place] = faults[`${item.entity} ${item.attribute}`] || ""; });
  state.faults.forEach((fault, place) => { if (fault) state.answers[place] = undefined; });
  go(Math.max(0, state.faults.findIndex(Boolean)));
}

const KEYS = {
  j: () => go(state.current + 1),
  k: () => go(state.current - 1),
  a: () => say({type: "accept"}),
  i: () => say({type: "ignore"}),
  b: () => { if (currentItem().changed) edit(currentItem().before); },
  n: () => { if (currentItem().attribute === "region") edit(null); },
  e: () => { state.editing = true; show(); },
  s: () => load(state.number + 1),
  Enter: save,
};

document.addEventListener("keydown", (event) => {
  if (state.card === null || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches("input, select")) {
    if (event.key === "Enter") edit(event.target.value);
    else if (event.key === "Escape") go(state.current);
    else return;
  } else if (KEYS[event.key]) {
    KEYS[event.key]();
  } else {
    return;
  }
  event.preventDefault();
});

find("picture").addEventListener("pointerdown", (event) => {
  if (state.card === null || !state.editing || currentItem().attribute !== "region") return;
  const holder = find("picture"), [width, height] = state.card.size, frame = holder.getBoundingClientRect();
  const place = (at) => [
    Math.max(0, Math.min(width, (at.clientX - frame.left) / frame.width * width)),
    Math.max(0, Math.min(height, (at.clientY - frame.top) / frame.height * height)),
  ];
  const [x, y] = place(event), rectangle = draw("rect", {class: "current"});
  holder.querySelector("svg").append(rectangle);
  const box = (at) => [Math.min(x, at[0]), Math.min(y, at[1]), Math.max(x, at[0]), Math.max(y, at[1])];
  const move = (moved) => { for (const [key, value] of Object.entries(corners(box(place(moved))))) rectangle.setAttribute(key, value); };
  const end = (ended) => {
    document.removeEventListener("pointermove", move);
    document.removeEventListener("pointerup", end);
    edit(box(place(ended)).map((edge) => Math.round(10 * edge) / 10));
  };
  document.addEventListener("pointermove", move);
  document.addEventListener("pointerup", end);
  event.preventDefault();
});

find("save").addEventListener("click", save);
find("skip").addEventListener("click", () => load(state.number + 1));
load(0).then(() => document.documentElement.setAttribute("data-ready", ""));
