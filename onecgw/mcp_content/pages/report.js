// A tabular report: a chart of what fits its columns, and a table that sorts.

const MOST_BARS = 12;
// Pairs of opposite measures: the second one is drawn in the opposite direction.
const AGAINST = new Map([["inflow", "outflow"], ["receivable", "advance"], ["payable", "advance"]]);
// Measures that must not be added up, for instance those of two warehouses on the same day.
const NEVER_ADDED = new Set(["avg_check", "margin", "customers", "receipts", "availability_pct", "avg_qty"]);
// Measures that say less than the others beside them.
const DRAWN_LAST = new Set(["days_outstanding", "cover_days", "daily_sales", "profit_before"]);
// Columns that tell of a row what need not stand beside its bar.
const BESIDE = new Set(["class", "currency", "last_sale_month", "oldest_day"]);
let order = null;

// The answer as a table: that of a card, customer_summary, is its list of objects.
function reportOf(answer) {
  if (answer.columns || !answer.top_products) return answer;
  const names = ["amount", "qty", "cost", "profit"].filter((name) =>
    answer.top_products.some((one) => Object.hasOwn(one, name)),
  );
  const columns = names.map((name) => ({ name, type: "number" }));
  const rows = answer.top_products.map((one) => [one, ...names.map((name) => one[name])]);
  return { ...answer, columns: [{ name: "product", type: "ref" }, ...columns], rows, card: true };
}

function text(cell, column) {
  if (cell === null || cell === undefined) return "—";
  if (typeof cell === "object") return cell.label ?? "—";
  if (column.type === "date" || column.name === "last_sale_month") {
    return day(cell, column.name.replace("last_sale_", ""));
  }
  if (column.name === "weekday" && /^[1-7]$/.test(cell)) return `${cell} · ${weekday(Number(cell))}`;
  return column.name === "cohort" ? named("values", cell) : String(cell);
}

function weekday(number) {
  const options = { weekday: "short", timeZone: "UTC" };
  return format(Intl.DateTimeFormat, options).format(new Date(Date.UTC(2024, 0, number)));
}

// What a reader needs beside the label: the code of a product, the parent of a channel.
function aside(cell) {
  if (!cell || typeof cell !== "object") return null;
  const parts = [cell.code, cell.parent].filter(Boolean).map(String);
  return parts.length ? element("span", { class: "unit" }, ` ${parts.join(" · ")}`) : null;
}

// The decimals of the longest number of a column, so that its decimal points are aligned.
function placesOf(report, index) {
  const name = report.columns[index].name;
  const values = [...report.rows.map((row) => row[index]), totalOf(report, name), restOf(report, name)];
  return values.map(digitsAfterPoint).reduce((one, other) => Math.max(one, other), 0);
}

const own = (object, name) => (object && Object.hasOwn(object, name) ? object[name] : null);
const totalOf = (report, name) => (report.card ? null : own(report.totals, name));
const restOf = (report, name) => own(report.rest, name);

function columnsOf(report) {
  const columns = report.columns.map((column, index) => ({ ...column, index }));
  return {
    dimensions: columns.filter((column) => column.type !== "number" && !BESIDE.has(column.name)),
    measures: columns.filter((column) => column.type === "number"),
    time: columns.find((column) => column.type === "date" && !BESIDE.has(column.name) && column.name !== "delivery_date"),
  };
}

// The unit of one figure: that of its row where rows differ.
function unitAt(report, row, column) {
  const measured = kind(column.name);
  if (measured === "percent") return "%";
  if (measured === "points") return word("points");
  const beside = (name) => report.columns.findIndex((one) => one.name === name);
  if (measured === "own") {
    const currency = row[beside("currency")];
    return (currency && currency.label) || currency || "";
  }
  const product = row[beside("product")];
  return measured === "quantity" && product ? product.unit || "" : "";
}

// The measures that a chart may show: in one unit, and where days repeat, those that can be added up.
function measuresToDraw(report, { measures, time }) {
  const days = time ? new Set(report.rows.map((row) => text(row[time.index], time))) : null;
  const repeats = days !== null && days.size !== report.rows.length;
  const fits = (column) => {
    const units = new Set(report.rows.map((row) => unitAt(report, row, column)));
    return units.size <= 1 && !(repeats && NEVER_ADDED.has(base(column.name)));
  };
  const rank = ({ name }) => (name === "change" ? 0 : DRAWN_LAST.has(name) ? 2 : 1);
  return measures.filter(fits).sort((one, other) => rank(one) - rank(other));
}

