// A post as a card: picture with boxes, text with spans, uncertainties against thresholds, what correction did and why.
"use strict";
const COLOURS = ["#2f7ed8", "#d9822b", "#2a9d5c", "#a05bd0", "#d6436e", "#16a2a8", "#9a7b1c", "#7a6ee0"];

function colourOf(type, types) {
  return COLOURS[Math.max(0, types.indexOf(type)) % COLOURS.length];
}

function words(post, span) {
  return post.tokens.slice(span[0], span[1]).join(" ");
}

function saidOf(post, attribute, value) {
  if (attribute === "span") return words(post, value);
  if (attribute === "type") return value;
  return value === null ? "not in the picture" : `[${value.map((edge) => Math.round(edge)).join(", ")}]`;
}

function showText(post, types) {
  const text = make("p", {class: "text", dir: "auto"});
  const starts = new Map(post.entities.map((entity, place) => [entity.span[0], [entity, place]]));
  let token = 0;
  while (token < post.tokens.length) {
    const [entity, place] = starts.get(token) || [null, 0];
    const stop = entity === null ? token + 1 : Math.max(entity.span[1], token + 1);
    const said = post.tokens.slice(token, stop).join(" ");
    if (entity === null) {
      text.append(said + " ");
    } else {
      const mark = make("mark", {"data-entity": place, title: entity.type}, said, make("sup", {}, entity.type));
      mark.style.borderColor = colourOf(entity.type, types);
      text.append(mark, " ");
    }
    token = stop;
  }
  return text;
}

function showPicture(post, types) {
  if (post.size === null) return make("p", {class: "note"}, "no picture was seen");
  const [width, height] = post.size;
  const holder = make("div", {class: "picture"});
  holder.style.aspectRatio = `${width} / ${height}`;
  if (post.image !== null) holder.append(make("img", {src: post.image, alt: `picture of post ${post.id}`}));
  const svg = draw("svg", {viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none"});
  const rectangle = (box, attributes) => draw("rect", {
    ...attributes, x: box[0], y: box[1], width: box[2] - box[0], height: box[3] - box[1],
  });
  for (const item of post.gold || []) {
    for (const box of item.boxes) {
      svg.append(rectangle(box, {class: "box gold"}));
    }
  }
  post.entities.forEach((entity, place) => {
    if (entity.region === null) return;
    const box = rectangle(entity.region, {class: "box", "data-entity": place});
    box.style.stroke = colourOf(entity.type, types);
    box.append(draw("title", {}, `${words(post, entity.span)} (${entity.type})`));
    svg.append(box);
  });
  holder.append(svg);
  return holder;
}

function showMeter(name, note, threshold) {
  const over = note.uncertainty > threshold;
  const limit = 90 * Math.max(0, Math.min(1, threshold));
  const svg = draw("svg", {viewBox: "0 0 90 10", "aria-hidden": "true"},
    draw("rect", {class: "track", width: 90, height: 10, rx: 3}),
    draw("rect", {class: over ? "level over" : "level", width: 90 * Math.min(1, note.uncertainty), height: 10, rx: 3}),
    draw("line", {class: "limit", x1: limit, x2: limit, y1: 0, y2: 10}));
  return make("span", {class: "meter", title: `${name}: uncertainty ${note.uncertainty.toFixed(3)}, threshold ${threshold}`},
    name, svg, note.uncertainty.toFixed(2));
}

function showStory(post, name, note) {
  if (note === undefined || note.outcome === "skipped") return "";
  const turned = {1: ["good", "put right"], "-1": ["bad", "harmed"]}[note.turn];
  const story = make("div", {class: "story"}, `${name} ${note.outcome}: `);
  if (note.outcome === "changed") {
    story.append(make("span", {class: "value"}, saidOf(post, name, note.before)), " → ",
      make("strong", {class: "value"}, saidOf(post, name, note.after)), " ");
  } else {
    story.append(make("span", {class: "value"}, saidOf(post, name, note.after)), " ");
  }
  if (turned) story.append(make("span", {class: `badge ${turned[0]}`}, turned[1]));
  if (note.simulated) story.append(make("span", {class: "badge simulated"}, "simulated"));
  if (note.authored) story.append(make("span", {class: "badge simulated"}, "written by hand"));
  if (note.detail) story.append(" ", note.detail);
  const about = [note.prompt, note.model, note.calls ? `${note.calls} calls` : ""].filter(Boolean).join(", ");
  if (note.reasoning || about) {
    story.append(make("details", {}, make("summary", {}, "why"), make("p", {dir: "auto"}, note.reasoning), make("p", {}, about)));
  }
  return story;
}

function showEntity(post, entity, place, thresholds, types) {
  const name = make("span", {class: "name"}, words(post, entity.span));
  name.style.color = colourOf(entity.type, types);
  const right = entity.right === null ? "" :
    make("span", {class: `badge ${entity.right ? "good" : "bad"}`}, entity.right ? "right" : "wrong");
  const by = entity.by === "small model" ? "" : make("span", {class: "badge"}, `found by ${entity.by}`);
  return make("div", {class: "entity", "data-entity": place}, name, ` ${entity.type} · ${saidOf(post, "region", entity.region)} `,
    right, " ", by, make("div", {}, ...entity.notes.map((note, at) => showMeter(ATTRIBUTES[at], note, thresholds[at]))),
    ...entity.notes.map((note, at) => showStory(post, ATTRIBUTES[at], note)));
}

function showGold(post) {
  if (post.gold === null) return "";
  const items = post.gold.map((item) => `${words(post, item.span)} (${item.type}, ` +
    (item.boxes.length ? `${item.boxes.length} ${item.boxes.length > 1 ? "boxes" : "box"}` : "not in the picture") + ")");
  return make("p", {class: "note"}, "gold: " + (items.join("; ") || "no entities"));
}

function showCard(post, number, thresholds, types) {
  const card = make("article", {class: "card", tabindex: "-1", "data-number": number});
  const body = make("div", {}, showText(post, types), ...post.warnings.map((said) => make("p", {class: "note"}, said)),
    ...post.entities.map((entity, place) => showEntity(post, entity, place, thresholds, types)), showGold(post));
  card.append(make("h3", {}, `${number + 1} · ${post.id || "without id"}`),
    make("div", {class: "body"}, showPicture(post, types), body));
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
