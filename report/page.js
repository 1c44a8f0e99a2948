// Draws the charts, and follows what the reader chooses. The page is complete without it, for its
// first period: report/totals.py, figures.py and story.py work out the same numbers in Python.
(() => {
"use strict";

const data = JSON.parse(document.getElementById("data").textContent);
const { accounts, tables, missing, rules, span } = data;
const NOTHING = "–";
const DAY = 86400000;
const SHORT = new Intl.DateTimeFormat("en-US", { timeZone: "UTC", year: "numeric", month: "short", day: "numeric" });
const MONTH = new Intl.DateTimeFormat("en-US", { timeZone: "UTC", year: "numeric", month: "short" });
const COUNT = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const byId = (id) => document.getElementById(id);

// Words, as in report/words.py.

const decimals = (rate) => (rate === 0 || Math.abs(rate) >= 0.01 ? 1 : 2);
const sign = (value) => (value > 0 ? "+" : value < 0 ? "−" : "±");
const words = {
  count: (value) => COUNT.format(value),
  rate: (value) => `${(value * 100).toFixed(decimals(value))}%`,
  minutes(value) {
    if (value < 120) return `${value.toFixed(0)} min`;
    return value < 2880 ? `${(value / 60).toFixed(1)} h` : `${(value / 1440).toFixed(1)} days`;
  },
  day: (value) => SHORT.format(value * DAY),
  time: (value) => `${SHORT.format(new Date(`${value}Z`))}, ${value.slice(11, 16)} UTC`,
  text: (value) => String(value),
};
const worded = (value, unit) => (value === null || value === undefined ? NOTHING : words[unit](value));
const age = (hours) => (hours < 48 ? `${hours} hours` : `${words.count(Math.floor(hours / 24))} days`);
const points = (value) => `${sign(value)}${(Math.abs(value) * 100).toFixed(decimals(value))} points`;
const changed = (now, before) => (now > rules.tooManyTimes * before
  ? "More than ten times as many"
  : `${sign(now - before)}${((Math.abs(now - before) / before) * 100).toFixed(0)}%`);
const isBlank = (text) => !text || !text.trim();
const nameOf = (table, row) => [table.name[row], table.subject?.[row]].find((text) => !isBlank(text)) ?? rules.withoutAName;
const shortened = (text) => ([...text].length > rules.mostLetters ? `${[...text].slice(0, rules.mostLetters - 1).join("")}…` : text);
const iso = (day) => new Date(day * DAY).toISOString().slice(0, 10);
const dayOf = (text) => (text ? Math.round(Date.parse(`${text}T00:00:00Z`) / DAY) : NaN);

// Which rows, and what they add up to: report/totals.py.

const length = (table) => table.account.length;
const daysOf = (choice) => choice.last - choice.first + 1;
const before = (choice) => ({ ...choice, first: choice.first - daysOf(choice), last: choice.first - 1 });

function total(number, table, rows) {
  const values = table[number.of];
  if (!number.over) return { of: rows.reduce((sum, row) => sum + (values[row] || 0), 0), over: null };
  const bases = table[number.over];
  let of = 0;
  let over = 0;
  for (const row of rows) {
    if (bases[row] !== null) {
      of += values[row] || 0;
      over += bases[row];
    }
  }
  return { of, over };
}

const valueOf = ({ of, over }) => (over === null ? of : over ? of / over : null);

function chosen(table, choice, follows = "period types") {
  const { account, day, type } = table;
  const period = follows.includes("period") && day;
  const types = follows.includes("types") && type && choice.types;
  const rows = [];
  for (let row = 0; row < account.length; row += 1) {
    if (choice.account !== null && account[row] !== choice.account) continue;
    if (period && (day[row] === null || day[row] < choice.first || day[row] > choice.last)) continue;
    if (types && !types.has(type[row])) continue;
    rows.push(row);
  }
  return rows;
}

function hasBefore(choice) {
  const first = (table) => {
    let least = Infinity;
    for (const row of chosen(table, { account: choice.account }, "")) {
      if (table.day[row] !== null && table.day[row] < least) least = table.day[row];
    }
    return least;
  };
  const sent = first(tables.messages);
  const known = sent === Infinity ? first(tables.days) : sent;
  return known <= before(choice).first;
}

// The sentences at the top: report/story.py.

function sizeOfChange(now, then) {
  if (now.over === null || then.over === null) {
    if (!then.of) return null;
    const size = Math.abs(now.of - then.of) / then.of;
    return size >= rules.leastChange ? size : null;
  }
  if (!now.over || !then.over) return null;
  const pooled = (now.of + then.of) / (now.over + then.over);
  const error = Math.sqrt(Math.max(0, pooled * (1 - pooled)) * (1 / now.over + 1 / then.over));
  const difference = now.of / now.over - then.of / then.over;
  if (!error || Math.abs(difference) / error < rules.beyondChance) return null;
  return then.of ? Math.abs(difference) / (then.of / then.over) : Infinity;
}

function story(choice) {
  const rows = chosen(tables.messages, choice);
  if (!rows.length) return [emptiness(choice)];
  return [change(choice, rows), best(rows), alarm(choice, rows)].filter(Boolean);
}

function emptiness(choice) {
  if (missing.messages) return { kind: "empty", before: `Nothing is known about messages: ${missing.messages} is missing.` };
  if (!length(tables.messages)) return { kind: "empty", before: "No message has gone out from this account so far." };
  if (tables.messages.day.every((day) => day === null)) return { kind: "empty", before: "No message has a date, so that none belongs to a period." };
  const [from, to] = [choice.first, choice.last].map(words.day);
  return { kind: "empty", before: `No message of these types went out from ${from} to ${to}.` };
}

function change(choice, rows) {
  const { messages } = tables;
  const now = Object.fromEntries(data.tiles.map((tile) => [tile.name, total(tile, messages, rows)]));
  const opened = valueOf(now.open_rate);
  const volume = `${words.count(now.sent.of)} e-mails went out in ${words.count(rows.length)} ${rows.length === 1 ? "message" : "messages"}`;
  const earlier = chosen(messages, before(choice));
  if (!hasBefore(choice) || !earlier.length) {
    if (opened === null) return { kind: "volume", before: `${volume}.` };
    return { kind: "volume", before: `${volume}; ${words.rate(opened)} of the delivered were opened.` };
  }
  let largest = null;
  for (const tile of data.tiles) {
    if (!rules.changes.includes(tile.name)) continue;
    const then = total(tile, messages, earlier);
    const size = sizeOfChange(now[tile.name], then);
    if (size !== null && (largest === null || size > largest.size)) largest = { size, tile, then };
  }
  const days = daysOf(choice) === 1 ? "day before" : `${words.count(daysOf(choice))} days before`;
  const mail = mailOf(now.sent, total(data.tiles[0], messages, earlier));
  if (!largest && mail) {
    return { kind: "change", before: `Against the ${days}, ${mail}; no rate changed by more than chance.` };
  }
  if (!largest) {
    return {
      kind: "steady",
      before: `Nothing changed by more than chance against the ${days}: ${volume}, with an open rate of ${worded(opened, "rate")} and a click rate of ${worded(valueOf(now.click_rate), "rate")}.`,
    };
  }
  const { tile } = largest;
  const value = valueOf(now[tile.name]) || 0;
  const old = valueOf(largest.then) || 0;
  let text = `The biggest change against the ${days}: the ${tile.label.toLowerCase()} ${value > old ? "rose" : "fell"} from ${worded(old, tile.unit)} to ${worded(value, tile.unit)}${mail ? `, while ${mail}` : ""}.`;
  const isRecent = rows.some((row) => messages.day[row] > span[1] - rules.stillOpening);
  if ((tile.color === "opens" || tile.color === "clicks") && value < old && isRecent) {
    text += " Mail of the last days is still being opened, so part of this will pass.";
  }
  return { kind: "change", before: text };
}

// How much more or less mail went out; empty if about as much did.
function mailOf(now, then) {
  if (sizeOfChange(now, then) === null) return "";
  if (now.of > rules.tooManyTimes * then.of) return "more than ten times as many e-mails went out";
  return `${((Math.abs(now.of - then.of) / then.of) * 100).toFixed(0)}% ${now.of > then.of ? "more" : "fewer"} e-mails went out`;
}

// The lower end of the 95% interval of a share (Wilson's): a few lucky clicks do not win.
function least(happened, of) {
  const share = Math.min(1, Math.max(0, happened / of));
  const squared = rules.confidence ** 2;
  const margin = rules.confidence * Math.sqrt((share * (1 - share)) / of + squared / (4 * of * of));
  return (share + squared / (2 * of) - margin) / (1 + squared / of);
}

function best(rows) {
  const { messages } = tables;
  const delivered = rows.filter((row) => messages.delivered[row] > 0);
  for (const [column, verb, other] of [["clicked", "clicked", "opened"], ["opened", "opened", "clicked"]]) {
    const values = messages[column];
    if (!delivered.some((row) => values[row])) continue;
    let top = null;
    let most = -1;
    for (const row of delivered) {
      const one = least(values[row] || 0, messages.delivered[row]);
      if (one > most) [top, most] = [row, one];
    }
    const name = shortened(nameOf(messages, top));
    const count = messages.delivered[top];
    const share = words.rate((values[top] || 0) / count);
    if (delivered.length === 1) {
      const second = words.rate((messages[other][top] || 0) / count);
      return { kind: "best", before: "The only message, ", name, after: `, was ${verb} by ${share} and ${other} by ${second} of its ${words.count(count)} recipients.` };
    }
    const everybody = words.rate(valueOf(total({ of: column, over: "delivered" }, messages, delivered)));
    return {
      kind: "best",
      before: "The best message, of those with enough recipients to tell, was ",
      name,
      after: ` of ${words.day(messages.day[top])}: ${share} of its ${words.count(count)} recipients ${verb}, against ${everybody} over all messages.`,
    };
  }
  return null;
}

function troubles([bounces, sent, complaints, delivered], whose, name) {
  return [[bounces, sent, rules.mostBounces, "bounced"], [complaints, delivered, rules.mostComplaints, "was complained about"]]
    .filter(([happened, of, most]) => of >= rules.enoughSent && happened / of > most)
    .map(([happened, of, most, verb]) => ({
      excess: happened / of / most,
      whose,
      name,
      text: `${words.rate(happened / of)} ${verb}; the alarm is at ${words.rate(most)}.`,
    }));
}

function alarm(choice, rows) {
  const tile = (name) => data.tiles.find((one) => one.name === name);
  const { domains, messages } = tables;
  const bounced = total(tile("bounce_rate"), messages, rows);
  const complained = total(tile("complaint_rate"), messages, rows);
  if (!bounced.over || bounced.over < rules.enoughSent) return null;
  let section = "Deliverability";
  const found = troubles([bounced.of, bounced.over, complained.of, complained.over], "all mail", "");
  const counts = (table, row) => ["bounced", "sent", "complained", "delivered"].map((column) => table[column][row] || 0);
  const sums = new Map();
  for (const row of chosen(domains, choice)) {
    const domain = domains.domain[row];
    if (!domain) continue;
    const sum = sums.get(domain) ?? [0, 0, 0, 0];
    sums.set(domain, counts(domains, row).map((count, n) => sum[n] + count));
  }
  for (const [domain, sum] of sums) found.push(...troubles(sum, "the mail to ", domain));
  if (!found.length) {
    // A message to a bad list drowns in the mail of a month.
    section = "Messages";
    for (const row of rows) found.push(...troubles(counts(messages, row), "the message ", shortened(nameOf(messages, row))));
  }
  if (!found.length) {
    return {
      kind: "calm",
      before: `No deliverability alarm: ${words.rate(valueOf(bounced) || 0)} bounced and ${words.rate(valueOf(complained) || 0)} complained; the alarms are at ${words.rate(rules.mostBounces)} and ${words.rate(rules.mostComplaints)}.`,
    };
  }
  const worst = found.reduce((one, other) => (other.excess > one.excess ? other : one));
  const more = found.length - 1;
  const end = more === 0 ? "" : more === 1 ? ` One more alarm is under ${section}.` : ` ${more} more alarms are under ${section}.`;
  const text = `Deliverability alarm: of ${worst.whose}`;
  if (!worst.name) return { kind: "alarm", before: `${text}, ${worst.text}${end}` };
  return { kind: "alarm", before: text, name: worst.name, after: `, ${worst.text}${end}` };
}

// The rows of a chart: report/figures.py.

const unitOfTime = (days) => (days <= rules.longestByDay ? "day" : days <= rules.longestByWeek ? "week" : "month");

function bucket(day, unit) {
  if (unit === "week") return day - ((day + 3) % 7);
  return unit === "month" ? day - new Date(day * DAY).getUTCDate() + 1 : day;
}

function endOf(day, unit) {
  if (unit === "day") return day + 1;
  if (unit === "week") return day + 7;
  const date = new Date(day * DAY);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1) / DAY;
}

function periodOf(figure, choice) {
  return figure.follows.includes("period") ? choice : { ...choice, first: span[0], last: span[1] };
}

function rowsOf(figure, choice) {
  const table = tables[figure.table];
  const unit = unitOfTime(daysOf(periodOf(figure, choice)));
  const groups = new Map();
  for (const row of chosen(table, choice, figure.follows)) {
    let isDated = true;
    const key = figure.by.map((column) => {
      if (column === "row") return row;
      if (column !== "bucket") return table[column][row];
      isDated = table.day[row] !== null;
      return isDated ? bucket(table.day[row], unit) : null;
    });
    if (!isDated) continue;
    const name = JSON.stringify(key);
    if (!groups.has(name)) groups.set(name, { key, rows: [] });
    groups.get(name).rows.push(row);
  }
  const everything = [...groups.values()].flatMap((group) => group.rows);
  const made = [...groups.values()].map((group) => {
    const one = { rows: group.rows };
    figure.by.forEach((column, n) => { one[column] = group.key[n]; });
    for (const number of figure.numbers) {
      if (number.over === "*") {
        const whole = total({ of: number.of }, table, everything).of;
        one[number.name] = whole ? total({ of: number.of }, table, group.rows).of / whole : null;
      } else {
        one[number.name] = valueOf(total(number, table, group.rows));
      }
    }
    return one;
  });
  return ordered(figure, made);
}

function ordered(figure, made) {
  if (figure.most) {
    const first = figure.largest || figure.numbers[0].name;
    return made.sort((one, other) => (other[first] || 0) - (one[first] || 0)).slice(0, figure.most);
  }
  const order = new Map(figure.labels.map(([value], n) => [value, n]));
  const last = figure.by[figure.by.length - 1];
  const place = (column, value) => (column === last && order.size ? order.get(value) ?? order.size : value);
  return made.sort((one, other) => {
    for (const column of figure.by) {
      const [a, b] = [place(column, one[column]), place(column, other[column])];
      if (a !== b) return b === null || (a !== null && a < b) ? -1 : 1;
    }
    return 0;
  });
}

function labelOf(figure, column, value, unit) {
  if (column === "row") return nameOf(tables[figure.table], value);
  if (column === "cohort" || (column === "bucket" && unit === "month")) return MONTH.format(value * DAY);
  if (column === "bucket") return unit === "week" ? `Week of ${words.day(value)}` : words.day(value);
  const known = figure.labels.find(([one]) => one === value);
  if (known) return known[1];
  if (!isBlank(value === null ? "" : String(value))) return String(value);
  return column === "name" ? rules.withoutAName : "(none)";
}

// The page.

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

// Names may be in any script, and are never read as HTML.
const named = (text, detail, isShort = false) => {
  const cell = element("td", { className: isShort ? "nowrap" : "" }, element("bdi", { className: "name", textContent: text, title: text.length > rules.mostLetters ? text : "" }));
  if (detail) cell.append(element("bdi", { className: "detail", textContent: detail }));
  return cell;
};
const numeral = (text) => element("td", { className: "number", textContent: text });

const state = { period: data.first.period, choice: null, search: "", sort: { column: "day", down: true }, shown: rules.firstRows };

function initial() {
  return { first: data.first.from, last: data.first.to, types: null, account: null };
}

function showStory() {
  const { choice } = state;
  if (!data.isEmpty) byId("shown").textContent = `${words.day(choice.first)} to ${words.day(choice.last)}`;
  byId("story").replaceChildren(...story(choice).map((sentence) => {
    const item = element("li", {}, sentence.before);
    item.dataset.kind = sentence.kind;
    if (sentence.name) item.append(element("bdi", { textContent: sentence.name }));
    if (sentence.after) item.append(sentence.after);
    return item;
  }));
}

function compared(tile, now, then) {
  const [value, old] = [valueOf(now), valueOf(then)];
  if (old === null || (tile.unit === "count" && !old)) return ["Nothing in the period before", "none"];
  const words_ = `${worded(old, tile.unit)} before`;
  if (value === null) return [words_, "none"];
  if (value === old) return [`Unchanged, ${words_}`, "same"];
  const moved = tile.unit === "rate" ? points(value - old) : changed(value, old);
  if (!tile.better || sizeOfChange(now, then) === null) return [`${moved}, ${words_}`, "same"];
  const verdict = value > old === (tile.better === "up") ? "better" : "worse";
  return [`${moved} (${verdict}), ${words_}`, verdict];
}

function showTiles() {
  const { messages } = tables;
  const rows = chosen(messages, state.choice);
  const earlier = hasBefore(state.choice) ? chosen(messages, before(state.choice)) : null;
  for (const tile of data.tiles) {
    const shown = document.querySelector(`[data-tile="${tile.name}"]`);
    const now = total(tile, messages, rows);
    const value = valueOf(now);
    shown.dataset.value = value === null ? "" : String(value);
    shown.querySelector(".value").textContent = worded(value, tile.unit);
    const [text, verdict] = earlier
      ? compared(tile, now, total(tile, messages, earlier))
      : ["No full period before to compare with", "none"];
    const line = shown.querySelector(".compared");
    line.textContent = text;
    line.dataset.verdict = verdict;
  }
}

const views = new Map();
const CONFIG = {
  background: null,
  font: "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif",
  view: { stroke: null },
  axis: {
    labelColor: "var(--muted)", titleColor: "var(--muted)", titleFontWeight: 500, titlePadding: 8, labelFontSize: 12,
    titleFontSize: 12, gridColor: "var(--line)", domainColor: "var(--line)", tickColor: "var(--line)", labelPadding: 6,
    labelOverlap: true, labelSeparation: 8,
  },
  legend: { columns: window.innerWidth < 700 ? 1 : undefined, labelColor: "var(--ink)", labelFontSize: 12, symbolType: "square", offset: 8, labelLimit: 260 },
  aria: false,
};

// Days without a row are drawn, too: their counts are 0, and their rates are not known.
function withAllDays(figure, period, unit, made) {
  if (figure.by.length > 1 || figure.by[0] !== "bucket") return made;
  const known = new Map(made.map((row) => [row.bucket, row]));
  const all = [];
  for (let day = bucket(period.first, unit); day <= period.last; day = endOf(day, unit)) {
    const nothing = () => Object.fromEntries(figure.numbers.map((one) => [one.name, one.unit === "rate" ? null : 0]));
    all.push(known.get(day) ?? { bucket: day, ...nothing() });
  }
  return all;
}

function drawn(figure, choice, made) {
  const period = periodOf(figure, choice);
  const unit = unitOfTime(daysOf(period));
  return withAllDays(figure, period, unit, made).map(({ rows: _, ...row }) => {
    const one = { ...row, label: labelOf(figure, figure.by[0], row[figure.by[0]], unit) };
    if (figure.by[1]) one.kind = labelOf(figure, figure.by[1], row[figure.by[1]], unit);
    if ("bucket" in row) {
      one.time = row.bucket * DAY;
      one.end = endOf(row.bucket, unit) * DAY;
    }
    return one;
  });
}

// The height of a chart with a bar per row, which Vega-Lite gives as that of a bar.
function heightOf(spec, values) {
  if (typeof spec.height === "number") return spec.height;
  const bars = new Set(values.map((row) => row.label)).size;
  return Math.max(2, bars) * spec.height.step;
}

async function showFigure(figure) {
  const { choice } = state;
  const shown = document.querySelector(`figure[data-chart="${figure.name}"]`);
  const made = rowsOf(figure, choice);
  const chart = shown.querySelector(".chart");
  chart.hidden = !made.length;
  shown.querySelector(".numbers").hidden = !made.length;
  const empty = shown.querySelector(".empty");
  empty.hidden = made.length > 0;
  if (!missing[figure.table] && !made.length) {
    empty.textContent = length(tables[figure.table]) ? "Nothing in this period." : figure.nothing;
  }
  showNumbers(figure, shown, made);
  const values = made.length ? drawn(figure, choice, made) : [];
  const before_ = views.get(figure.name);
  const text = JSON.stringify(values);
  if (!made.length || before_?.text === text) return;
  if (before_) {
    before_.text = text;
    const view = await before_.view;
    await view.height(heightOf(figure.spec, values)).data("rows", values).resize().runAsync();
    return;
  }
  const spec = { ...structuredClone(figure.spec), height: heightOf(figure.spec, values), datasets: { ...figure.spec.datasets, rows: values } };
  const view = vegaEmbed(chart, spec, { actions: false, renderer: "svg", config: CONFIG }).then((made_) => made_.view);
  views.set(figure.name, { view, text });
  await view;
  // The text beside role=img stands for all of it; Vega gives the brush a role without a name.
  chart.querySelector("svg").setAttribute("aria-hidden", "true");
}

function showNumbers(figure, shown, made) {
  const unit = unitOfTime(daysOf(periodOf(figure, state.choice)));
  const body = shown.querySelector(".numbers tbody");
  const most = rules.mostInTable;
  const isTrend = figure.by.includes("bucket");
  const leftOut = shown.querySelector(".left-out");
  leftOut.hidden = made.length <= most;
  leftOut.textContent = made.length <= most ? "" : `The ${isTrend ? "latest" : "first"} ${most} of ${words.count(made.length)} rows.`;
  body.replaceChildren(...(isTrend ? made.slice(-most) : made.slice(0, most)).map((row) => element("tr", {},
    ...figure.by.map((column) => named(labelOf(figure, column, row[column], unit))),
    ...figure.numbers.map((number) => numeral(worded(row[number.name], number.unit))),
  )));
}

// The chart of all days shows the period as its brush, and takes it from there.
async function showBrush() {
  const view = await views.get("sends")?.view;
  if (!view) return;
  const { first, last } = state.choice;
  const place = view.scale("x");
  const [left, right] = place.range();
  const within = (x) => Math.min(right, Math.max(left, x));
  await view.signal("brush_x", [within(place(first * DAY)), within(place((last + 1) * DAY))]).runAsync();
}

function followBrush() {
  const chart = document.querySelector('figure[data-chart="sends"] .chart');
  let isBrushing = false;
  chart.addEventListener("pointerdown", () => { isBrushing = true; });
  window.addEventListener("pointerup", () => {
    if (!isBrushing) return;
    isBrushing = false;
    setTimeout(takeBrush, 60); // Vega follows the pointer a little later.
  });
  let waiting;
  window.addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(showBrush, 150);
  });
}

