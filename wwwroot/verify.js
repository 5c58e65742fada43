// Shows what tlog.js finds. Two places use it: the "Verify" button beside a record (it fetches the proof and what everybody
// is shown), and the page /verify (the reader brings the files; nothing is fetched).
//
// <button data-verify="URL of a proof as JSON" data-log="/ledger/slug"> fills the next [data-verify-result].
// <tlog-verifier> on /verify wires its own inputs.

import { Refused, Unusable, openNote, parseCheckpoint, parseNote, parsePolicy, toBase64, toHex, verifyProof } from './tlog.js';

const kinds = [
  'a meter reading', 'an order', 'the closed order book of an hour', 'the clearing result of an hour', 'the settlement of an hour', 'a bill or statement',
  'a contract version', 'an acceptance of a contract', 'a vote', 'a movement of certificates', 'a device key', 'an act of the operator',
  'the meter index of an hour', 'the checkpoint of an earlier ledger',
];

const words = {
  busy: 'Checking in your browser\u2026',
  leaf: 'The record gives the ledger entry',
  entry: 'The entry gives its leaf',
  path: 'The entry leads to the root',
  signed: 'The root is signed',
  current: 'Everybody is shown the same ledger',
  notSigned: 'Signatures not checked',
  insecure: 'This browser allows cryptography on secure (https) pages only. Open the page by https, or check the proof with \u201c./run audit proof\u201d.',
  noEd25519: 'This browser cannot check Ed25519 signatures, so it was not checked who signed. A newer browser can, and so can \u201c./run audit proof FILE --policy FILE\u201d.',
  noPolicy: 'Without a policy nothing says whose signatures to ask for, so anybody could have made this ledger. Add the policy of the loop, best one that you or somebody you trust has kept.',
};

// The pages' English is British; the browser's own would put the month first.
const language = () => (document.documentElement.lang === 'en' ? 'en-GB' : document.documentElement.lang || undefined);
const count = number => number.toLocaleString(language());
const time = seconds => {
  const date = new Date(Number(seconds) * 1000);
  return Number.isNaN(date.getTime()) ? 'a time beyond the calendar' : date.toLocaleString(language(), { dateStyle: 'medium', timeStyle: 'long' });
};
const some = bytes => `${toBase64(bytes).slice(0, 16)}\u2026`;

// Everything goes in as text: a record may hold anything.
const element = (name, className, ...content) => {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...content.flat(Infinity).filter(part => part !== null && part !== undefined));
  return made;
};

const marks = { good: '\u2713', attention: '!', alarm: '\u2715' };

const notice = (tone, title, sentence) => {
  const mark = element('strong', '', marks[tone]);
  mark.setAttribute('aria-hidden', 'true');
  return element('div', `notice notice-${tone}`, mark, element('div', 'notice-body', element('p', 'notice-title', title), sentence && element('p', '', sentence)));
};

const facts = pairs => element('dl', 'facts', pairs.filter(([, value]) => value).map(([name, value]) => [element('dt', '', name), element('dd', '', value)]));

const stepList = steps => {
  const list = element('ol', 'steps', steps.map(({ title, state, note }, i) => {
    const mark = element('span', 'step-mark', { done: '\u2713', failed: '\u2715' }[state] ?? String(i + 1));
    mark.setAttribute('aria-hidden', 'true');
    const spoken = element('span', 'visually-hidden', { done: ' (holds)', failed: ' (does not hold)' }[state] ?? ' (not checked)');
    return element('li', `step-${state}`, mark, element('div', '', element('p', 'step-title', title, spoken), note && element('p', 'step-note', note)));
  }));
  list.setAttribute('aria-label', 'What was checked');
  return list;
};

const recordTable = ({ kind, version, canonical, bytes }) => {
  const what = `${kinds[kind - 1] ?? `a record of kind ${kind}`}, version ${version}`;
  if (!canonical) {
    return element('section', 'section', element('h3', '', 'The record'), element('p', '', `It is ${what}, in a form this page does not know. Its bytes:`), element('p', 'hash', toHex(bytes)));
  }
  const body = element('tbody', '', canonical.fields.map(([name, value]) => {
    const head = element('th', '', name);
    head.scope = 'row';
    return element('tr', '', head, element('td', '', element('bdi', '', value)));
  }));
  const heads = ['Name', 'Value'].map(word => {
    const head = element('th', '', word);
    head.scope = 'col';
    return head;
  });
  const table = element('table', 'table', element('caption', '', `The record, word for word: ${what}`), element('thead', '', element('tr', '', heads)), body);
  const wrap = element('div', 'table-wrap', table);
  wrap.tabIndex = 0;
  wrap.setAttribute('role', 'region');
  wrap.setAttribute('aria-label', 'The record');
  return wrap;
};

