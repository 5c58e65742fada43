// Checks in the reader's own browser that a record is on the ledger. It trusts nothing the page says: from the record and
// its salt it recomputes the ledger entry (kind, version, SHA-256), from the entry the root (RFC 6962), and checks the
// signatures under that root (Ed25519, c2sp.org/signed-note) with WebCrypto.
//
// <button data-verify="URL of a proof as JSON" data-log="/ledger/slug"> fills the next [data-verify-result].

const text = new TextEncoder();

/** A check that failed; the message is one sentence for the reader. */
export class Refused extends Error {}

const sha256 = async bytes => new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));

const concat = (...parts) => {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  parts.reduce((at, part) => (all.set(part, at), at + part.length), 0);
  return all;
};

const toBase64 = bytes => btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(''));

// One spelling for each value: otherwise characters could be changed unseen.
const fromBase64 = (string, what) => {
  let bytes;
  try {
    bytes = Uint8Array.from(atob(string), c => c.charCodeAt(0));
  } catch {
    throw new Refused(`The ${what} is not readable.`);
  }
  if (toBase64(bytes) !== string) throw new Refused(`The ${what} is not written in the one allowed way.`);
  return bytes;
};

const hash = (string, what) => {
  const bytes = fromBase64(string, what);
  if (bytes.length !== 32) throw new Refused(`The ${what} does not have 32 bytes.`);
  return bytes;
};

const number = (string, what) => {
  if (!/^(0|[1-9][0-9]{0,15})$/.test(string)) throw new Refused(`The ${what} is not a whole number.`);
  return BigInt(string);
};

const same = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);

/** The ledger entry of a record: kind, version, SHA-256 of salt and record. */
export const entryOf = async ({ kind, version, salt, record }) =>
  concat([kind, version], await sha256(concat(salt, record)));

/** The RFC 6962 hash of an entry as a leaf. */
export const leafOf = entry => sha256(concat([0], entry));

/** The root that an inclusion proof leads to; all shapes but the right one are refused. */
export const rootOf = async (index, size, leaf, proof) => {
  if (index >= size) throw new Refused('The entry would stand outside the ledger.');
  let inner = 0;
  while ((index ^ (size - 1n)) >> BigInt(inner)) inner++;
  let border = 0;
  for (let rest = index >> BigInt(inner); rest; rest >>= 1n) border += Number(rest & 1n);
  if (proof.length !== inner + border) throw new Refused('The proof is too short or too long.');
  let at = leaf;
  for (let j = 0; j < proof.length; j++) {
    const left = j >= inner || (index >> BigInt(j)) & 1n;
    at = await sha256(left ? concat([1], proof[j], at) : concat([1], at, proof[j]));
  }
  return at;
};

/** A key written as name+hash+base64. */
export const parseKey = async vkey => {
  const [name, id, ...rest] = vkey.trim().split('+');
  const bytes = fromBase64(rest.join('+'), 'key');
  const type = bytes[0];
  const digest = await sha256(concat(text.encode(`${name}\n`), bytes));
  const hex = Array.from(digest.slice(0, 4), byte => byte.toString(16).padStart(2, '0')).join('');
  if (bytes.length !== 33 || (type !== 1 && type !== 4) || hex !== id) throw new Refused(`The key of ${name} is damaged.`);
  return { name, id, type, bytes: bytes.slice(1) };
};

/** A signed checkpoint taken apart; nothing is verified yet. */
export const parseCheckpoint = note => {
  const split = note.lastIndexOf('\n\n');
  const body = note.slice(0, split + 1);
  const [origin, size, root, ...more] = body.split('\n');
  if (split < 0 || !note.endsWith('\n') || !origin || more.length < 1 || more.pop() !== '' || more.includes('')) {
    throw new Refused('The checkpoint is malformed.');
  }
  const signatures = note.slice(split + 2, -1).split('\n').map(line => {
    const [dash, name, base64, ...none] = line.split(' ');
    const bytes = dash === '\u2014' && name && base64 && !none.length ? fromBase64(base64, 'signature') : [];
    if (bytes.length < 5) throw new Refused('The checkpoint has a malformed signature line.');
    return { name, id: Array.from(bytes.slice(0, 4), byte => byte.toString(16).padStart(2, '0')).join(''), bytes: bytes.slice(4) };
  });
  return { origin, size: number(size, 'size of the ledger'), root: hash(root, 'root of the ledger'), body, signatures };
};

