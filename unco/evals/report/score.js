// Scores by the paper's rule (Eqs. 12-15), as unco/evals/scores.py has them, and the recorded run under other thresholds.
"use strict";
const ATTRIBUTES = ["span", "type", "region"];
const ASKED = new Set(["kept", "changed", "rejected", "failed", "unavailable"]);
const TASKS = ["GMNER", "MNER", "EEG"];

function iou(a, b) {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  if (width <= 0 || height <= 0) return 0;
  const common = width * height;
  return common / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - common);
}

function regionRight(region, boxes) {
  if (region === null || boxes.length === 0) return region === null && boxes.length === 0;
  return boxes.some((box) => iou(region, box) > 0.5);
}

function entityRight(said, gold, task) {
  return said.span[0] === gold.span[0] && said.span[1] === gold.span[1] &&
    (task === "EEG" || said.type === gold.type) && (task === "MNER" || regionRight(said.region, gold.boxes));
}

// A gold entity is matched at most once.
function countRight(entities, gold, task) {
  const open = gold.slice();
  let right = 0;
  for (const entity of entities) {
    const place = open.findIndex((item) => entityRight(entity, item, task));
    if (place >= 0) { open.splice(place, 1); right += 1; }
  }
  return right;
}

// What an attribute is under a threshold: the recorded correction where it is routed, else what the small model said.
function valueUnder(note, threshold, tally) {
  if (note.outcome === "added") return note.after;
  if (note.uncertainty <= threshold) return note.before;
  if (!ASKED.has(note.outcome)) { tally.missing += 1; return note.before; }
  tally.routed += 1;
  return note.after;
}

function entityUnder(entity, thresholds, tally) {
  const value = {};
  ATTRIBUTES.forEach((name, place) => {
    const note = entity.notes[place];
    value[name] = note === undefined ? entity[name] : valueUnder(note, thresholds[place], tally);
  });
  const [span, ...later] = entity.notes;
  if (span !== undefined && span.outcome === "changed" && span.uncertainty <= thresholds[0]) {
    tally.approximated += later.filter((note, place) =>
      ASKED.has(note.outcome) && note.uncertainty > thresholds[place + 1]).length;
  }
  return value;
}

function scoreUnder(posts, thresholds) {
  const tally = {routed: 0, missing: 0, approximated: 0};
  const right = {GMNER: 0, MNER: 0, EEG: 0};
  let predicted = 0, gold = 0;
  for (const post of posts) {
    const entities = post.entities.map((entity) => entityUnder(entity, thresholds, tally));
    predicted += entities.length;
    if (post.gold === null) continue;
    gold += post.gold.length;
    for (const task of TASKS) right[task] += countRight(entities, post.gold, task);
  }
  const scores = {};
  for (const task of TASKS) {
    scores[task] = {
      precision: predicted ? right[task] / predicted : 0,
      recall: gold ? right[task] / gold : 0,
      f1: predicted + gold ? 2 * right[task] / (predicted + gold) : 0,
    };
  }
  return {scores, tally};
}
