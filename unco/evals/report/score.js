// Scores by the paper's rule (Eqs. 12-15), as unco/evals/metrics/paper.py has them, and the recorded run under other thresholds.
"use strict";
const ATTRIBUTES = ["span", "type", "region"];
const ASKED = new Set(["kept", "changed", "rejected", "failed", "low_confidence", "reviewed"]);
const SETTLED = new Set(["kept", "changed", "added", "reviewed"]);
const DROP = 3;  // Place of the level above which entities are dropped: behind the three thresholds.
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

// The threshold of an attribute: the entity's own, as long as that of all stands where it stood in the run.
function limitOf(note, at, thresholds) {
  return note.own !== undefined && thresholds[at] === note.own.of_all ? note.own.threshold : thresholds[at];
}

// Whether an attribute is routed. One that was asked about though it was sure shared a question with the others of its
// entity (one question for all three), so it goes where any of them goes.
function isRouted(entity, place, thresholds) {
  const note = entity.notes[place];
  if (note === undefined || note.outcome === "added") return false;
  const over = (one, at) => one.uncertainty > limitOf(one, at, thresholds);
  return over(note, place) || (note.joint && entity.notes.some(over));
}

// Whether the recorded answer counts under these thresholds.
function isInEffect(entity, place, thresholds) {
  const note = entity.notes[place];
  return note !== undefined && (note.outcome === "added" || (ASKED.has(note.outcome) && isRouted(entity, place, thresholds)));
}

// An entity under thresholds: the recorded corrections where they are routed, else what the small model said. The
// answers about one attribute can be left out.
function entityUnder(entity, thresholds, tally, left) {
  const value = {};
  ATTRIBUTES.forEach((name, place) => {
    const note = entity.notes[place];
    const counts = isInEffect(entity, place, thresholds);
    const stays = !counts || (place === left && note.outcome !== "added");
    value[name] = note === undefined ? entity[name] : stays ? note.before : note.after;
    if (tally === undefined || !isRouted(entity, place, thresholds)) return;
    if (counts) tally.routed += 1; else tally.missing += 1;
  });
  const span = entity.notes[0];
  if (tally !== undefined && span !== undefined && span.outcome === "changed" && !isInEffect(entity, 0, thresholds)) {
    tally.approximated += [1, 2].filter((place) => isInEffect(entity, place, thresholds)).length;
  }
  return value;
}

// Chance that span or type is wrong, as `Entity.doubt`: what was answered, and a type that nobody has told, counts as sure.
function doubtUnder(entity, thresholds) {
  const open = (place) => {
    const note = entity.notes[place];
    return note === undefined || (SETTLED.has(note.outcome) && isInEffect(entity, place, thresholds)) ? 0 : note.uncertainty;
  };
  const untold = entityUnder(entity, thresholds).type === "untyped";
  return Math.min(1, open(0) + (1 - open(0)) * (untold ? 0 : open(1)));
}

function isDropped(entity, thresholds) {
  return doubtUnder(entity, thresholds) > thresholds[DROP];
}

// What a post is said to hold: its entities under thresholds, but for those that are dropped.
function keptUnder(post, thresholds, tally, left) {
  const kept = post.entities.map((entity) => [entity, entityUnder(entity, thresholds, tally, left)]).filter(([entity]) => !isDropped(entity, thresholds));
  if (tally !== undefined) tally.dropped += post.entities.length - kept.length;
  return kept.map(([, value]) => value);
}

function scoreUnder(posts, thresholds, left) {
  const tally = {routed: 0, missing: 0, approximated: 0, dropped: 0};
  const right = {GMNER: 0, MNER: 0, EEG: 0};
  let predicted = 0, gold = 0;
  for (const post of posts) {
    const entities = keptUnder(post, thresholds, tally, left);
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

// What the answers about one attribute did at these thresholds, and what they cost.
function effectOf(posts, thresholds, place) {
  const effect = {asked: 0, changed: 0, right: 0, harmed: 0, calls: 0, cost: 0};
  for (const entity of posts.flatMap((post) => post.entities)) {
    const note = entity.notes[place];
    if (!isInEffect(entity, place, thresholds) || note.outcome === "added") continue;
    effect.asked += 1;
    effect.changed += note.changed ? 1 : 0;
    effect.right += note.turn === 1 ? 1 : 0;
    effect.harmed += note.turn === -1 ? 1 : 0;
    effect.calls += note.calls || 0;
    effect.cost += note.unpriced ? NaN : note.cost || 0;
  }
  return effect;
}
