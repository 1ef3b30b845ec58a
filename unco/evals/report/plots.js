// Small drawings, as SVG made node by node: nothing of the data is ever read as markup.
"use strict";
const SVG = "http://www.w3.org/2000/svg";

function draw(name, attributes, ...children) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

function make(name, attributes, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

// A frame of 0 to 1 across, 0 to `top` upwards; gives the frame and a function from values to pixels.
function frame(label, top, across) {
  const svg = draw("svg", {viewBox: "0 0 320 174", role: "img", "aria-label": label});
  const at = (x, y) => [28 + 280 * x, 142 - 128 * (top ? y / top : 0)];
  const line = (x1, y1, x2, y2) => draw("line", {class: "axis", x1, y1, x2, y2});
  svg.append(line(28, 142, 308, 142), line(28, 14, 28, 142));
  for (const tick of [0, 0.5, 1]) {
    svg.append(draw("text", {x: 28 + 280 * tick, y: 156, "text-anchor": "middle"}, String(tick)));
  }
  svg.append(draw("text", {x: 168, y: 168, "text-anchor": "middle"}, across));
  svg.append(draw("text", {x: 24, y: 20, "text-anchor": "end"}, top.toFixed(top >= 10 ? 0 : top >= 1 ? 1 : 2)));
  return [svg, at];
}

function path(points, at) {
  return points.map(([x, y], place) => (place ? "L" : "M") + at(x, y).map((v) => v.toFixed(1)).join(" ")).join("");
}

function densityPlot(name, plot) {
  const top = Math.max(...plot.right, ...plot.wrong, 0.1);
  const [svg, at] = frame(`${name}: how uncertain right and wrong ones are`, top, "uncertainty");
  for (const kind of ["right", "wrong"]) {
    const points = plot[kind].map((height, place) => [(place + 0.5) / plot[kind].length, height]);
    const closed = [[0, 0], [0, points[0][1]], ...points, [1, points[points.length - 1][1]], [1, 0]];
    svg.append(draw("path", {class: `area ${kind}`, d: path(closed, at) + "Z"}));
  }
  return svg;
}

function riskPlot(name, plot) {
  const top = Math.max(...plot.curve.map(([, risk]) => risk), 0.05);
  const [svg, at] = frame(`${name}: share of wrong ones among the surest`, top, "share kept, the surest first");
  const held = [[0, plot.curve[0][1]], ...plot.curve]; // among equally sure ones, any part has the same share
  svg.append(draw("path", {class: "curve wrong", d: path(held, at)}));
  return svg;
}

function reliabilityPlot(name, plot) {
  const [svg, at] = frame(`${name}: stated and true chance of being wrong`, 1, "uncertainty as chance of being wrong");
  svg.append(draw("path", {class: "axis curve", d: path([[0, 0], [1, 1]], at)}));
  for (const bin of plot.bins) {
    const [cx, cy] = at(bin.stated, bin.wrong);
    const share = Math.sqrt(bin.count / plot.count);
    svg.append(draw("circle", {class: "area wrong", cx, cy, r: 3 + 9 * share},
      draw("title", {}, `${bin.count} of stated ${bin.stated.toFixed(2)}: ${bin.wrong.toFixed(2)} wrong`)));
  }
  return svg;
}

function showPlots(plots, list) {
  for (const name of ATTRIBUTES) {
    const plot = plots[name];
    const about = plot === null || plot === undefined ? null :
      `${plot.wrong_count} of ${plot.count} wrong` + (plot.auroc === null ? "" : `, AUROC ${plot.auroc.toFixed(3)}`);
    if (about === null) continue;
    list.append(
      make("figure", {}, make("figcaption", {}, `${name}: `, make("span", {class: "good"}, "right"), " and ",
        make("span", {class: "bad"}, "wrong"), `, density. ${about}`), densityPlot(name, plot)),
      make("figure", {}, make("figcaption", {}, `${name}: wrong among the surest`), riskPlot(name, plot)),
      make("figure", {}, make("figcaption", {}, `${name}: stated against true chance of being wrong`), reliabilityPlot(name, plot)),
    );
  }
}
