"use strict";
// A tabular report: a chart of what fits its columns, and a table that sorts.

const WIDTH = 720;
const MOST_BARS = 12;
// Pairs of opposite measures: the second one is drawn in the opposite direction.
const AGAINST = new Map([["inflow", "outflow"], ["receivable", "advance"], ["payable", "advance"]]);
// Measures that must not be added up, for instance those of two warehouses on the same day.
const NEVER_ADDED = new Set(["avg_check", "margin", "customers", "receipts"]);
let order = null;

function text(cell, column) {
  if (cell === null || cell === undefined) return "—";
  const shown = typeof cell === "object" ? cell.label : String(cell);
  return column.name === "month" ? shown.slice(0, 7) : shown;
}

// The decimals of the longest number of a column, so that its decimal points are aligned.
function placesOf(report, index) {
  const values = [...report.rows.map((row) => row[index]), totalOf(report, report.columns[index])];
  const digits = (value) => (String(value ?? "").replace(/0+$/, "").split(".")[1] || "").length;
  return values.map(digits).reduce((one, other) => Math.min(20, Math.max(one, other)), 0);
}

function totalOf(report, column) {
  return Object.hasOwn(report.totals || {}, column.name) ? report.totals[column.name] : null;
}

function columnsOf(report) {
  const columns = report.columns.map((column, index) => ({ ...column, index }));
  return {
    dimensions: columns.filter((column) => column.type !== "number"),
    measures: columns.filter((column) => column.type === "number"),
    time: columns.find((column) => column.type === "date"),
  };
}

// The measures that a chart may show: if days repeat, those that can be added up.
function measuresToDraw(report, { measures, time }) {
  const days = time ? new Set(report.rows.map((row) => text(row[time.index], time))) : null;
  if (!days || days.size === report.rows.length) return measures;
  return measures.filter((column) => !NEVER_ADDED.has(column.name));
}