async function takeBrush() {
  const times = (await views.get("sends").view).signal("brush").time;
  if (!times || times[1] - times[0] < DAY / 2) {
    await showBrush();
    return;
  }
  const first = Math.max(span[0], Math.round(times[0] / DAY));
  const last = Math.min(span[1], Math.max(first, Math.round(times[1] / DAY) - 1));
  await choose({ ...state.choice, first, last }, "custom");
}

// The table of messages.

function cellOf(column, table, row) {
  if (column.of) {
    const value = !column.over && table[column.of][row] === null ? null : valueOf(total(column, table, [row]));
    return { value, text: worded(value, column.unit), isNumber: true };
  }
  if (column.name === "name") {
    const text = nameOf(table, row);
    return { value: text, text };
  }
  const value = table[column.name][row];
  if (column.name === "type") return { value, text: data.types[value] || value || NOTHING };
  return { value, text: worded(value, column.unit) };
}

// The subject, unless it is shown as the name.
const detailOf = (table, row) => (isBlank(table.name[row]) || isBlank(table.subject[row]) ? "" : table.subject[row]);

// Without accents, so that "istanbul" finds it with the Turkish letter, too.
const folded = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

function matching() {
  const { messages } = tables;
  let rows = chosen(messages, state.choice);
  if (state.search) {
    rows = rows.filter((row) => [messages.name[row], messages.subject[row]]
      .some((text) => text && folded(text).includes(state.search)));
  }
  const column = data.messages.find((one) => one.name === state.sort.column);
  const keys = new Map(rows.map((row) => [row, cellOf(column, messages, row).value]));
  const way = state.sort.down ? -1 : 1;
  return rows.sort((one, other) => {
    const [a, b] = [keys.get(one), keys.get(other)];
    if (a === b) return one - other;
    if (a === null) return 1;
    if (b === null) return -1;
    return (typeof a === "string" ? a.localeCompare(b, "en", { numeric: true }) : a - b) * way || one - other;
  });
}

