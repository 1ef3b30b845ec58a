// A post as a card: picture with boxes, text with spans, uncertainties against thresholds, what correction did and why.
"use strict";
const COLOURS = ["#2f7ed8", "#d9822b", "#2a9d5c", "#a05bd0", "#d6436e", "#16a2a8", "#9a7b1c", "#7a6ee0"];

function colourOf(type, types) {
  return COLOURS[Math.max(0, types.indexOf(type)) % COLOURS.length];
}

// Tokens of a post as they stand in its text.
function words(post, span) {
  if (post.gaps === null) return post.tokens.slice(span[0], span[1]).join(" ");
  return post.tokens.slice(span[0], span[1]).map((token, place) => (place ? post.gaps[span[0] + place] : "") + token).join("");
}

function gapBefore(post, token) {
  return post.gaps === null ? (token ? " " : "") : post.gaps[token];
}

function saidOf(post, attribute, value) {
  if (attribute === "span") return words(post, value);
  if (attribute === "type") return value;
  return value === null ? "not in the picture" : `[${value.map((edge) => Math.round(edge)).join(", ")}]`;
}

function showText(post, values, types) {
  const text = make("p", {class: "text", dir: "auto"});
  const hidden = make("p", {class: "note"});
  const order = values.map((value, place) => [value, place]).filter(([value]) => value !== null).sort(([a], [b]) => a.span[0] - b.span[0] || b.span[1] - a.span[1]);
  const mark = ([value, place]) => {
    const node = make("mark", {"data-entity": place, title: value.type}, words(post, value.span), make("sup", {}, value.type));
    node.style.borderColor = colourOf(value.type, types);
    return node;
  };
  let done = 0;
  for (const item of order) {
    const [start, stop] = item[0].span;
    if (start < done) {  // it shares a word with the one before, so it cannot be marked in the same line
      hidden.append(hidden.childNodes.length ? ", " : "overlapping: ", mark(item));
      continue;
    }
    if (start > done) text.append(gapBefore(post, done), words(post, [done, start]));
    text.append(gapBefore(post, start), mark(item));
    done = stop;
  }
  if (done < post.tokens.length) text.append(gapBefore(post, done), words(post, [done, post.tokens.length]));
  return hidden.childNodes.length ? [text, hidden] : [text];
}