// [{ name, up, down }]: one per day, week or month, or one per row, largest first. Values as 1C wrote them.
function bars(report, { dimensions, time }, pair) {
  const [up, down] = pair;
  const value = (row, column) => (column ? row[column.index] : null);
  if (!time) {
    const items = report.rows.map((row) => ({
      name: dimensions.map((column) => text(row[column.index], column)).join(" · "),
      unit: unitAt(report, row, up),
      up: value(row, up),
      down: value(row, down),
    }));
    const size = (one) => Math.max(Math.abs(one.up), Math.abs(one.down));
    return items.sort((one, other) => size(other) - size(one));
  }
  const days = new Map();
  for (const row of report.rows) {
    const key = String(row[time.index]);
    const before = days.get(key);
    const [more, less] = [value(row, up), value(row, down)];
    const sum = before ? { up: added(before.up, more), down: added(before.down, less) } : { up: more, down: less };
    days.set(key, { key, name: text(row[time.index], time), unit: unitAt(report, row, up), ...sum });
  }
  return [...days.values()].sort((one, other) => (one.key < other.key ? -1 : 1));
}

const tip = (item, column, value) => `${item.name} ${head(column.name)}: ${figure(value, column.places, item.unit)}`;

function timeChart(items, pair) {
  const height = 240;
  const width = pageWidth();
  const [left, right, top, bottom] = [64, width - 8, 12, height - 26];
  const axis = scale(items.flatMap((item) => [Number(item.up), -item.down]), bottom, top);
  const room = (right - left) / items.length;
  const chart = shape("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": title(pair) });
  chart.append(...levels(axis, left, right).flat());
  const zero = axis.place(0);
  const every = Math.ceil(items.length / ((right - left) / 64));
  items.forEach((item, index) => {
    const x = left + room * (index + 0.2);
    for (const [series, value, column] of [["first", item.up, pair[0]], ["second", item.down, pair[1]]]) {
      if (!column || value === null) continue;
      const y = axis.place(series === "first" ? Number(value) : -value);
      const over = tip(item, column, value);
      chart.append(bar(series, x, Math.min(y, zero), room * 0.6, Math.abs(y - zero), over));
    }
    if (index % every === 0) {
      chart.append(label(item.name, left + room * (index + 0.5), height - 8));
    }
  });
  return chart;
}

function rankChart(items, pair) {
  const line = 24;
  const height = items.length * line + 8;
  const width = pageWidth();
  const [left, right] = [width * 0.36, width - 108];
  const axis = scale(items.flatMap((item) => [Number(item.up), -item.down]), left, right);
  const chart = shape("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": title(pair) });
  const zero = axis.place(0);
  items.forEach((item, index) => {
    const y = index * line + 4;
    chart.append(label(clipped(item.name, left - 8), left - 8, y + 14, "end"));
    for (const [series, value, column] of [["first", item.up, pair[0]], ["second", item.down, pair[1]]]) {
      if (!column || !Number(value)) continue;
      const x = axis.place(series === "first" ? Number(value) : -value);
      const over = tip(item, column, value);
      chart.append(bar(series, Math.min(x, zero), y, Math.abs(x - zero), line - 8, over));
    }
    const [value, column] = Number(item.up) || !pair[1] ? [item.up, pair[0]] : [item.down, pair[1]];
    const x = Math.max(axis.place(Number(item.up)), zero) + 6;
    chart.append(label(short(value, column.places, item.unit), x, y + 14, "start", "value"));
  });
  chart.append(shape("line", { class: "axis", x1: zero, x2: zero, y1: 0, y2: height }));
  return chart;
}

const title = (pair) => pair.filter(Boolean).map((column) => head(column.name)).join(" · ");

function sorted(report) {
  if (!order) return report.rows;
  const { index, descending, isNumber } = order;
  const column = report.columns[index];
  const key = (row) => (column.type === "date" ? String(row[index]) : text(row[index], column));
  const compare = isNumber
    ? (one, other) => compared(one[index], other[index])
    : (one, other) => key(one).localeCompare(key(other), locale());
  const rows = [...report.rows].sort(compare);
  return descending ? rows.reverse() : rows;
}

