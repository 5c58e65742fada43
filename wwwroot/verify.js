// Shows what tlog.js finds. Two places use it: the "Verify" button beside a record (it fetches the proof and what everybody
// is shown), and the page /verify (the reader brings the files; nothing is fetched).
//
// <button data-verify="URL of a proof as JSON" data-log="/ledger/slug"> fills the next [data-verify-result].
// <tlog-verifier> on /verify wires its own inputs.

import { Refused, Unusable, openNote, parseCheckpoint, parseNote, parsePolicy, toBase64, toHex, verifyProof } from './tlog.js';

// The words are the page's (the proofs' Texts.resx), handed over as data so that they can be translated.
let handed = { from: null, words: {} };
const words = () => {
  const from = document.getElementById('verify-words');
  if (from && from !== handed.from) handed = { from, words: JSON.parse(from.textContent) };
  return handed.words;
};

/** A sentence of the page's with its values; a value may be a sentence itself. */
const say = (code, ...values) => (words()[code] ?? code).replace(/\{(\d)\}/g, (_, place) => written(values[place]));
const written = value => {
  if (value?.code) return say(value.code, ...value.values);
  return typeof value === 'bigint' || typeof value === 'number' ? count(value) : String(value ?? '');
};
const kindOf = kind => (words()[`Kind.${kind}`] ? say(`Kind.${kind}`) : say('KindUnknown', kind));

// The pages' English is British; the browser's own would put the month first.
const language = () => (document.documentElement.lang === 'en' ? 'en-GB' : document.documentElement.lang || undefined);
const count = number => number.toLocaleString(language());
const time = seconds => {
  const date = new Date(Number(seconds) * 1000);
  return Number.isNaN(date.getTime()) ? say('BeyondCalendar') : date.toLocaleString(language(), { dateStyle: 'medium', timeStyle: 'long' });
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
    const spoken = element('span', 'visually-hidden', ` (${say(`State.${state}`)})`);
    return element('li', `step-${state}`, mark, element('div', '', element('p', 'step-title', title, spoken), note && element('p', 'step-note', note)));
  }));
  list.setAttribute('aria-label', say('Steps'));
  return list;
};

const recordTable = ({ kind, version, canonical, bytes }) => {
  const what = say('KindVersion', kindOf(kind), version);
  if (!canonical) {
    return element('section', 'section', element('h3', '', say('Record')), element('p', '', say('RecordUnknown', what)), element('p', 'hash', toHex(bytes)));
  }
  const body = element('tbody', '', canonical.fields.map(([name, value]) => {
    const head = element('th', '', name);
    head.scope = 'row';
    return element('tr', '', head, element('td', '', element('bdi', '', value)));
  }));
  const heads = ['Name', 'Value'].map(word => {
    const head = element('th', '', say(word));
    head.scope = 'col';
    return head;
  });
  const table = element('table', 'table', element('caption', '', say('RecordWords', what)), element('thead', '', element('tr', '', heads)), body);
  const wrap = element('div', 'table-wrap', table);
  wrap.tabIndex = 0;
  wrap.setAttribute('role', 'region');
  wrap.setAttribute('aria-label', say('Record'));
  return wrap;
};

const at = (name, seconds) => (seconds === null ? name : say('NameAt', name, time(seconds)));

const quorumOf = (signatures, policy) => {
  if (signatures !== 'checked') return say(signatures === 'none' ? 'Quorum.NoPolicy' : 'Quorum.NotChecked');
  return policy.quorum.name === 'none' ? say('Quorum.None') : say('Quorum.Met', policy.quorum.name);
};