function showPicture(post, values, types) {
  if (post.size === null) return make("p", {class: "note"}, "no picture was seen");
  const [width, height] = post.size;
  const holder = make("div", {class: "picture"});
  holder.style.aspectRatio = `${width} / ${height}`;
  if (post.image !== null) holder.append(make("img", {src: post.image, alt: `picture of post ${post.id || "without id"}`}));
  const svg = draw("svg", {viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none"});
  const rectangle = (box, attributes) => draw("rect", {
    ...attributes, x: box[0], y: box[1], width: box[2] - box[0], height: box[3] - box[1],
  });
  for (const item of post.gold || []) {
    for (const box of item.boxes) {
      svg.append(rectangle(box, {class: "box gold"}));
    }
  }
  values.forEach((value, place) => {
    if (value === null || value.region === null) return;
    for (const each of boxesOf(value)) {
      const box = rectangle(each, {class: "box", "data-entity": place});
      box.style.stroke = colourOf(value.type, types);
      box.append(draw("title", {}, `${words(post, value.span)} (${value.type})`));
      svg.append(box);
    }
  });
  holder.append(svg);
  return holder;
}

// All boxes of an entity; where its first is another one than it had (by thresholds), that one alone.
function boxesOf(value) {
  const all = value.regions || [];
  return all.length > 0 && String(all[0]) === String(value.region) ? all : [value.region];
}

function showMeter(name, note, threshold) {
  const over = note.uncertainty > threshold;
  const limit = 90 * Math.max(0, Math.min(1, threshold));
  const svg = draw("svg", {viewBox: "0 0 90 10", "aria-hidden": "true"},
    draw("rect", {class: "track", width: 90, height: 10, rx: 3}),
    draw("rect", {class: over ? "level over" : "level", width: 90 * Math.min(1, note.uncertainty), height: 10, rx: 3}),
    ...["limit edge", "limit"].map((name) => draw("line", {class: name, x1: limit, x2: limit, y1: 0, y2: 10})));
  return make("span", {class: "meter", title: `${name}: uncertainty ${note.uncertainty.toFixed(3)}, threshold ${threshold}`},
    name, svg, note.uncertainty.toFixed(2));
}

function showStory(post, name, note, counts) {
  if (note === undefined || note.outcome === "skipped") return "";
  const turned = {1: ["good", "put right"], "-1": ["bad", "harmed"]}[note.turn];
  const story = make("div", {class: "story"}, `${name} ${note.outcome}: `);
  if (note.changed) {
    story.append(make("span", {class: "value"}, saidOf(post, name, note.before)), " → ",
      make("strong", {class: "value"}, saidOf(post, name, note.after)), " ");
  } else {
    story.append(make("span", {class: "value"}, saidOf(post, name, note.after)), " ");
  }
  if (turned) story.append(make("span", {class: `badge ${turned[0]}`}, turned[1]));
  if (note.simulated) story.append(make("span", {class: "badge simulated"}, "simulated"));
  if (note.authored) story.append(make("span", {class: "badge simulated"}, "written by hand"));
  if (note.reviewed) story.append(make("span", {class: "badge"}, note.reviewed));
  if (!counts && ASKED.has(note.outcome)) story.append(make("span", {class: "badge undone"}, "not routed at these thresholds"));
  if (note.detail) story.append(" ", note.detail);
  addReasons(story, note);
  return story;
}

// What was said and by whom, folded.
function addReasons(story, note) {
  const about = [note.prompt, note.model, note.calls ? `${note.calls} ${note.calls > 1 ? "calls" : "call"}` : "",
    note.cost ? `$${note.cost.toFixed(4)}` : "", note.seconds ? `${note.seconds.toFixed(1)} s` : ""].filter(Boolean).join(", ");
  if (note.reasoning || about) {
    story.append(make("details", note.changed ? {open: ""} : {}, make("summary", {}, "why"), make("p", {dir: "auto"}, note.reasoning || "no reasoning was given"), make("p", {}, about)));
  }
}

// A question about the whole post.
function showQuestion(question) {
  const story = make("div", {class: "story"}, `${question.finder}: ${question.outcome} `);
  if (question.simulated) story.append(make("span", {class: "badge simulated"}, "simulated"));
  if (question.authored) story.append(make("span", {class: "badge simulated"}, "written by hand"));
  if (question.detail) story.append(" ", question.detail);
  for (const dropped of question.dropped) story.append(make("p", {class: "note"}, `not added: ${dropped}`));
  addReasons(story, question);
  return story;
}

function showEntity(post, place, value, thresholds, types) {
  const entity = post.entities[place];
  const name = make("span", {class: "name"}, words(post, value.span));
  name.style.color = colourOf(value.type, types);
  const isRight = post.gold !== null && post.gold.some((item) => entityRight(value, item, "GMNER"));
  const right = post.gold === null ? "" : make("span", {class: `badge ${isRight ? "good" : "bad"}`}, isRight ? "right" : "wrong");
  const by = entity.by === "small model" ? "" : make("span", {class: "badge"}, `found by ${entity.by}`);
  const dropped = !isDropped(entity, thresholds) ? "" :
    make("span", {class: "badge bad"}, `dropped: doubt ${doubtUnder(entity, thresholds).toFixed(2)}`);
  return make("div", {class: "entity", "data-entity": place}, name, ` ${value.type} · ${saidOf(post, "region", value.region)} `,
    right, " ", by, " ", dropped, make("div", {}, ...entity.notes.map((note, at) => showMeter(ATTRIBUTES[at], note, limitOf(note, at, thresholds)))),
    ...entity.notes.map((note, at) => showStory(post, ATTRIBUTES[at], note, isInEffect(entity, at, thresholds))));
}

function showGold(post) {
  if (post.gold === null) return "";
  const items = post.gold.map((item) => `${words(post, item.span)} (${item.type}, ` +
    (item.boxes.length ? `${item.boxes.length} ${item.boxes.length > 1 ? "boxes" : "box"}` : "not in the picture") + ")");
  return make("p", {class: "note"}, "gold: " + (items.join("; ") || "no entities"));
}

// Whether answers on the card were given by no model.
function showMarks(post) {
  const said = [...post.questions, ...post.entities.flatMap((entity) => entity.notes)];
  return [["simulated", "simulated answers"], ["authored", "answers written by hand"]]
    .filter(([key]) => said.some((one) => one[key]))
    .map(([, label]) => make("span", {class: "badge simulated"}, label));
}

function showCard(post, number, thresholds, types) {
  const values = post.entities.map((entity) => entityUnder(entity, thresholds));
  const shown = values.map((value, place) => isDropped(post.entities[place], thresholds) ? null : value);
  const card = make("article", {class: "card", tabindex: "-1", "data-number": number});
  const body = make("div", {}, ...showText(post, shown, types), ...post.warnings.map((said) => make("p", {class: "note"}, said)),
    ...post.questions.map(showQuestion),
    ...values.map((value, place) => showEntity(post, place, value, thresholds, types)), showGold(post));
  card.append(make("h3", {}, `${number + 1} · ${post.id || "without id"}`, ...showMarks(post)),
    make("div", {class: "body"}, showPicture(post, shown, types), body));
  const light = (event, on) => {
    const own = event.target.closest("[data-entity]");
    if (own === null) return;
    for (const node of card.querySelectorAll("mark, .box")) {
      node.classList.toggle("lit", on && node.dataset.entity === own.dataset.entity);
    }
  };
  card.addEventListener("mouseover", (event) => light(event, true));
  card.addEventListener("mouseout", (event) => light(event, false));
  return card;
}