function table(report, currency, redraw) {
  const places = report.columns.map((column, index) => placesOf(report, index));
  const heads = report.columns.map((column, index) => {
    const isNumber = column.type === "number";
    const button = element("button", { type: "button" }, head(column.name));
    button.addEventListener("click", () => {
      const again = order && order.index === index;
      order = { index, isNumber, descending: again ? !order.descending : isNumber };
      redraw();
      document.querySelectorAll("table.rows thead button")[index].focus();
    });
    const sort = !order || order.index !== index ? "none" : order.descending ? "descending" : "ascending";
    const unit = unitLine(unitOf(column.name, currency));
    return element("th", { class: isNumber ? "number" : "", "aria-sort": sort, scope: "col" }, button, unit);
  });
  const row = (cells) =>
    element("tr", {}, cells.map((value, index) => {
      const column = report.columns[index];
      if (column.type === "number") {
        return element("td", { class: "number" }, figure(value, places[index], unitAt(report, cells, column)));
      }
      const attributes = index === 0 ? { scope: "row" } : {};
      return element(index === 0 ? "th" : "td", attributes, text(value, column), aside(value));
    }));
  const rows = sorted(report).map(row);
  const shown = grid(word("rows"), heads, rows, footRows(report, places));
  shown.querySelector("table").classList.add("rows");
  return shown;
}

// What stands below the rows, and the totals, each with what it is a total of.
function footRows(report, places) {
  const firstMeasure = report.columns.findIndex((column) => column.type === "number");
  const line = (name, valueOf) => {
    const named = element("th", { scope: "row", colspan: Math.max(1, firstMeasure) }, name);
    const values = report.columns.slice(firstMeasure).map((column, index) => {
      if (column.type !== "number") return element("td", {});
      const unit = { percent: "%", points: word("points") }[kind(column.name)];
      const value = valueOf(column.name);
      return element("td", { class: "number" }, value === null ? "—" : figure(value, places[index + firstMeasure], unit));
    });
    return element("tr", {}, named, values);
  };
  if (firstMeasure < 1) return [];
  const lines = [];
  if (report.rest && Number(report.rest.rows)) {
    lines.push(line(word("rest", { count: report.rest.rows }), (name) => restOf(report, name)));
  }
  if (report.totals && !report.card) lines.push(line(totalName(report), (name) => totalOf(report, name)));
  const measures = report.columns.filter((column) => column.type === "number").map(({ name }) => name);
  for (const member of ["totals_by_currency", "totals_by_unit"]) {
    const blank = measures.filter((name) => own(report.totals, name) === null);
    for (const [part, sums] of Object.entries(report[member] || {})) {
      // One measure is written without its name: it is the one whose total is null.
      const sum = (name) => (sums && typeof sums === "object" ? own(sums, name) : name === blank[0] ? sums : null);
      lines.push(line(word("total_of", { part: part || "—" }), sum));
    }
  }
  return lines;
}

function totalName(report) {
  const shown = report.rows.length;
  if (report.rows_total !== undefined) return word("total_all", { count: report.rows_total });
  return report.truncated ? word("total_more") : word("total_shown", { count: shown });
}

function rowsShown(report) {
  const count = report.rows.length;
  if (report.rows_total !== undefined) return word("rows_of", { count, total: report.rows_total });
  return report.truncated ? word("rows_more", { count }) : word("rows_all", { count });
}

// Profit before, the effects, profit now: the totals of margin_bridge.
function profitBridge(report) {
  const { totals } = report;
  const effects = ["price", "unit_cost", "volume", "mix"];
  if (!totals || ![...effects, "profit", "profit_before"].every((name) => decimal(own(totals, name)))) return null;
  let level = Number(totals.profit_before);
  const steps = [[head("profit_before"), "total", 0, level, figure(totals.profit_before)]];
  effects.forEach((name) => {
    const next = level + Number(totals[name]);
    steps.push([head(name), next < level ? "second" : "third", level, next, signed(totals[name])]);
    level = next;
  });
  steps.push([head("profit"), "total", 0, Number(totals.profit), figure(totals.profit)]);
  return [element("h2", {}, word("bridge")), waterfall(steps, word("bridge"), report.currency)];
}

function tiles(values, currency) {
  const tile = ([name, value]) => {
    const unit = kind(name) === "percent" ? "%" : "";
    return element(
      "div",
      { class: "tile" },
      element("span", { class: "quiet" }, head(name), unitLine(unitOf(name, currency))),
      element("b", {}, figure(value, 0, unit)),
    );
  };
  return element("div", { class: "tiles" }, Object.entries(values || {}).map(tile));
}