function showMessages() {
  const { messages } = tables;
  const rows = matching();
  const shown = rows.slice(0, state.shown);
  const table = byId("messages-table");
  table.tBodies[0].replaceChildren(...shown.map((row) => {
    const line = element("tr");
    if (accounts.length > 1) line.append(named(accounts[messages.account[row]]));
    for (const column of data.messages) {
      const cell = cellOf(column, messages, row);
      line.append(cell.isNumber ? numeral(cell.text) : named(cell.text, column.name === "name" && detailOf(messages, row), column.name !== "name"));
    }
    return line;
  }));
  for (const heading of table.tHead.querySelectorAll("[data-column]")) {
    const isSorted = heading.dataset.column === state.sort.column;
    heading.setAttribute("aria-sort", isSorted ? (state.sort.down ? "descending" : "ascending") : "none");
  }
  table.parentElement.hidden = !rows.length;
  byId("messages-empty").hidden = rows.length > 0;
  if (!missing.messages) byId("messages-empty").textContent = state.search ? "No message of the period has this in its name or subject." : "No message in this period.";
  byId("messages-count").textContent = shown.length < rows.length
    ? `${words.count(shown.length)} of ${words.count(rows.length)} messages`
    : `${words.count(rows.length)} ${rows.length === 1 ? "message" : "messages"}`;
  const more = byId("messages-more");
  more.hidden = shown.length === rows.length;
  more.textContent = `Show ${words.count(Math.min(rules.firstRows, rows.length - shown.length))} more`;
}

