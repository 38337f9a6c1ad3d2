// Words, figures and dates in the language of the page.

// The argument `language` of the call, else the host's locale, else the language of the document.
// Digits are grouped as in the host's locale where it is one of that language, such as `en-GB`.
function chooseLanguage() {
  const tag = String(host.context.locale || "").replace("_", "-");
  const names = [host.arguments.language, tag, host.language].map(
    (one) => String(one || "").toLowerCase().split("-")[0],
  );
  host.chosen = names.find((name) => Object.hasOwn(TEXTS, name)) || "en";
  host.locale = names[1] === host.chosen && isLocale(tag) ? tag : host.chosen;
  formats.clear();
}

function isLocale(tag) {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false; // not in the form of BCP 47
  }
}

const language = () => host.chosen;
const locale = () => host.locale;

// A text of the page; {name} is a value, {count|row|rows} the word for so many.
function word(key, values) {
  return filled(TEXTS[language()][`text.${key}`] || key, values || {});
}

// The text of a column, filter or value; the name itself where there is none.
function named(section, name) {
  const texts = TEXTS[language()];
  const key = `${section}.${name}`;
  return Object.hasOwn(texts, key) ? texts[key] : String(name);
}

function filled(text, values) {
  return text.replace(/\{(\w+)(?:\|([^{}]*))?\}/g, (_, name, forms) =>
    forms === undefined ? values[name] : plural(values[name], forms.split("|")),
  );
}

function plural(count, forms) {
  const place = { one: 0, few: 1, many: 2 }[new Intl.PluralRules(language()).select(Number(count))];
  return forms[place === undefined || place >= forms.length ? forms.length - 1 : place];
}

// Columns that a comparison adds to a measure.
const ADDED = /^(.+)_(before|change_pct|change)$/;

function base(name) {
  const added = ADDED.exec(name);
  return added && !Object.hasOwn(KINDS, name) ? added[1] : name;
}

// What the figures of a column are in: money, own, quantity, percent, points, or undefined.
function kind(name) {
  if (name.endsWith("_change_pct")) return "percent";
  if (/^\d+(-\d+|\+)$/.test(name)) return "money"; // a bucket of debt
  const own = KINDS[base(name)];
  return own === "percent" && name !== base(name) && name.endsWith("_change") ? "points" : own;
}

function head(name) {
  if (/^\d+(-\d+|\+)$/.test(name)) return word("bucket_days", { days: name.replace("-", "–") });
  const added = base(name) === name ? null : ADDED.exec(name);
  return added ? word(`${added[2]}_of`, { column: head(added[1]) }) : named("columns", name);
}

// The unit that a head has for all figures of its column.
function unitOf(name, currency) {
  return kind(name) === "money" ? currency : "";
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

const digitsAfterPoint = (value) => (decimal(value) || [0n, 0])[1];

// All digits of a number as 1C sent them, grouped, with zeros up to `places`. Nothing is rounded.
function figure(value, places, unit) {
  if (value === null || value === undefined || value === "") return "—";
  const read = decimal(value);
  if (!read) return String(value);
  const [units, own] = read;
  const all = Math.max(own, places || 0);
  const digits = String(units < 0n ? -units : units).padStart(own + 1, "0");
  const point = digits.length - own;
  const whole = formatter({ maximumFractionDigits: 0 }).format(BigInt(digits.slice(0, point)));
  const fraction = digits.slice(point).padEnd(all, "0");
  const separator = formatter({}).format(1.5).replace(/\d/g, "");
  const sign = units < 0n ? "−" : "";
  return sign + whole + (all ? separator + fraction : "") + suffix(unit);
}

function suffix(unit) {
  if (!unit) return "";
  return unit === "%" && language() === "en" ? "%" : `\u00a0${unit}`;
}

const signed = (value, places, unit) => (Number(value) > 0 ? "+" : "") + figure(value, places, unit);

// A tick of an axis, which is a round number.
function compact(value) {
  return formatter({ notation: "compact", maximumFractionDigits: 2 }).format(value).replace("-", "−");
}

// A figure beside a bar; one too long for that is shortened and says so.
function short(value, places, unit) {
  const exact = figure(value, places, unit);
  return exact.length <= 18 ? exact : `≈ ${compact(Number(value))}`;
}

// Formats are kept: a report of 5 000 rows writes tens of thousands of figures.
const formats = new Map();

function format(type, options) {
  const key = `${type.name} ${JSON.stringify(options)}`;
  if (!formats.has(key)) formats.set(key, new type(locale(), options));
  return formats.get(key);
}

const formatter = (options) => format(Intl.NumberFormat, options);

// A day, a month or a year, as it is written in the language; another text as it is.
function day(value, unit) {
  const found = /^(\d{4})(?:-(\d\d)(?:-(\d\d))?)?$/.exec(String(value));
  if (!found) return String(value);
  if (unit === "year" || !found[2]) return found[1];
  const isEnglish = language() === "en";
  const options = { timeZone: "UTC", year: "numeric", month: isEnglish ? "short" : "2-digit" };
  if (unit !== "month" && found[3]) options.day = isEnglish ? "numeric" : "2-digit";
  const date = new Date(Date.UTC(Number(found[1]), Number(found[2]) - 1, Number(found[3] || 1)));
  return format(Intl.DateTimeFormat, options).format(date);
}

function days(value) {
  return value && value.from ? word("range", { first: day(value.from), last: day(value.to) }) : day(value);
}