// [{ name, up, down }]: one per day, week or month, or one per row, largest first. Values as 1C wrote them.
function bars(report, { dimensions, measures, time }, pair) {
  const [up, down] = pair;
  const value = (row, column) => (column ? row[column.index] : null);
  if (!time) {
    const named = report.rows.map((row) => ({
      name: dimensions.map((column) => text(row[column.index], column)).join(" · "),
      up: value(row, up),
      down: value(row, down),
    }));
    const size = (one) => Math.max(Math.abs(one.up), Math.abs(one.down));
    return named.sort((one, other) => size(other) - size(one));
  }
  const days = new Map();
  for (const row of report.rows) {
    const name = text(row[time.index], time);
    const before = days.get(name);
    const [more, less] = [value(row, up), value(row, down)];
    const sum = before ? { up: added(before.up, more), down: added(before.down, less) } : { up: more, down: less };
    days.set(name, { name, ...sum });
  }
  return [...days.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
}

function timeChart(items, pair) {
  const height = 240;
  const [left, right, top, bottom] = [56, WIDTH - 8, 12, height - 26];
  const axis = scale(items.flatMap((item) => [Number(item.up), -item.down]), bottom, top);
  const room = (right - left) / items.length;
  const chart = shape("svg", { viewBox: `0 0 ${WIDTH} ${height}`, role: "img", "aria-label": title(pair) });
  chart.append(...levels(axis, left, right).flat());
  const zero = axis.place(0);
  items.forEach((item, index) => {
    const x = left + room * (index + 0.2);
    for (const [kind, value, column] of [["first", item.up, pair[0]], ["second", item.down, pair[1]]]) {
      if (!column || value === null) continue;
      const y = axis.place(kind === "first" ? Number(value) : -value);
      const tip = `${item.name} ${column.name}: ${number(value, column.places)}`;
      chart.append(bar(kind, x, Math.min(y, zero), room * 0.6, Math.abs(y - zero), tip));
    }
    if (index % Math.ceil(items.length / 10) === 0) {
      chart.append(label(item.name, left + room * (index + 0.5), height - 8));
    }
  });
  return chart;
}

function rankChart(items, pair) {
  const line = 24;
  const height = items.length * line + 8;
  const [left, right] = [250, WIDTH - 64];
  const axis = scale(items.flatMap((item) => [Number(item.up), -item.down]), left, right);
  const chart = shape("svg", { viewBox: `0 0 ${WIDTH} ${height}`, role: "img", "aria-label": title(pair) });
  const zero = axis.place(0);
  items.forEach((item, index) => {
    const y = index * line + 4;
    const name = item.name.length > 34 ? `${item.name.slice(0, 33)}…` : item.name;
    chart.append(label(name, Math.min(zero, left) - 8, y + 14, "end"));
    for (const [kind, value, column] of [["first", item.up, pair[0]], ["second", item.down, pair[1]]]) {
      if (!column || !Number(value)) continue;
      const x = axis.place(kind === "first" ? Number(value) : -value);
      const tip = `${item.name} ${column.name}: ${number(value, column.places)}`;
      chart.append(bar(kind, Math.min(x, zero), y, Math.abs(x - zero), line - 8, tip));
    }
    const shown = Number(item.up) || !pair[1] ? item.up : item.down;
    chart.append(label(compact(shown), Math.max(axis.place(Number(item.up)), zero) + 6, y + 14, "start", "value"));
  });
  chart.append(shape("line", { class: "axis", x1: zero, x2: zero, y1: 0, y2: height }));
  return chart;
}

const title = (pair) => pair.filter(Boolean).map((column) => column.name).join(" and ");

function sorted(report) {
  if (!order) return report.rows;
  const { index, descending, isNumber } = order;
  const key = (row) => text(row[index], report.columns[index]);
  const compare = isNumber
    ? (one, other) => compared(one[index], other[index])
    : (one, other) => key(one).localeCompare(key(other), host.context.locale);
  const rows = [...report.rows].sort(compare);
  return descending ? rows.reverse() : rows;
}

function table(report, redraw) {
  const head = report.columns.map((column, index) => {
    const isNumber = column.type === "number";
    const button = element("button", { type: "button" }, column.name);
    button.addEventListener("click", () => {
      const again = order && order.index === index;
      order = { index, isNumber, descending: again ? !order.descending : isNumber };
      redraw();
    });
    const sort = !order || order.index !== index ? "none" : order.descending ? "descending" : "ascending";
    return element("th", { class: isNumber ? "number" : "", "aria-sort": sort, scope: "col" }, button);
  });
  const places = report.columns.map((column, index) => placesOf(report, index));
  const cell = (value, index) => {
    const column = report.columns[index];
    return column.type === "number"
      ? element("td", { class: "number" }, number(value, places[index]))
      : element("td", {}, text(value, column));
  };
  const row = (cells) => element("tr", {}, cells.map(cell));
  const totals = report.columns.map((column, index) => {
    const total = totalOf(report, column);
    if (column.type === "number") return element("td", { class: "number" }, number(total, places[index]));
    return element("td", {}, index === 0 ? "Total" : "");
  });
  return element(
    "div",
    { class: "scroll" },
    element(
      "table",
      {},
      element("thead", {}, element("tr", {}, head)),
      element("tbody", {}, sorted(report).map(row)),
      element("tfoot", {}, element("tr", {}, totals)),
    ),
  );
}

function show(result) {
  if (saysError(result)) return;
  const report = facts(result);
  const found = columnsOf(report);
  const drawn = measuresToDraw(report, found);
  const up = drawn.find((column) => AGAINST.has(column.name)) || drawn[0];
  const down = up && drawn.find((column) => column.name === AGAINST.get(up.name));
  const pair = [up, down].map((column) => column && { ...column, places: placesOf(report, column.index) });
  const all = up ? bars(report, found, pair) : [];
  const items = found.time ? all : all.slice(0, MOST_BARS);
  const tool = (host.context.toolInfo || {}).tool || {};
  const when = report.period ? `${report.period.from} – ${report.period.to}` : report.date || "";
  draw(
    element("h1", {}, tool.title || "Report"),
    element("p", { class: "quiet" }, [when, `${report.rows.length} rows`].filter(Boolean).join(" · ")),
    items.length > 1 && [
      legend(down ? [["first", up.name], ["second", down.name]] : [["first", up.name]]),
      found.time ? timeChart(items, pair) : rankChart(items, pair),
      items.length < all.length &&
        element("p", { class: "quiet" }, `The chart shows the largest ${items.length} of ${all.length} rows.`),
    ],
    element("h2", {}, "Rows"),
    table(report, () => show(result)),
    remarks(report.notice ? [report.notice] : [], "warning"),
    remarks(report.notes, "quiet"),
  );
}

host.connect("onecgw report", show);