const canSign = async () => {
  try {
    await crypto.subtle.importKey('raw', new Uint8Array(32), { name: 'Ed25519' }, false, ['verify']);
    return true;
  } catch (error) {
    return error.name !== 'NotSupportedError' && error.name !== 'TypeError' && error.name !== 'SyntaxError';
  }
};

/** Verifies one key's signature on a checkpoint. Null: that key did not sign. A wrong signature is refused. */
export const verifySignature = async (checkpoint, key) => {
  const found = checkpoint.signatures.filter(s => s.name === key.name && s.id === key.id);
  if (!found.length) return null;
  const imported = await crypto.subtle.importKey('raw', key.bytes, { name: 'Ed25519' }, false, ['verify']);
  let seconds = 0;
  for (const { bytes } of found) {
    let message = text.encode(checkpoint.body);
    let signature = bytes;
    if (key.type === 4) {
      if (bytes.length !== 72) throw new Refused(`The cosignature of ${key.name} is malformed.`);
      seconds = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0));
      message = text.encode(`cosignature/v1\ntime ${seconds}\n${checkpoint.body}`);
      signature = bytes.slice(8);
    }
    if (!await crypto.subtle.verify({ name: 'Ed25519' }, imported, signature, message)) {
      throw new Refused(`The signature of ${key.name} does not belong to this checkpoint.`);
    }
  }
  return { name: key.name, seconds };
};

/** The witnesses a policy names and whether a set of them (by their names in the policy) is enough. */
export const parsePolicy = async policy => {
  const witnesses = [];
  const rules = new Map([['none', () => true]]);
  let quorum = null;
  for (const line of policy.split('\n')) {
    const [word, name, ...rest] = line.trim().split(/[ \t]+/);
    if (word === 'witness') {
      witnesses.push({ name, key: await parseKey(rest[0]) });
      rules.set(name, who => who.has(name));
    } else if (word === 'group') {
      const members = rest.slice(1).map(member => rules.get(member));
      const needed = rest[0] === 'any' ? 1 : rest[0] === 'all' ? members.length : Number(rest[0]);
      if (!(needed >= 1) || members.includes(undefined)) throw new Refused('The policy of the ledger cannot be understood.');
      rules.set(name, who => members.filter(member => member(who)).length >= needed);
    } else if (word === 'quorum') {
      quorum = rules.get(name);
    }
  }
  if (!quorum) throw new Refused('The policy of the ledger cannot be understood.');
  return { witnesses, isMetBy: quorum };
};

const date = seconds => new Date(seconds * 1000).toLocaleString(document.documentElement.lang || undefined, { dateStyle: 'medium', timeStyle: 'short' });

/**
 * Checks everything. Throws Refused where something does not hold.
 * @param proof the proof document
 * @param published the checkpoint as the ledger shows it to everybody
 * @param vkey the ledger's key
 * @param policy the ledger's policy
 * @returns {{ steps: string[], record: string, signaturesChecked: boolean }}
 */