/** Runs a check and gives back the whole result as elements; it never throws. */
const check = async act => {
  const steps = [];
  let record = null;
  const done = (part, found) => {
    if (part === 'leaf') {
      record = found.record;
      steps.push({ title: record ? words.leaf : words.entry, state: 'done', note: `${record ? 'From the record and its secret salt, this browser computed' : 'This browser computed'} the leaf ${some(found.leaf)}` });
    } else if (part === 'path') {
      steps.push({
        title: words.path, state: 'done',
        note: `As entry ${count(found.index)}, with ${found.path.length} further hashes, it leads exactly to the root ${some(found.checkpoint.root)} over ${count(found.checkpoint.size)} entries.`,
      });
    } else if (part === 'signed') {
      steps.push({
        title: words.signed, state: found.isMet ? 'done' : 'failed',
        note: `Signed by ${found.log.name}${found.cosigners.length ? `; cosigned by ${found.cosigners.map(({ name, seconds }) => (seconds === null ? name : `${name} on ${time(seconds)}`)).join('; ')}` : '; no witness cosigned'}.`,
      });
    } else {
      steps.push({ title: words.current, state: 'done', note: found });
    }
  };
  try {
    const result = await act(done);
    const { checkpoint, policy, cosigners, log, signatures } = result;
    if (signatures !== 'checked') steps.push({ title: words.notSigned, state: 'next', note: signatures === 'none' ? 'No policy was given.' : 'This browser cannot.' });
    const head = signatures !== 'checked'
      ? notice('attention', `The ${record ? 'record' : 'entry'} is under this root, but signatures were not checked.`, signatures === 'none' ? words.noPolicy : words.noEd25519)
      : notice('good', `Proved: this ${record ? 'record' : 'entry'} is on the ledger, unchanged since it was committed.`,
        cosigners.length ? 'The loop and the witnesses its policy asks for vouch for it.' : 'The loop alone has signed it; the policy asks for no witness.');
    return [head, facts([
      ['Record', record && (kinds[record.kind - 1] ?? `kind ${record.kind}`)],
      [signatures === 'checked' ? 'Ledger' : 'Ledger it names', checkpoint.origin],
      ['Entry', `${count(result.index)} of ${count(checkpoint.size)}`],
      ['Signed by', log?.name],
      ['Cosigned by', cosigners.map(({ name, key, seconds }) => `${name} (${key.name})${seconds === null ? '' : ` on ${time(seconds)}`}`).join('; ')],
      ['Quorum of the policy', signatures === 'checked' ? (policy.quorum.name === 'none' ? 'none asked for' : `${policy.quorum.name}: met`) : signatures === 'none' ? 'not checked: no policy' : 'not checked'],
    ]), stepList(steps), record && recordTable(record)];
  } catch (error) {
    if (error instanceof Unusable) return [notice('attention', 'Not checked', error.message)];
    if (error instanceof Refused) {
      if (steps.at(-1)?.state !== 'failed') steps.push({ title: 'Here it ends', state: 'failed', note: error.message });
      return [notice('alarm', 'Not proved', error.message), stepList(steps)];
    }
    return [notice('attention', 'Not checked', `The check could not be carried out: ${error.message}`)];
  }
};

const turns = new WeakMap();

const show = async (place, act) => {
  if (!globalThis.crypto?.subtle) {
    place.replaceChildren(notice('attention', 'Not checked', words.insecure));
    return;
  }
  // The last question asked is the one answered, however long an earlier one took.
  const turn = (turns.get(place) ?? 0) + 1;
  turns.set(place, turn);
  place.textContent = words.busy;
  const parts = await check(act);
  if (turns.get(place) === turn) place.replaceChildren(...parts.filter(part => part));
};

// --- The button beside a record ----------------------------------------------------------------------------------------

const get = async (url, type) => {
  const response = await fetch(url, { cache: 'no-store', credentials: 'same-origin' });
  if (!response.ok) {
    const plain = response.headers.get('content-type')?.startsWith('text/plain') ? (await response.text()).trim() : '';
    throw new Unusable(plain || `${url} could not be read (${response.status}).`);
  }
  return type === 'json' ? response.json() : response.text();
};

const bytesOf = text => new TextEncoder().encode(text);

