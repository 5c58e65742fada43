// "Recompute my bill": adds up every hour of every line from the document's CSV, rounds as the document says, adds the tax, and
// compares each step with the record whose hash is on the ledger. Exact: whole numbers throughout.
//
// <button data-recompute="/loops/slug/bills/number"> fills the next [data-recompute-result]; words in #recompute-words.

/** Rows of a CSV file as arrays of texts (RFC 4180). */
export const parseCsv = text => {
  const rows = [];
  let row = [];
  let field = '';
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (quoted) {
      if (c !== '"') field += c;
      else if (text[i + 1] === '"') field += text[++i];
      else quoted = false;
    } else if (c === '"') quoted = true;
    else if (c === ',') { row.push(field); field = ''; }
    else if (c === '\n') { row.push(field.replace(/\r$/, '')); rows.push(row); row = []; field = ''; }
    else field += c;
  }
  if (field !== '' || row.length > 0) { row.push(field); rows.push(row); }
  return rows;
};

/** Half away from zero, as every amount of a document is rounded once. */
export const divideAwayFromZero = (value, divisor) => {
  const magnitude = ((value < 0n ? -value : value) * 2n + divisor) / (2n * divisor);
  return value < 0n ? -magnitude : magnitude;
};

/** The steps of a document from its amounts: lines, tax groups, totals. */
export const recompute = csv => {
  const [head, ...rows] = parseCsv(csv);
  const at = name => {
    const place = head.indexOf(name);
    if (place < 0) throw new Error(`no column ${name}`);
    return place;
  };
  const [line, kind, vat, hour, amount] = ['line', 'kind', 'vat', 'hour_utc', 'amount_micro'].map(at);
  const lines = new Map();
  for (const row of rows) {
    const known = lines.get(row[line]) ?? { number: row[line], kind: row[kind], vat: row[vat], hours: 0, exact: 0n };
    known.hours += row[hour] ? 1 : 0;
    known.exact += BigInt(row[amount]);
    lines.set(row[line], known);
  }
  const groups = new Map();
  for (const found of lines.values()) {
    found.cents = divideAwayFromZero(found.exact, 10000n);
    groups.set(found.vat, (groups.get(found.vat) ?? 0n) + found.cents);
  }
  const tax = [...groups].map(([rate, net]) => ({ rate, net, tax: divideAwayFromZero(net * BigInt(rate.split('/')[1]), 10000n) }));
  const net = [...lines.values()].reduce((sum, found) => sum + found.cents, 0n);
  return { lines: [...lines.values()], tax, net, total: tax.reduce((sum, group) => sum + group.tax, net) };
};

/** What the record on the ledger says of the same steps. */
export const readRecord = text => {
  const said = { lines: new Map(), tax: new Map(), net: null, total: null };
  for (const row of text.split('\n')) {
    const [name, ...rest] = row.split(' ');
    const value = rest.join(' ');
    if (name === 'line') {
      const exact = / exact=(-?\d+)/.exec(value);
      const cents = / cents=(-?\d+)/.exec(value);
      said.lines.set(rest[0], { exact: BigInt(exact[1]), cents: BigInt(cents[1]) });
    } else if (name === 'vat') {
      said.tax.set(rest[0], { net: BigInt(/net=(-?\d+)/.exec(value)[1]), tax: BigInt(/tax=(-?\d+)/.exec(value)[1]) });
    } else if (name === 'net') said.net = BigInt(value);
    else if (name === 'total') said.total = BigInt(value);
  }
  return said;
};

const element = (name, className, ...content) => {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...content.flat().filter(part => part !== null && part !== undefined));
  return made;
};

const language = () => (document.documentElement.lang === 'en' ? 'en-GB' : document.documentElement.lang || undefined);
// Whole numbers to the end: a string of digits is formatted as it stands.
const decimal = (value, places) => {
  const digits = (value < 0n ? -value : value).toString().padStart(places + 1, '0');
  return `${value < 0n ? '-' : ''}${digits.slice(0, -places)}.${digits.slice(-places)}`;
};
const money = (words, cents) => new Intl.NumberFormat(language(), { style: 'currency', currency: words.Currency }).format(decimal(cents, 2));
const exactly = (words, micro) => new Intl.NumberFormat(language(), { minimumFractionDigits: 6, maximumFractionDigits: 6 }).format(decimal(micro, 6));
const fill = (sentence, ...values) => sentence.replace(/\{(\d)\}/g, (_, place) => values[place]);