function prepareMessages() {
  for (const heading of byId("messages-table").tHead.querySelectorAll("[data-column]")) {
    const button = element("button", { type: "button", textContent: heading.textContent });
    button.addEventListener("click", () => {
      const { sort } = state;
      const column = heading.dataset.column;
      const isText = column === "name" || column === "type";
      state.sort = { column, down: sort.column === column ? !sort.down : !isText };
      showMessages();
    });
    heading.replaceChildren(button);
  }
  const search = byId("messages-search");
  search.parentElement.hidden = false;
  search.addEventListener("input", () => {
    state.search = folded(search.value.trim());
    state.shown = rules.firstRows;
    showMessages();
  });
  byId("messages-more").addEventListener("click", () => {
    state.shown += rules.firstRows;
    showMessages();
  });
}

// The plain tables.

const opened = new Set();

function showListing(listing) {
  const shown = document.querySelector(`[data-listing="${listing.name}"]`);
  const table = tables[listing.table];
  const rows = chosen(table, state.choice, "");
  const visible = opened.has(listing.name) ? rows : rows.slice(0, rules.mostListed);
  shown.querySelector("tbody").replaceChildren(...visible.map((row) => {
    const line = element("tr");
    if (accounts.length > 1) line.append(named(accounts[table.account[row]]));
    for (const column of listing.columns) {
      const cell = cellOf(column, table, row);
      line.append(cell.isNumber ? numeral(cell.text) : named(cell.text, "", column.unit !== "text"));
    }
    return line;
  }));
  const among = new Map(rows.map((row) => [table.account[row], table.among?.[row] ?? 0]));
  const all = [...among.values()].reduce((sum, count) => sum + count, 0);
  const leftOut = shown.querySelector(".left-out");
  leftOut.hidden = all <= rows.length;
  leftOut.textContent = all <= rows.length ? "" : `The largest ${words.count(rows.length)} of ${words.count(all)}.`;
  shown.querySelector(".scroll").hidden = !rows.length;
  shown.querySelector(".empty").hidden = rows.length > 0;
  const more = shown.querySelector(".more");
  more.hidden = visible.length === rows.length;
  more.textContent = `Show all ${words.count(rows.length)}`;
  more.onclick = () => {
    opened.add(listing.name);
    showListing(listing);
  };
}