/** Fetches a proof and its policy, checks them, and compares with the checkpoint that everybody is shown. */
const checkAt = async (proofUrl, log, done) => {
  const document = await get(proofUrl, 'json');
  const [policyText, published] = await Promise.all([get(document.policy ?? `${log}/policy`, 'text'), get(`${log}/checkpoint`, 'text')]);
  const result = await verifyProof(bytesOf(document.file), policyText, null, done);
  const note = parseNote(bytesOf(published));
  const shown = parseCheckpoint(note.text);
  if (result.signatures === 'checked' && !(await openNote(note, await parsePolicy(policyText))).isMet) {
    throw new Refused('The checkpoint that everybody is shown does not meet the policy.');
  }
  if (shown.origin !== result.checkpoint.origin) throw new Refused('The proof belongs to another ledger.');
  if (shown.size < result.checkpoint.size) throw new Refused('The ledger that everybody is shown is smaller than the one in your proof: it was rolled back.');
  if (shown.size > result.checkpoint.size) {
    done('current', `Since your proof was made, the ledger has grown to ${count(shown.size)} entries; verify again in a moment to see it under the newest checkpoint.`);
  } else if (toHex(shown.root) === toHex(result.checkpoint.root)) {
    done('current', 'The root is the one in the checkpoint that everybody is shown.');
  } else {
    throw new Refused('You are being shown two different ledgers of the same size. Keep this page and tell the auditor.');
  }
  return result;
};

const placeAfter = button => [...document.querySelectorAll('[data-verify-result]')]
  .find(place => button.compareDocumentPosition(place) & Node.DOCUMENT_POSITION_FOLLOWING);

document.addEventListener('click', async event => {
  const button = event.target.closest?.('[data-verify]');
  if (!button) return;
  event.preventDefault();
  const place = placeAfter(button);
  if (!place) return;
  if (!place.hasAttribute('aria-live')) place.setAttribute('aria-live', 'polite');
  button.setAttribute('aria-busy', 'true');
  await show(place, done => checkAt(button.dataset.verify, (button.dataset.log ?? '/ledger').replace(/\/$/, ''), done));
  button.removeAttribute('aria-busy');
});

// --- The page that takes files -----------------------------------------------------------------------------------------

// Nothing here asks the server for anything: the page works on when the server is gone, and the files stay on this computer.
class TlogVerifier extends HTMLElement {
  given = { proof: null, policy: null, leaf: null };

  connectedCallback() {
    this.addEventListener('change', event => this.onChange(event));
    this.addEventListener('click', event => this.onClick(event));
    for (const type of ['dragenter', 'dragover']) this.addEventListener(type, event => this.onDrag(event));
    for (const type of ['dragleave', 'dragend']) this.addEventListener(type, () => this.part('drop').classList.remove('over'));
    this.addEventListener('drop', event => this.onDrop(event));
  }

  part(name) {
    return this.querySelector(`[data-part="${name}"]`);
  }

  onDrag(event) {
    if (![...event.dataTransfer.types].includes('Files')) return;
    event.preventDefault();
    this.part('drop').classList.add('over');
  }

  async onDrop(event) {
    event.preventDefault();
    this.part('drop').classList.remove('over');
    for (const file of event.dataTransfer.files) await this.take(file);
    await this.check();
  }

  async onChange(event) {
    const { target } = event;
    if (target.type === 'file') {
      if (target.files.length) await this.take(target.files[0], target.dataset.part, true);
    } else if (target.dataset.paste) {
      this.takeText(target.dataset.paste, target.value);
    }
    await this.check();
  }

  async onClick(event) {
    const part = event.target.closest('button')?.dataset.part;
    if (part === 'own') this.takeText('policy', this.part('own-policy').textContent);
    if (part === 'own' || part === 'check') await this.check();
  }

  /** Takes a file for what it was chosen as; a dropped one for what it shows itself to be. */
  async take(file, as, isShown = false) {
    const bytes = new Uint8Array(await file.arrayBuffer());
    const head = new TextDecoder().decode(bytes.slice(0, 18));
    const what = as ?? (head === 'c2sp.org/tlog-proo' ? 'proof' : file.name.endsWith('.leaf') ? 'leaf' : 'policy');
    this.set(what, bytes, isShown ? null : file.name);
  }

  // What is copied from a page often loses its last line feed; it has no other meaning.
  takeText(what, text) {
    const whole = text === '' ? null : bytesOf(text.endsWith('\n') ? text : `${text}\n`);
    this.set(what, whole, whole && 'pasted text');
  }

  set(what, bytes, name) {
    this.given[what] = bytes;
    // A file input names what was chosen there; what came another way is named here.
    if (name) this.querySelector(`input[data-part="${what}"]`).value = '';
    this.part(`${what}-name`).textContent = name ? `${name}, ${count(bytes.length)} bytes` : '';
  }

  async check() {
    const { proof, policy, leaf } = this.given;
    const place = this.part('result');
    if (!proof) {
      place.replaceChildren(policy || leaf ? notice('attention', 'The proof is missing', 'Choose, drop or paste a .tlog-proof file.') : '');
      return;
    }
    const policyText = policy && new TextDecoder('utf-8', { ignoreBOM: true }).decode(policy);
    await show(place, done => verifyProof(proof, policyText, leaf, done));
  }
}

customElements.define('tlog-verifier', TlogVerifier);
