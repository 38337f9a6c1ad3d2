// cash_conversion_cycle: the months, and the variance bridge from the previous period to this one.

const PARTS = [
  ["dio", "first"],
  ["dso", "second"],
  ["dpo", "third"],
];
const BALANCES = { dio: "stock", dso: "receivable", dpo: "payable" };

function tiles(summary) {
  const names = ["ccc", "dio", "dso", "dpo", "ccc_net", "advance_days_received", "advance_days_paid"];
  const tile = (name) => {
    const change = summary.change ? summary.change[name] : null;
    const moved = change === null || change === undefined ? "" : signed(change, 0, word("days_unit"));
    const before = summary.previous ? `${word("before")} ${figure(summary.previous[name])}` : "";
    const driver = summary.driver === name ? word("driver") : "";
    return element(
      "div",
      { class: name === "ccc" ? "tile main" : "tile" },
      element("span", { class: "quiet" }, head(name)),
      element("b", {}, figure(summary[name])),
      element("span", { class: "quiet" }, [before, moved, driver].filter(Boolean).join(" · ")),
    );
  };
  return element("div", { class: "tiles" }, names.filter((name) => Object.hasOwn(summary, name)).map(tile));
}

function monthChart(months) {
  const height = 260;
  const wide = pageWidth();
  const [left, right, top, bottom] = [44, wide - 8, 14, height - 26];
  const up = months.map((month) => Number(month.dio) + Number(month.dso));
  const down = months.map((month) => -Number(month.dpo));
  const axis = scale([...up, ...down, ...months.map((month) => Number(month.ccc))], bottom, top);
  const room = (right - left) / months.length;
  const width = Math.min(44, room * 0.6);
  const chart = shape("svg", {
    viewBox: `0 0 ${wide} ${height}`,
    role: "img",
    "aria-label": word("by_month"),
  });
  chart.append(...levels(axis, left, right).flat());
  const points = [];
  const labels = [];
  const every = Math.ceil(months.length / ((right - left) / 60));
  months.forEach((month, index) => {
    const middle = left + room * (index + 0.5);
    let above = 0;
    for (const [name, kind] of PARTS) {
      if (month[name] === null) continue;
      const value = Number(month[name]);
      const title = `${day(month.month, "month")} ${name.toUpperCase()}: ${figure(month[name], 0, word("days_unit"))}`;
      const [start, end] = name === "dpo" ? [0, -value] : [above, above + value];
      const [y1, y2] = [axis.place(start), axis.place(end)];
      const [y, size] = [Math.min(y1, y2), Math.abs(y1 - y2)];
      chart.append(bar(kind, middle - width / 2, y, width, size, title));
      if (name !== "dpo") above += value;
    }
    if (month.ccc !== null) points.push([middle, axis.place(Number(month.ccc)), month]);
    if (index % every === 0) labels.push(label(day(month.month, "month"), middle, height - 8));
  });
  const path = points.map(([x, y]) => `${x},${y}`).join(" ");
  chart.append(shape("polyline", { class: "line", points: path }));
  for (const [x, y, month] of points) {
    const title = shape("title", {}, `${day(month.month, "month")} CCC: ${figure(month.ccc, 0, word("days_unit"))}`);
    chart.append(shape("circle", { class: "dot", cx: x, cy: y, r: 4 }, title));
    if (room >= 36) chart.append(label(figure(month.ccc), x, y - 9, "middle", "value over"));
  }
  chart.append(...labels);
  return chart;
}

function bridgeChart({ summary, bridge }) {
  const kinds = Object.fromEntries(PARTS);
  let level = Number(summary.previous.ccc);
  const steps = [[word("before"), "total", 0, level, figure(summary.previous.ccc)]];
  for (const { component, contribution } of bridge) {
    const name = component === "dpo" ? "−DPO" : component.toUpperCase();
    steps.push([name, kinds[component], level, level + Number(contribution), signed(contribution)]);
    level += Number(contribution);
  }
  steps.push([word("now"), "total", 0, Number(summary.ccc), figure(summary.ccc)]);
  return waterfall(steps, word("moved"), word("days_unit"));
}