function showAge() {
  const old = Object.entries(data.updated)
    .map(([account, time]) => [account, Math.floor((Date.now() - Date.parse(`${time}Z`)) / 3600000)])
    .filter(([, hours]) => hours >= rules.hoursUntilOld);
  const several = Object.keys(data.updated).length > 1;
  byId("old").hidden = !old.length;
  byId("old").textContent = old
    .map(([account, hours]) => `The data${several ? ` of ${account}` : ""} is ${age(hours)} old: newer mail is missing.`)
    .join(" ");
}

// What the reader chooses.

let choices = 0;

async function choose(choice, period) {
  choices += 1;
  const mine = choices;
  document.documentElement.dataset.ready = "false";
  state.choice = choice;
  state.period = period;
  state.shown = rules.firstRows;
  byId("period").value = period;
  byId("from").value = iso(choice.first);
  byId("to").value = iso(choice.last);
  for (const id of ["from", "to"]) byId(id).setCustomValidity("");
  showStory();
  showTiles();
  showMessages();
  data.listings.forEach(showListing);
  await Promise.all(data.figures.map(showFigure));
  await showBrush();
  if (mine === choices) document.documentElement.dataset.ready = "true";
}

function periodChosen() {
  const period = byId("period").value;
  const { choice } = state;
  if (period === "custom") {
    state.period = period;
    byId("from").focus();
    return;
  }
  const first = period === "all" ? span[0] : span[1] - Number(period) + 1;
  choose({ ...choice, first, last: span[1] }, period);
}

