// The view's side of MCP Apps (specification 2026-01-26): JSON-RPC over postMessage with the host.

const host = { context: {}, arguments: {}, language: document.documentElement.lang };

host.connect = async function (appName, show) {
  chooseLanguage();
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
      say(word("cannot_draw", { reason: error.message }), "danger");
    }
  };
  const listeners = {
    "ui/notifications/tool-input": (params) => {
      host.arguments = params.arguments || {};
      chooseLanguage();
      redraw();
    },
    "ui/notifications/tool-result": (params) => {
      result = params;
      redraw();
    },
    "ui/notifications/tool-cancelled": () => say(word("cancelled"), "quiet"),
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
    say(word("refused", { reason: (error && error.message) || word("no_reason") }), "danger");
    return;
  }
  applyContext((answer && answer.hostContext) || {});
  send({ method: "ui/notifications/initialized", params: {} });
  // Only the height is sent: the host decides the width.
  const sendSize = () => {
    const height = document.documentElement.offsetHeight;
    send({ method: "ui/notifications/size-changed", params: { height } });
  };
  let width = pageWidth();
  new ResizeObserver(() => {
    sendSize();
    if (pageWidth() === width) return;
    width = pageWidth(); // charts are drawn for a width, so that their letters keep their size
    redraw();
  }).observe(document.documentElement);
  sendSize();
};

// Applies what the host sends: theme, colours, fonts, language.
function applyContext(context) {
  Object.assign(host.context, context);
  chooseLanguage();
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
  if (!parsed) throw new Error(word("not_json"));
  return parsed;
}
