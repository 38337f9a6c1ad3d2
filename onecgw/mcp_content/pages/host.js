"use strict";
// The view's side of MCP Apps (specification 2026-01-26): JSON-RPC over postMessage with the host.

const host = { context: {}, ready: false };

host.connect = async function (appName, show) {
  const waiting = new Map();
  let lastId = 0;
  const send = (message) => window.parent.postMessage({ jsonrpc: "2.0", ...message }, "*");
  const request = (method, params) =>
    new Promise((resolve, reject) => {
      lastId += 1;
      waiting.set(lastId, { resolve, reject });
      send({ id: lastId, method, params });
    });
  let result = null;
  const redraw = () => {
    try {
      if (result) show(result);
    } catch (error) {
      say(`This answer cannot be drawn: ${error.message}`, "danger");
    }
  };
  const listeners = {
    "ui/notifications/tool-result": (params) => {
      result = params;
      redraw();
    },
    "ui/notifications/tool-cancelled": () => say("The call was cancelled.", "quiet"),
    "ui/notifications/host-context-changed": (params) => {
      applyContext(params);
      redraw();
    },
  };
  window.addEventListener("message", (event) => {
    const message = event.data;
    if (event.source !== window.parent || !message || message.jsonrpc !== "2.0") return;
    if (message.method === undefined) {
      const pending = waiting.get(message.id);
      waiting.delete(message.id);
      if (pending) message.error ? pending.reject(message.error) : pending.resolve(message.result);
    } else if (message.id === undefined) {
      const listener = listeners[message.method];
      if (listener) listener(message.params || {});
    } else if (message.method === "ping" || message.method === "ui/resource-teardown") {
      send({ id: message.id, result: {} });
    } else {
      send({ id: message.id, error: { code: -32601, message: "unknown method" } });
    }
  });
  let answer;
  try {
    answer = await request("ui/initialize", {
      protocolVersion: "2026-01-26",
      appInfo: { name: appName, version: "1" },
      appCapabilities: { availableDisplayModes: ["inline", "fullscreen"] },
    });
  } catch (error) {
    say(`The host refused this page: ${(error && error.message) || "no reason given"}`, "danger");
    return;
  }
  applyContext((answer && answer.hostContext) || {});
  send({ method: "ui/notifications/initialized", params: {} });
  // Only the height is sent: the host decides the width.
  const sendSize = () => {
    const height = document.documentElement.offsetHeight;
    send({ method: "ui/notifications/size-changed", params: { height } });
  };
  new ResizeObserver(sendSize).observe(document.documentElement);
  sendSize();
};

// Applies what the host sends: theme, colours, fonts, language.
function applyContext(context) {
  Object.assign(host.context, context);
  const root = document.documentElement;
  if (context.theme) root.dataset.theme = context.theme;
  const variables = (context.styles && context.styles.variables) || {};
  for (const [name, value] of Object.entries(variables)) {
    if (value) root.style.setProperty(name, value);
  }
}

// The result with its numbers as the decimal texts that 1C wrote, if the browser gives the source of
// what it parses; floats are for pixels only. structuredContent, which the host has parsed, is the
// second choice.
function facts(result) {
  const text = (result.content || []).find((block) => block.type === "text");
  const exact = (key, value, context) =>
    typeof value === "number" && context && context.source ? context.source : value;
  let parsed = null;
  try {
    parsed = JSON.parse(text.text, exact);
  } catch {
    parsed = null; // the text is not JSON
  }
  if (!parsed || typeof parsed !== "object") parsed = result.structuredContent;
  if (!parsed) throw new Error("it is not JSON");
  return parsed;
}

// A number as [units, places], meaning units × 10^−places; null = the value is no number.
function decimal(value) {
  const found = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d{1,2}))?$/i.exec(String(value ?? ""));
  if (!found) return null;
  const [, sign, whole, fraction = "", power = "0"] = found;
  const places = fraction.length - Number(power);
  const units = BigInt(sign + whole + fraction) * 10n ** BigInt(Math.max(0, -places));
  return [units, Math.max(0, places)];
}

// Two numbers in the same units; a value that is no number counts as zero.
function aligned(one, other) {
  const [[first, firstPlaces], [second, secondPlaces]] = [one, other].map((value) => decimal(value) || [0n, 0]);
  const places = Math.max(firstPlaces, secondPlaces);
  const units = (value, from) => value * 10n ** BigInt(places - from);
  return [units(first, firstPlaces), units(second, secondPlaces), places];
}

function added(one, other) {
  const [first, second, places] = aligned(one, other);
  const sum = first + second;
  const digits = String(sum < 0n ? -sum : sum).padStart(places + 1, "0");
  const point = digits.length - places;
  return `${sum < 0n ? "-" : ""}${digits.slice(0, point)}${places ? "." : ""}${digits.slice(point)}`;
}

// A value that is no number is sorted before every number.
function compared(one, other) {
  const known = Number(decimal(one) !== null) - Number(decimal(other) !== null);
  const [first, second] = aligned(one, other);
  return known || (first < second ? -1 : Number(first > second));
}

function number(value, places) {
  return written(value, { minimumFractionDigits: places, maximumFractionDigits: places });
}

function written(value, options) {
  if (value === null || value === undefined || value === "") return "—";
  const text = formatter(options).format(value);
  return text.replace("-", Number(value) === 0 ? "" : "−");
}

function formatter(options) {
  try {
    return new Intl.NumberFormat(host.context.locale, options);
  } catch {
    return new Intl.NumberFormat("en", options); // the host named no language that exists
  }
}

const signed = (value, places) => (value > 0 ? "+" : "") + number(value, places);

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
  document.getElementById("page").replaceChildren(...children.flat().filter(Boolean));
}

function say(text, kind) {
  draw(element("p", { class: kind, role: "status" }, text));
}

function saysError(result) {
  if (!result.isError) return false;
  const texts = (result.content || []).map((block) => block.text).filter(Boolean);
  say(texts.join("\n") || "The call failed.", "danger");
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

function compact(value) {
  return written(value, { notation: "compact", maximumFractionDigits: 1 });
}

function levels(axis, left, right) {
  return axis.ticks.map((tick) => {
    const y = axis.place(tick);
    const kind = Math.abs(tick) < 1e-9 ? "axis" : "grid";
    const line = shape("line", { class: kind, x1: left, x2: right, y1: y, y2: y });
    return [line, label(compact(tick), left - 6, y + 4, "end")];
  });
}