function bucketTable(report, currency) {
  const names = ["products", "amount", "sold_amount"].filter((name) =>
    Object.values(report.buckets).some((bucket) => Object.hasOwn(bucket, name)),
  );
  const heads = [columnHead(head("bucket"), false), ...names.map((name) => columnHead(head(name), true, unitOf(name, currency)))];
  const places = names.map((name) => Math.max(...Object.values(report.buckets).map((one) => digitsAfterPoint(one[name]))));
  const row = ([bucket, values]) =>
    element("tr", bucket === report.bucket ? { class: "chosen" } : {}, cells([
      named("values", bucket),
      ...names.map((name, index) => figure(values[name], places[index])),
    ]));
  return [element("h2", {}, word("buckets")), grid(word("buckets"), heads, Object.entries(report.buckets).map(row))];
}

// A customer: who it is, and the figures of the period.
function card(report, currency) {
  const about = Object.entries(report.customer || {}).filter(([name]) => name !== "id" && name !== "label");
  return [
    factList([
      ...about.map(([name, value]) => [head(name), plain(value, "code")]),
      [head("last_purchase"), report.last_purchase ? day(report.last_purchase) : ""],
    ]),
    element("h2", {}, word("figures")),
    tiles(report.totals, currency),
    element("h2", {}, word("top_products")),
  ];
}

// Why a side of a comparison is beyond the books: one text, or one for each side.
function outsideBooks({ outside_books: outside }) {
  return outside && typeof outside === "object" ? Object.values(outside) : [outside];
}

// Facts that stand beside the table in some answers.
function further(report, currency) {
  const some = (name) => own(report, name) !== null && Number(report[name]) !== 0;
  return factList([
    [word("appeared"), some("appeared") ? figure(report.appeared) : ""],
    [word("gone"), some("gone") ? figure(report.gone) : ""],
    [head("advances_without_debt"), own(report, "advances_without_debt") === null ? "" : figure(report.advances_without_debt, 0, currency)],
  ]);
}

function show(result) {
  if (saysError(result)) return;
  const report = reportOf(facts(result));
  const currency = report.currency ? String(report.currency.label || report.currency) : "";
  const found = columnsOf(report);
  const drawn = measuresToDraw(report, found);
  const up = drawn.find((column) => AGAINST.has(column.name)) || drawn[0];
  const down = up && drawn.find((column) => column.name === AGAINST.get(up.name));
  const pair = [up, down].map((column) => column && { ...column, places: placesOf(report, column.index) });
  const all = up ? bars(report, found, pair) : [];
  const items = found.time ? all : all.slice(0, MOST_BARS);
  const tool = (host.context.toolInfo || {}).tool || {};
  const heading = tool.name ? named("titles", tool.name) : tool.title || word("report");
  const said = heading === tool.name ? tool.title || word("report") : heading;
  const nulls = found.measures.some(
    ({ name }) => /own|quantity/.test(kind(name)) && report.totals && report.totals[name] === null,
  );
  const series = (column) => [head(column.name), unitOf(column.name, currency)].filter(Boolean).join(", ");
  draw(
    element("h1", {}, [said, report.side && named("values", report.side), own(report.customer, "label")].filter(Boolean).join(": ")),
    context(report),
    remarks([report.notice, ...outsideBooks(report)].filter(Boolean), "warning"),
    report.card && card(report, currency),
    profitBridge(report),
    report.buckets && bucketTable(report, currency),
    items.length > 1 && [
      legend(down ? [["first", series(up)], ["second", series(down)]] : [["first", series(up)]]),
      found.time ? timeChart(items, pair) : rankChart(items, pair),
      items.length < all.length &&
        element("p", { class: "quiet" }, word("chart_part", { count: items.length, total: all.length })),
    ],
    element("h2", {}, [word("rows"), report.bucket && named("values", report.bucket), rowsShown(report)].filter(Boolean).join(" · ")),
    further(report, currency),
    table(report, currency, () => show(result)),
    nulls ? element("p", { class: "quiet" }, word("no_sum")) : null,
    remarks(report.notes, "quiet"),
    report.basis && folded(word("basis"), tree(report.basis)),
    proof(report),
  );
}

host.connect("onecgw report", show);