function daysChosen({ target }) {
  const [first, last] = ["from", "to"].map((id) => dayOf(byId(id).value));
  for (const id of ["from", "to"]) byId(id).setCustomValidity("");
  if (Number.isNaN(first) || Number.isNaN(last)) return;
  if (first > last) {
    target.setCustomValidity("From is after To.");
    target.reportValidity();
    return;
  }
  // In a year such as 9999, the days of the charts would be millions.
  const known = (day) => Math.min(span[1], Math.max(span[0], day));
  choose({ ...state.choice, first: known(first), last: known(last) }, "custom");
}

function typesChosen() {
  const boxes = [...document.querySelectorAll("#message-types input")];
  const types = boxes.every((box) => box.checked) ? null : new Set(boxes.filter((box) => box.checked).map((box) => box.value));
  choose({ ...state.choice, types }, state.period);
}

function prepareFilters() {
  byId("filters").hidden = !length(tables.messages) && !length(tables.days);
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("period").addEventListener("change", periodChosen);
  for (const id of ["from", "to"]) byId(id).addEventListener("change", daysChosen);
  byId("message-types").addEventListener("change", typesChosen);
  byId("account")?.addEventListener("change", (event) => {
    const account = event.target.value === "" ? null : Number(event.target.value);
    choose({ ...state.choice, account }, state.period);
  });
  byId("reset").addEventListener("click", () => {
    // By the prototype: the button with the id reset hides the form's own method.
    HTMLFormElement.prototype.reset.call(byId("filters"));
    byId("messages-search").value = "";
    state.search = "";
    state.sort = { column: "day", down: true };
    choose(initial(), data.first.period);
  });
}

prepareFilters();
prepareMessages();
followBrush();
showAge();
choose(initial(), data.first.period);
})();