const notice = (tone, mark, title, body) => {
  const sign = element('strong', '', mark);
  sign.setAttribute('aria-hidden', 'true');
  return element('div', `notice notice-${tone}`, sign, element('div', 'notice-body', element('p', 'notice-title', title), element('p', '', body)));
};

const cell = (text, numeric) => element('td', numeric ? 'num' : '', text);

const outcome = (words, done, said) => {
  const steps = [];
  for (const line of done.lines) {
    const record = said.lines.get(line.number);
    steps.push({
      name: fill(words.Line, line.number, words[`Line.${line.number}`] ?? line.kind), hours: line.hours ? line.hours.toLocaleString(language()) : '–',
      exact: exactly(words, line.exact), rounded: money(words, line.cents), record: record ? money(words, record.cents) : '–',
      same: record !== undefined && record.exact === line.exact && record.cents === line.cents,
    });
  }
  steps.push({ name: words.Net, hours: '', exact: '', rounded: money(words, done.net), record: money(words, said.net), same: said.net === done.net });
  for (const group of done.tax) {
    const record = said.tax.get(group.rate);
    steps.push({
      name: fill(words.Tax, `${Number(group.rate.split('/')[1]) / 100} %`, money(words, group.net)), hours: '', exact: '',
      rounded: money(words, group.tax), record: record ? money(words, record.tax) : '–', same: record !== undefined && record.tax === group.tax && record.net === group.net,
    });
  }
  steps.push({ name: words.Total, hours: '', exact: '', rounded: money(words, done.total), record: money(words, said.total), same: said.total === done.total });
  // A line of the record that the amounts do not have is a difference too.
  const same = steps.every(step => step.same) && said.lines.size === done.lines.length;
  return { steps, same };
};

const table = (words, steps) => {
  const head = element('tr', '', ...['Step', 'Rows', 'Exact', 'Rounded', 'Record', 'Outcome'].map((key, i) => {
    const made = element('th', i > 0 && i < 5 ? 'num' : '', words[key]);
    made.scope = 'col';
    return made;
  }));
  const body = steps.map(step => {
    const name = element('th', '', step.name);
    name.scope = 'row';
    return element('tr', '', name, cell(step.hours, true), cell(step.exact, true), cell(step.rounded, true), cell(step.record, true),
      element('td', '', element('span', `chip chip-${step.same ? 'good' : 'alarm'}`, step.same ? words.Ok : words.No)));
  });
  const wrap = element('div', 'table-wrap', element('table', 'table', element('caption', 'visually-hidden', words.Caption), element('thead', '', head), element('tbody', '', body)));
  wrap.tabIndex = 0;
  wrap.setAttribute('role', 'region');
  wrap.setAttribute('aria-label', words.Caption);
  return wrap;
};

const get = async (address, read) => {
  const answer = await fetch(address, { credentials: 'same-origin', cache: 'no-store' });
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  return read(answer);
};

if (typeof document !== 'undefined') {
  document.addEventListener('click', async event => {
    const button = event.target.closest?.('[data-recompute]');
    if (!button) return;
    event.preventDefault();
    const place = document.querySelector('[data-recompute-result]');
    const words = JSON.parse(document.getElementById('recompute-words').textContent);
    button.setAttribute('aria-busy', 'true');
    place.replaceChildren(element('p', 'muted', words.Working));
    try {
      const path = button.dataset.recompute;
      const [csv, proof] = await Promise.all([get(`${path}/amounts.csv`, answer => answer.text()), get(`${path}/record`, answer => answer.text())]);
      const done = recompute(csv);
      const { steps, same } = outcome(words, done, readRecord(proof));
      const hours = done.lines.reduce((sum, line) => sum + line.hours, 0).toLocaleString(language());
      place.replaceChildren(
        same ? notice('good', '✓', words.Same, fill(words.SameBody, hours, done.lines.length, money(words, done.total))) : notice('alarm', '✕', words.Differs, words.DiffersBody),
        table(words, steps));
    } catch (failure) {
      place.replaceChildren(notice('alarm', '✕', words.Failed, words.FailedBody));
      console.warn(failure);
    }
    button.removeAttribute('aria-busy');
  });
}