function bridgeTable({ bridge }) {
  const names = ["balance_effect", "flow_effect", "change", "contribution"];
  const heads = [columnHead(head("component"), false), ...names.map((name) => columnHead(head(name), true, word("days_unit")))];
  const row = (step) =>
    element("tr", {}, cells([head(step.component), ...names.map((name) => signed(step[name], 1))]));
  return grid(word("moved"), heads, bridge.map(row));
}

// Balances before and now, and what their change comes from.
function capitalTable(capital, currency) {
  const names = ["before", "now", "change", "days_effect", "volume_effect"];
  const heads = [columnHead("", false), ...names.map((name) => columnHead(head(name), true, currency))];
  const written = (name) => (name === "before" || name === "now" ? figure : signed);
  const row = (balance) =>
    element("tr", {}, cells([head(balance), ...names.map((name) => written(name)(capital[balance][name], 2))]));
  const total = Object.hasOwn(capital, "total") ? [row("total")] : [];
  const rows = Object.keys(capital).filter((name) => name !== "total" && capital[name]).map(row);
  return [element("h2", {}, word("capital")), grid(word("capital"), heads, rows, total)];
}

// The largest changes of one balance, the rest and the total.
function whereTable(where, balance, currency) {
  const found = where[balance];
  const title = word("where", { balance: head(balance) });
  if (!found || !found.rows) return found ? [element("h2", {}, title), tree(found)] : null;
  const dates = where.dates || {};
  const heads = where.columns.map((name, index) =>
    columnHead(index === 0 ? head(found.by) : dates[name] ? day(dates[name]) : head(name), index > 0, index > 0 ? currency : ""),
  );
  const line = (name, values) =>
    element("tr", {}, cells([name, ...values.map((value, index) => (index === 2 ? signed : figure)(value, 2))]));
  const foot = [];
  if (found.rest && Number(found.rest[0])) foot.push(line(word("rest", { count: found.rest[0] }), found.rest.slice(1)));
  if (found.total) foot.push(line(word("total_all", { count: found.total[0] }), found.total.slice(1)));
  const rows = found.rows.map(([name, ...values]) => line(plain(name, "code"), values));
  return [element("h2", {}, title), grid(title, heads, rows, foot)];
}

function show(result) {
  if (saysError(result)) return;
  const answer = facts(result);
  const { summary, where, working_capital: capital } = answer;
  const currency = answer.currency ? String(answer.currency.label || answer.currency) : "";
  const hasBridge = answer.bridge.length === 3 && summary.previous && summary.previous.ccc !== null;
  const missing = answer.missing.map((one) =>
    word("missing", { component: one.component.toUpperCase(), period: named("values", one.period), reason: one.reason }),
  );
  draw(
    element("h1", {}, named("titles", "cash_conversion_cycle")),
    context(answer),
    element("p", {}, answer.headline),
    remarks(missing, "danger"),
    remarks(answer.warnings, "warning"),
    tiles(summary),
    answer.months.length > 0 && [
      element("h2", {}, word("by_month")),
      legend([...PARTS.map(([name, kind]) => [kind, word(name)]), ["line", "CCC"]]),
      monthChart(answer.months),
    ],
    hasBridge && [element("h2", {}, word("moved")), bridgeChart(answer)],
    answer.bridge.length > 0 && bridgeTable(answer),
    capital && capitalTable(capital, currency),
    where && Object.values(BALANCES).map((balance) => whereTable(where, balance, currency)).flat(),
    answer.months.length > 0 && folded(word("months"), tree(answer.months, "month")),
    remarks(answer.notes, "quiet"),
    answer.basis && folded(word("basis"), tree(answer.basis)),
    proof(answer),
  );
}

host.connect("onecgw cycle", show);