/** Runs a check and gives back the whole result as elements; it never throws. */
const check = async act => {
  const steps = [];
  let record = null;
  const done = (part, found) => {
    if (part === 'leaf') {
      record = found.record;
      steps.push({ title: say(record ? 'Step.Leaf' : 'Step.Entry'), state: 'done', note: say(record ? 'Step.LeafNote' : 'Step.EntryNote', some(found.leaf)) });
    } else if (part === 'path') {
      steps.push({
        title: say('Step.Path'), state: 'done',
        note: say('Step.PathNote', found.index, found.path.length, some(found.checkpoint.root), found.checkpoint.size),
      });
    } else if (part === 'signed') {
      steps.push({
        title: say('Step.Signed'), state: found.isMet ? 'done' : 'failed',
        note: found.cosigners.length ? say('Step.Cosigned', found.log.name, found.cosigners.map(({ name, seconds }) => at(name, seconds)).join('; ')) : say('Step.SignedAlone', found.log.name),
      });
    } else {
      steps.push({ title: say('Step.Current'), state: 'done', note: found });
    }
  };
  try {
    const result = await act(done);
    const { checkpoint, policy, cosigners, log, signatures } = result;
    if (signatures !== 'checked') steps.push({ title: say('Step.NotSigned'), state: 'next', note: say(signatures === 'none' ? 'Step.NoPolicy' : 'Step.NoEd25519') });
    const head = signatures !== 'checked'
      ? notice('attention', say(record ? 'Unsigned.Record' : 'Unsigned.Entry'), say(signatures === 'none' ? 'NoPolicy' : 'NoEd25519'))
      : notice('good', say(record ? 'Proved.Record' : 'Proved.Entry'), say(cosigners.length ? 'Proved.Witnessed' : 'Proved.Alone'));
    return [head, facts([
      [say('Fact.Record'), record && kindOf(record.kind)],
      [say(signatures === 'checked' ? 'Fact.Ledger' : 'Fact.LedgerNamed'), checkpoint.origin],
      [say('Fact.Entry'), say('Fact.EntryOf', result.index, checkpoint.size)],
      [say('Fact.SignedBy'), log?.name],
      [say('Fact.CosignedBy'), cosigners.map(({ name, key, seconds }) => at(`${name} (${key.name})`, seconds)).join('; ')],
      [say('Fact.Quorum'), quorumOf(signatures, policy)],
    ]), stepList(steps), record && recordTable(record)];
  } catch (error) {
    if (error instanceof Unusable) return [notice('attention', say('NotChecked'), written(error))];
    if (error instanceof Refused) {
      if (steps.at(-1)?.state !== 'failed') steps.push({ title: say('Step.Ends'), state: 'failed', note: written(error) });
      return [notice('alarm', say('NotProved'), written(error)), stepList(steps)];
    }
    return [notice('attention', say('NotChecked'), say('Failed', error.message))];
  }
};

const turns = new WeakMap();

const show = async (place, act) => {
  if (!globalThis.crypto?.subtle) {
    place.replaceChildren(notice('attention', say('NotChecked'), say('Insecure')));
    return;
  }
  // The last question asked is the one answered, however long an earlier one took.
  const turn = (turns.get(place) ?? 0) + 1;
  turns.set(place, turn);
  place.textContent = say('Busy');
  const parts = await check(act);
  if (turns.get(place) === turn) place.replaceChildren(...parts.filter(part => part));
};

// --- The button beside a record ----------------------------------------------------------------------------------------

const get = async (url, type) => {
  const response = await fetch(url, { cache: 'no-store', credentials: 'same-origin' });
  if (!response.ok) {
    const plain = response.headers.get('content-type')?.startsWith('text/plain') ? (await response.text()).trim() : '';
    throw plain ? new Unusable('ServerSays', plain) : new Unusable('Unreadable', url, String(response.status));
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
    throw new Refused('ShownUnmet');
  }
  if (shown.origin !== result.checkpoint.origin) throw new Refused('OtherLedger');
  if (shown.size < result.checkpoint.size) throw new Refused('RolledBack');
  if (shown.size > result.checkpoint.size) {
    done('current', say('Step.Grown', shown.size));
  } else if (toHex(shown.root) === toHex(result.checkpoint.root)) {
    done('current', say('Step.Same'));
  } else {
    throw new Refused('TwoLedgers');
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
    this.set(what, whole, whole && say('Pasted'));
  }

  set(what, bytes, name) {
    this.given[what] = bytes;
    // A file input names what was chosen there; what came another way is named here.
    if (name) this.querySelector(`input[data-part="${what}"]`).value = '';
    this.part(`${what}-name`).textContent = name ? say('FileSize', name, bytes.length) : '';
  }

  async check() {
    const { proof, policy, leaf } = this.given;
    const place = this.part('result');
    if (!proof) {
      place.replaceChildren(policy || leaf ? notice('attention', say('ProofMissing'), say('ProofMissingBody')) : '');
      return;
    }
    const policyText = policy && new TextDecoder('utf-8', { ignoreBOM: true }).decode(policy);
    await show(place, done => verifyProof(proof, policyText, leaf, done));
  }
}

customElements.define('tlog-verifier', TlogVerifier);
