"use strict";
// cash_conversion_cycle: the months, and the variance bridge from the previous period to this one.

const WIDTH = 720;
const PARTS = [
  ["dio", "first", "DIO, stock"],
  ["dso", "second", "DSO, receivables"],
  ["dpo", "third", "DPO, payables (downwards)"],
];

function tiles(summary) {
  const names = { ccc: "CCC", dio: "DIO", dso: "DSO", dpo: "DPO", ccc_net: "CCC net of advances" };
  return element(
    "div",
    { class: "tiles" },
    Object.entries(names).map(([name, title]) => {
      const change = summary.change ? summary.change[name] : null;
      const moved = change === null ? "" : `${signed(change, 1)} days`;
      const driver = summary.driver === name ? " · the driver" : "";
      return element(
        "div",
        { class: name === "ccc" ? "tile main" : "tile" },
        element("span", { class: "quiet" }, title),
        element("b", {}, number(summary[name], 1)),
        element("span", { class: "quiet" }, moved + driver),
      );
    }),
  );
}

function monthChart(months) {
  const height = 260;
  const [left, right, top, bottom] = [44, WIDTH - 8, 14, height - 26];
  const up = months.map((month) => Number(month.dio) + Number(month.dso));
  const down = months.map((month) => -Number(month.dpo));
  const axis = scale([...up, ...down, ...months.map((month) => Number(month.ccc))], bottom, top);
  const room = (right - left) / months.length;
  const width = Math.min(44, room * 0.6);
  const chart = shape("svg", {
    viewBox: `0 0 ${WIDTH} ${height}`,
    role: "img",
    "aria-label": "DIO, DSO, DPO and CCC by month, in days",
  });
  chart.append(...levels(axis, left, right).flat());
  const points = [];
  const labels = [];
  months.forEach((month, index) => {
    const middle = left + room * (index + 0.5);
    let above = 0;
    for (const [name, kind] of PARTS) {
      if (month[name] === null) continue;
      const value = Number(month[name]);
      const title = `${month.month} ${name.toUpperCase()}: ${number(month[name], 1)} days`;
      const [start, end] = name === "dpo" ? [0, -value] : [above, above + value];
      const [y1, y2] = [axis.place(start), axis.place(end)];
      const [y, size] = [Math.min(y1, y2), Math.abs(y1 - y2)];
      chart.append(bar(kind, middle - width / 2, y, width, size, title));
      if (name !== "dpo") above += value;
    }
    if (month.ccc !== null) points.push([middle, axis.place(Number(month.ccc)), month]);
    const every = Math.ceil(months.length / 12);
    if (index % every === 0) labels.push(label(month.month, middle, height - 8));
  });
  const path = points.map(([x, y]) => `${x},${y}`).join(" ");
  chart.append(shape("polyline", { class: "line", points: path }));
  for (const [x, y, month] of points) {
    const title = shape("title", {}, `${month.month} CCC: ${number(month.ccc, 1)} days`);
    chart.append(shape("circle", { class: "dot", cx: x, cy: y, r: 4 }, title));
    if (months.length <= 13) {
      chart.append(label(number(month.ccc, 1), x, y - 9, "middle", "value over"));
    }
  }
  chart.append(...labels);
  return chart;
}

function bridgeChart(facts) {
  const { summary, bridge } = facts;
  const height = 230;
  const [left, right, top, bottom] = [44, WIDTH - 8, 20, height - 26];
  const kinds = Object.fromEntries(PARTS.map(([name, kind]) => [name, kind]));
  let level = Number(summary.previous.ccc);
  const steps = [["before", "total", 0, level, number(summary.previous.ccc, 1)]];
  for (const { component, contribution } of bridge) {
    const name = component === "dpo" ? "−DPO" : component.toUpperCase();
    steps.push([name, kinds[component], level, level + Number(contribution), signed(contribution, 1)]);
    level += Number(contribution);
  }
  steps.push(["now", "total", 0, Number(summary.ccc), number(summary.ccc, 1)]);
  const axis = scale(steps.flatMap(([, , from, to]) => [from, to]), bottom, top);
  const chart = shape("svg", {
    viewBox: `0 0 ${WIDTH} ${height}`,
    role: "img",
    "aria-label": "What each component added to the cycle, in days",
  });
  chart.append(...levels(axis, left, right).flat());
  const room = (right - left) / steps.length;
  const width = Math.min(84, room * 0.6);
  steps.forEach(([name, kind, from, to, text], index) => {
    const middle = left + room * (index + 0.5);
    const y = Math.min(axis.place(from), axis.place(to));
    const size = Math.abs(axis.place(from) - axis.place(to));
    chart.append(bar(kind, middle - width / 2, y, width, size, `${name}: ${text} days`));
    if (index < steps.length - 1) {
      const line = { class: "axis", y1: axis.place(to), y2: axis.place(to) };
      const [x1, x2] = [middle + width / 2, middle + room - width / 2];
      chart.append(shape("line", { ...line, x1, x2, "stroke-dasharray": "3 3" }));
    }
    chart.append(label(text, middle, y - 6, "middle", "value"));
    chart.append(label(name, middle, height - 8));
  });
  return chart;
}

function bridgeTable(facts) {
  const head = ["", "balance", "flow", "change", "adds to CCC", "money by days", "by volume"];
  const balances = { dio: "stock", dso: "receivable", dpo: "payable" };
  const money = (step) => (facts.working_capital || {})[balances[step.component]] || {};
  const row = (step) =>
    element(
      "tr",
      {},
      element("td", {}, step.component.toUpperCase()),
      ["balance_effect", "flow_effect", "change", "contribution"].map((name) =>
        element("td", { class: "number" }, signed(step[name], 1)),
      ),
      ["days_effect", "volume_effect"].map((name) =>
        element("td", { class: "number" }, signed(money(step)[name], 2)),
      ),
    );
  const titles = head.map((text) => element("th", { class: text ? "number" : "" }, text));
  return element(
    "div",
    { class: "scroll" },
    element(
      "table",
      {},
      element("thead", {}, element("tr", {}, titles)),
      element("tbody", {}, facts.bridge.map(row)),
    ),
  );
}

function show(result) {
  if (saysError(result)) return;
  const answer = facts(result);
  const { summary } = answer;
  const hasBridge = answer.bridge.length === 3 && summary.previous && summary.previous.ccc !== null;
  const missing = answer.missing.map(
    (one) => `${one.component.toUpperCase()} (${one.period}) is missing: ${one.reason}`,
  );
  draw(
    element("h1", {}, "Cash conversion cycle"),
    element("p", { class: "quiet" }, answer.headline),
    tiles(summary),
    answer.months.length > 0 && [
      element("h2", {}, "By month, days"),
      legend([...PARTS.map(([, kind, text]) => [kind, text]), ["line", "CCC"]]),
      monthChart(answer.months),
    ],
    hasBridge && [element("h2", {}, "What moved it, days"), bridgeChart(answer)],
    answer.bridge.length > 0 && bridgeTable(answer),
    remarks(missing, "danger"),
    remarks(answer.warnings, "warning"),
    remarks(answer.notes, "quiet"),
  );
}

host.connect("onecgw cycle", show);
