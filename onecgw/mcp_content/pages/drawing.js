// Elements, tables and charts that the pages share.

// element("p", { class: "quiet" }, "text", child…); texts are never read as markup.
function element(name, attributes, ...children) {
  return fill(document.createElement(name), attributes, children);
}

function shape(name, attributes, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) node.setAttribute(name, value);
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

function draw(...children) {
  document.documentElement.lang = language();
  document.getElementById("page").replaceChildren(...children.flat().filter(Boolean));
}

function say(text, kind) {
  draw(element("p", { class: kind, role: "status" }, text));
}

function saysError(result) {
  if (!result.isError) return false;
  const texts = (result.content || []).map((block) => block.text).filter(Boolean);
  say(texts.join("\n") || word("failed"), "danger");
  return true;
}

function legend(items) {
  const entry = ([kind, text]) => element("span", {}, element("i", { class: kind }), text);
  return element("div", { class: "legend" }, items.map(entry));
}

function remarks(texts, kind) {
  if (!texts || !texts.length) return null;
  const items = texts.map((text) => element("li", {}, text));
  return element("ul", { class: `remarks ${kind}` }, items);
}

// A linear scale over values, with round ticks: { place(value) → pixel, ticks }.
function scale(values, from, to) {
  const low = Math.min(0, ...values);
  const high = Math.max(0, ...values, low + 1e-9);
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((one) => one * power).find((one) => one >= rough);
  const first = Math.floor(low / step) * step;
  const last = Math.ceil(high / step) * step;
  const ticks = [];
  for (let tick = first; tick <= last + step / 2; tick += step) ticks.push(tick + 0); // no −0
  const place = (value) => from + ((value - first) / (last - first)) * (to - from);
  return { place, ticks };
}

function bar(kind, x, y, width, height, title) {
  const place = { class: kind, x, y, width: Math.max(width, 0.5), height: Math.max(height, 0.5) };
  return shape("rect", { ...place, rx: 2 }, shape("title", {}, title));
}

function label(text, x, y, anchor, kind) {
  return shape("text", { x, y, "text-anchor": anchor || "middle", class: kind || "" }, text);
}

function levels(axis, left, right) {
  return axis.ticks.map((tick) => {
    const y = axis.place(tick);
    const kind = Math.abs(tick) < 1e-9 ? "axis" : "grid";
    const line = shape("line", { class: kind, x1: left, x2: right, y1: y, y2: y });
    return [line, label(compact(tick), left - 6, y + 4, "end")];
  });
}

function pageWidth() {
  const padding = 32; // of the body, in style.css
  return Math.max(280, Math.min(720, document.documentElement.clientWidth - padding));
}

// Steps from one level to another, as [name, kind, from, to, figure]; the unit is for titles.
function waterfall(steps, title, unit) {
  const height = 230;
  const width = pageWidth();
  const [left, right, top, bottom] = [48, width - 8, 20, height - 26];
  const axis = scale(steps.flatMap(([, , from, to]) => [from, to]), bottom, top);
  const chart = shape("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": title });
  chart.append(...levels(axis, left, right).flat());
  const room = (right - left) / steps.length;
  const wide = Math.min(84, room * 0.6);
  steps.forEach(([name, kind, from, to, text], index) => {
    const middle = left + room * (index + 0.5);
    const y = Math.min(axis.place(from), axis.place(to));
    const size = Math.abs(axis.place(from) - axis.place(to));
    chart.append(bar(kind, middle - wide / 2, y, wide, size, `${name}: ${text}${suffix(unit)}`));
    if (index < steps.length - 1) {
      const line = { class: "axis", y1: axis.place(to), y2: axis.place(to), "stroke-dasharray": "3 3" };
      chart.append(shape("line", { ...line, x1: middle + wide / 2, x2: middle + room - wide / 2 }));
    }
    if (text.length * 6 < room) chart.append(label(text, middle, y - 6, "middle", "value"));
    chart.append(label(clipped(name, room), middle, height - 8));
  });
  return chart;
}