export const verify = async (proof, published, vkey, policy) => {
  const steps = [];
  const record = fromBase64(proof.record, 'record');
  const salt = hash(proof.salt, 'salt');
  const entry = await entryOf({ kind: proof.kind, version: proof.version, salt, record });
  const leaf = await leafOf(entry);
  steps.push(`From your record and its secret salt, this browser computed the ledger entry ${toBase64(entry.slice(2)).slice(0, 12)}…`);

  const checkpoint = parseCheckpoint(proof.checkpoint);
  const shown = parseCheckpoint(published);
  const key = await parseKey(vkey);
  if (checkpoint.origin !== key.name || shown.origin !== key.name) throw new Refused('The proof belongs to another ledger.');
  const hashes = proof.proof.map(h => hash(h, 'proof'));
  const index = number(String(proof.index), 'index');
  const root = await rootOf(index, checkpoint.size, leaf, hashes);
  if (!same(root, checkpoint.root)) {
    throw new Refused('The record does not lead to the root of the ledger: it is not the record that was committed, or the proof is false.');
  }
  steps.push(`With ${hashes.length} further hashes, that entry, number ${index}, leads exactly to the root of the ledger of ${checkpoint.size} entries.`);

  if (shown.size === checkpoint.size && !same(shown.root, checkpoint.root)) {
    throw new Refused('You are being shown two different ledgers of the same size. Keep this page and tell the auditor.');
  }
  if (shown.size < checkpoint.size) throw new Refused('The ledger that everybody is shown is smaller than the one in your proof: it was rolled back.');
  steps.push(shown.size === checkpoint.size
    ? 'That root is the one in the checkpoint that everybody is shown.'
    : `Since your proof was made, the ledger has grown to ${shown.size} entries; verify again in a moment to see it under the newest checkpoint.`);

  if (!await canSign()) {
    steps.push('This browser cannot check Ed25519 signatures, so who signed the checkpoint was not checked. A newer browser or the command "./run audit proof" can.');
    return { steps, record: new TextDecoder().decode(record), signaturesChecked: false };
  }

  for (const each of [checkpoint, shown]) {
    if (!await verifySignature(each, key)) throw new Refused('The checkpoint is not signed by the key of the ledger.');
  }
  steps.push(`The checkpoint is signed by the ledger ${key.name}.`);

  const { witnesses, isMetBy } = await parsePolicy(policy);
  const cosigned = [];
  for (const witness of witnesses) {
    const signature = await verifySignature(checkpoint, witness.key);
    if (signature) cosigned.push({ ...witness, ...signature, in: witness.name });
  }
  if (!isMetBy(new Set(cosigned.map(w => w.in)))) throw new Refused('Too few of the stakeholders have cosigned the checkpoint.');
  if (cosigned.length) {
    steps.push(`Independent witnesses cosigned it: ${cosigned.map(w => `${w.name} on ${date(w.seconds)}`).join('; ')}.`);
  }
  return { steps, record: new TextDecoder().decode(record), signaturesChecked: true };
};

const get = async (url, type) => {
  const response = await fetch(url, { cache: 'no-store', credentials: 'same-origin' });
  if (!response.ok) {
    const words = response.headers.get('content-type')?.startsWith('text/plain') ? (await response.text()).trim() : '';
    throw new Refused(words || `${url} could not be read (${response.status}).`);
  }
  return type === 'json' ? response.json() : response.text();
};

/** Fetches proof, checkpoint, key and policy and verifies them. */
export const verifyAt = async (proofUrl, log) => {
  for (let attempt = 0; ; attempt++) {
    const [proof, published, vkey, policy] = await Promise.all([get(proofUrl, 'json'), get(`${log}/checkpoint`), get(`${log}/key`), get(`${log}/policy`)]);
    // A checkpoint may be published between the two answers; then both are asked for again.
    if (attempt < 2 && proof.checkpoint !== published) continue;
    return verify(proof, published, vkey, policy);
  }
};

const element = (name, className, content) => {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...[content ?? []].flat());
  return made;
};

const marks = { good: '\u2713', attention: '!', alarm: '\u2715' };

const show = (place, tone, title, words, record) => {
  const body = element('div', 'notice-body', [element('p', 'notice-title', title)]);
  if (words.length > 1) body.append(element('ol', '', words.map(step => element('li', '', step))));
  else body.append(...words.map(step => element('p', '', step)));
  if (record) {
    const more = element('details', 'more', [element('summary', '', 'What was proved, word for word'), element('pre', 'hash', record)]);
    body.append(more);
  }
  const mark = element('strong', '', marks[tone]);
  mark.setAttribute('aria-hidden', 'true');
  place.replaceChildren(element('div', `notice notice-${tone}`, [mark, body]));
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
  if (!globalThis.crypto?.subtle) {
    show(place, 'attention', 'Not checked', ['This browser allows cryptography on secure (https) pages only. Open the page by https, or check the downloaded proof with "./run audit proof".']);
    return;
  }
  button.setAttribute('aria-busy', 'true');
  place.textContent = 'Checking in your browser…';
  try {
    const { steps, record, signaturesChecked } = await verifyAt(button.dataset.verify, (button.dataset.log ?? '/ledger').replace(/\/$/, ''));
    show(place, signaturesChecked ? 'good' : 'attention', signaturesChecked
      ? 'Proved: this record is on the ledger, unchanged since it was committed.'
      : 'The record is on the ledger, but its signatures could not be checked here.', steps, record);
  } catch (error) {
    if (error instanceof Refused) show(place, 'alarm', 'Not proved', [error.message]);
    else show(place, 'attention', 'Not checked', [`The check could not be carried out: ${error.message}`]);
  } finally {
    button.removeAttribute('aria-busy');
  }
});