// A text cut to a width in pixels; the table has all of it.
function clipped(text, pixels) {
  const most = Math.max(4, Math.floor(pixels / 6.8));
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

// A table that scrolls inside of its frame, also by the keyboard.
// heads: elements th; rows, foot: lists of elements tr; title: of the table, for screen readers.
function grid(title, heads, rows, foot) {
  const attributes = { class: "scroll", tabindex: "0", role: "region", "aria-label": title };
  return element(
    "div",
    attributes,
    element(
      "table",
      {},
      element("caption", {}, title),
      heads.length ? element("thead", {}, element("tr", {}, heads)) : null,
      element("tbody", {}, rows),
      foot && foot.length ? element("tfoot", { class: foot.length > 2 ? "parts" : "" }, foot) : null,
    ),
  );
}

function columnHead(text, isNumber, unit) {
  return element("th", { class: isNumber ? "number" : "", scope: "col" }, text, unitLine(unit));
}

function unitLine(unit) {
  return unit ? element("span", { class: "unit" }, ` ${unit}`) : null;
}

function cells(values) {
  return values.map((value, index) => {
    if (index === 0) return element("th", { scope: "row" }, value);
    return element("td", { class: "number" }, value);
  });
}

// Facts as pairs of a name and a text; those without a text are left out.
function factList(pairs) {
  const shown = pairs.filter(([, text]) => text !== null && text !== undefined && text !== "");
  const items = shown.map(([name, text]) =>
    element("div", {}, element("dt", {}, name), element("dd", {}, text)),
  );
  return items.length ? element("dl", { class: "facts" }, items) : null;
}

function folded(title, ...children) {
  const inside = children.flat().filter(Boolean);
  return inside.length ? element("details", {}, element("summary", {}, title), inside) : null;
}

const isNumeric = (value) => decimal(value) !== null;

function plain(value, name) {
  if (value === null || value === undefined) return "—";
  if (typeof value === "object") return Array.isArray(value) ? value.map((one) => plain(one, name)).join(", ") : value.label || "—";
  if (/^\d{4}-\d\d(-\d\d)?$/.test(String(value))) return day(value);
  return isNumeric(value) && name !== "code" ? figure(value) : named("values", value);
}

// Any value of an answer: objects as lists, lists of like objects as tables.
function tree(value, name) {
  if (Array.isArray(value) && value.length && value.every((one) => one && typeof one === "object")) {
    const names = [...new Set(value.flatMap((one) => Object.keys(one)))];
    const heads = names.map((column) => columnHead(head(column), value.some((one) => isNumeric(one[column]))));
    const rows = value.map((one) =>
      element("tr", {}, names.map((column) =>
        element("td", { class: isNumeric(one[column]) ? "number" : "" }, plain(one[column], column)),
      )),
    );
    return grid(head(name), heads, rows);
  }
  if (!value || typeof value !== "object" || Array.isArray(value)) {
    return element("div", {}, element("b", {}, `${head(name)}: `), plain(value, name));
  }
  if (value.from && value.to) return element("div", {}, element("b", {}, `${head(name)}: `), days(value));
  const inner = Object.entries(value).map(([key, one]) => tree(one, key));
  return name ? element("div", {}, element("b", {}, head(name)), element("div", { class: "inner" }, inner)) : element("div", {}, inner);
}

// What was asked and of when the answer is.
function context(answer) {
  const labels = labelsOf(answer);
  const filters = answer.applied_filters;
  const one = (value) => labels.get(value) || named("values", value);
  const written = (value) => (Array.isArray(value) ? value : [value]).map(one).join(", ");
  // The cycle takes firms as an argument of its own; where 1C confirms them, they are in filters.
  const { firm_ids: firms } = host.arguments;
  const asked = filters && !Object.keys(filters).length && firms ? { firm_ids: firms } : filters;
  const told = asked && Object.entries(asked).map(([name, value]) => [named("filters", name), written(value)]);
  const unknown = answer.card ? "" : word("filters_unknown"); // a card has no filters
  const none = filters ? word("no_filters") : unknown;
  const cycle = answer.basis && answer.basis.period ? answer.basis : {};
  const before = answer.compared_with || answer.previous || cycle.previous_period;
  const currency = answer.currency && (answer.currency.label || answer.currency);
  return factList([
    [word("period"), days(answer.period || cycle.period || "")],
    [word("day"), answer.date ? day(answer.date) : ""],
    [word("compared"), before ? days(before) : ""],
    [word("currency"), currency],
    ...(told && told.length ? told : [[word("filters"), none]]),
    [word("as_of"), answer.as_of ? day(answer.as_of) : ""],
  ]);
}

// The names of the objects in an answer by their ids: 1C confirms filters by ids.
function labelsOf(value, found = new Map()) {
  if (!value || typeof value !== "object") return found;
  if (value.id && value.label) found.set(value.id, value.label);
  for (const inner of Object.values(value)) labelsOf(inner, found);
  return found;
}

// The sums that the answer proves itself by.
function proof(answer) {
  const sums = answer.proof || [];
  const heads = ["what", "sum", "reported", "report"].map((name) =>
    columnHead(word(`proof_${name}`), name === "sum" || name === "reported"),
  );
  const rows = sums.map((one) =>
    element("tr", {}, [
      element("th", { scope: "row" }, one.what),
      element("td", { class: "number" }, figure(one.sum)),
      element("td", { class: "number" }, figure(one.reported)),
      element("td", {}, one.report),
    ]),
  );
  const equal = sums.filter((one) => compared(one.sum, one.reported) === 0);
  const title = word("proof", { count: equal.length });
  return sums.length ? folded(title, grid(title, heads, rows)) : null;
}
