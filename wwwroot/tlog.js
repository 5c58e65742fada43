// The formats of the ledger, checked where they are read: C2SP tlog-proof, signed-note, tlog-checkpoint, tlog-cosignature
// and tlog-policy, over RFC 6962 trees. It reads and refuses what Marketplace.Ledger reads and refuses. It knows no page
// and asks no server; all it needs is WebCrypto (SHA-256, Ed25519).

/** Something does not hold. It says which rule and with which values; the words for the reader are the page's. */
export class Refused extends Error {
  constructor(code, ...values) {
    super(`${code}: ${values.map(value => value?.code ?? value).join(', ')}`);
    this.code = code;
    this.values = values;
  }
}

/** What was given to check with (a policy, a missing entry) cannot be used: nothing is said of the proof. */
export class Unusable extends Refused {}

const encoder = new TextEncoder();
const MOST_SIGNATURES = 100;
const MOST_HASHES = 63;
const MOST_BYTES = 1_000_000;
const LARGEST = 9223372036854775807n;
const SALT = 32;

const concat = (...parts) => {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  parts.reduce((at, part) => (all.set(part, at), at + part.length), 0);
  return all;
};

const same = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);

const sha256 = async bytes => new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));

export const toHex = bytes => Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');

export const toBase64 = bytes => btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(''));

// One spelling for each value: otherwise characters of a signed file could be changed unseen.
const fromBase64 = string => {
  try {
    const bytes = Uint8Array.from(atob(string), c => c.charCodeAt(0));
    return toBase64(bytes) === string ? bytes : null;
  } catch {
    return null;
  }
};

// As the core and other clients read signature and proof lines: the unused bits of the last character are not looked at, and
// the bytes they mean are the same.
const fromBase64LastBitsUnseen = string => (string.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(string)
  ? Uint8Array.from(atob(string), c => c.charCodeAt(0)) : null);

const readText = (bytes, what) => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Refused(`NotUtf8.${what}`);
  }
};

/** A decimal without sign or leading zeros, as in sizes and indexes; null for anything else. */
const readNumber = string => {
  if (!/^(0|[1-9][0-9]{0,18})$/.test(string)) return null;
  const number = BigInt(string);
  return number <= LARGEST ? number : null;
};

const readHash = (string, what, decode = fromBase64) => {
  const bytes = string.length === 44 ? decode(string) : null;
  if (bytes?.length !== 32) throw new Refused(`NotAHash.${what}`);
  return bytes;
};

const isName = name => name.length > 0 && !/[\u0000-\u0020+\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/.test(name);

/** A leaf's hash. */
export const leafOf = entry => sha256(concat([0], entry));

const nodeOf = (left, right) => sha256(concat([1], left, right));

/** The ledger entry that an opening (kind, version, salt, record) belongs to. */
export const entryOf = async opening => {
  if (opening.length < 2 + SALT) throw new Refused('ExtraTooShort');
  return concat(opening.slice(0, 2), await sha256(opening.slice(2)));
};

/**
 * The way from a leaf to a root (RFC 9162, section 2.1.3.2). A proof with a hash too few or too many is refused.
 * @returns each step: the sibling, whether it stands left, and the hash of both
 */
export const pathOf = async (index, size, leaf, hashes) => {
  if (index >= size) throw new Refused('Outside', index, size);
  let inner = 0;
  while ((index ^ (size - 1n)) >> BigInt(inner)) inner++;
  let border = 0;
  for (let rest = index >> BigInt(inner); rest; rest >>= 1n) border += Number(rest & 1n);
  if (hashes.length !== inner + border) {
    throw new Refused('HashesWrong', hashes.length, index, size, inner + border);
  }
  const path = [];
  let hash = leaf;
  for (let j = 0; j < hashes.length; j++) {
    const left = j >= inner || ((index >> BigInt(j)) & 1n) === 1n;
    hash = left ? await nodeOf(hashes[j], hash) : await nodeOf(hash, hashes[j]);
    path.push({ sibling: hashes[j], left, hash });
  }
  return { path, root: hash };
};

/** A verifier key, name+hash+base64. */
export const parseKey = async text => {
  const [, name, id, base64] = /^([^+]*)\+([^+]*)\+(.*)$/s.exec(text) ?? [];
  const bytes = base64 ? fromBase64(base64) : null;
  if (!bytes?.length) throw new Refused('NotAKey', text);
  const type = bytes[0];
  if (type !== 1 && type !== 4) throw new Refused('KeyType', name, type);
  if (!isName(name) || bytes.length !== 33) throw new Refused('KeyMalformed', name);
  const digest = await sha256(concat(encoder.encode(`${name}\n`), bytes));
  if (toHex(digest.slice(0, 4)) !== id) throw new Refused('KeyHash', name);
  return { name, id, type, bytes: bytes.slice(1), text };
};

/** A signed note taken apart. Nothing is verified yet. */
export const parseNote = bytes => {
  if (bytes.length > MOST_BYTES) throw new Refused('NoteTooLong');
  const all = readText(bytes, 'Checkpoint');
  if (/[\u0000-\u0009\u000b-\u001f]/.test(all)) throw new Refused('NoteControl');
  const split = all.lastIndexOf('\n\n');
  if (split < 0 || split + 2 === all.length || !all.endsWith('\n')) {
    throw new Refused('NoSignatures');
  }
  const lines = all.slice(split + 2, -1).split('\n');
  if (lines.length > MOST_SIGNATURES) throw new Refused('ManySignatures', MOST_SIGNATURES);
  const signatures = lines.map(line => {
    const [name, base64, ...more] = line.startsWith('\u2014 ') ? line.slice(2).split(' ') : [''];
    const payload = isName(name) && base64 && !more.length ? fromBase64LastBitsUnseen(base64) : null;
    if (!(payload?.length >= 5)) throw new Refused('SignatureMalformed');
    return { name, id: toHex(payload.slice(0, 4)), bytes: payload.slice(4) };
  });
  return { text: all.slice(0, split + 1), signatures };
};

/** What a checkpoint says. */
export const parseCheckpoint = text => {
  const lines = text.split('\n');
  if (lines.length < 4 || lines.pop() !== '' || lines.includes('')) {
    throw new Refused('NotACheckpoint');
  }
  const size = readNumber(lines[1]);
  if (size === null) throw new Refused('SizeNotANumber');
  return { origin: lines[0], size, root: readHash(lines[2], 'Root') };
};

/** A proof file taken apart. Nothing is verified yet. */
export const parseProof = bytes => {
  let split = 0;
  while (split < bytes.length - 1 && !(bytes[split] === 10 && bytes[split + 1] === 10)) split++;
  if (split >= bytes.length - 1) throw new Refused('NoBlankLine');
  const lines = readText(bytes.slice(0, split), 'Proof').split('\n');
  if (lines.shift() !== 'c2sp.org/tlog-proof@v1') throw new Refused('NotAProof');
  let extra = null;
  if (lines[0]?.startsWith('extra ')) {
    extra = fromBase64LastBitsUnseen(lines.shift().slice(6));
    if (!extra) throw new Refused('ExtraUnreadable');
  }
  const index = lines[0]?.startsWith('index ') ? readNumber(lines.shift().slice(6)) : null;
  if (index === null) throw new Refused('NoIndex');
  if (lines.length > MOST_HASHES) throw new Refused('ManyHashes');
  return { extra, index, hashes: lines.map(line => readHash(line, 'Line', fromBase64LastBitsUnseen)), note: parseNote(bytes.slice(split + 2)) };
};

/** The canonical record in an opening: its title and fields, or null where its bytes have another form. */
export const parseRecord = bytes => {
  let text;
  try {
    text = readText(bytes, 'Record');
  } catch {
    return null;
  }
  const lines = text.split('\n');
  const [title, ...rest] = lines;
  if (!/^(?!.*\/v.*\/v)[^\u0000-\u0020\u007f-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+\/v[1-9][0-9]{0,8}$/.test(title) || rest.pop() !== '') return null;
  const fields = rest.map(line => /^([^\u0000-\u0020\u007f-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+) ([^\u0000-\u001f\u007f-\u009f]*)$/.exec(line));
  return fields.includes(null) ? null : { title, fields: fields.map(([, name, value]) => [name, value]) };
};

// What is wrong with a line of a policy.
const problem = (code, ...values) => ({ code, values });

/** A policy: logs, witnesses, groups, quorum. Each line that cannot be understood is refused. */
export const parsePolicy = async text => {
  const logs = [];
  const witnesses = [];
  const rules = new Map();
  const grouped = new Set();
  let quorum = null;

  const define = (name, rule) => {
    if (name === 'none' || rules.has(name)) return problem('NameTaken', name);
    rules.set(name, rule);
    return null;
  };

  const read = async words => {
    const [word, ...rest] = words;
    if (word === 'log' && (rest.length === 1 || rest.length === 2)) {
      const key = await parseKey(rest[0]);
      if (logs.some(log => same(log.bytes, key.bytes))) return problem('LogTwice');
      logs.push(key);
      return null;
    }
    if (word === 'witness' && (rest.length === 2 || rest.length === 3)) {
      const [name, vkey] = rest;
      const key = await parseKey(vkey);
      if (key.type !== 4) return problem('WitnessKeyType');
      if (witnesses.some(witness => same(witness.key.bytes, key.bytes))) return problem('WitnessTwice');
      const taken = define(name, who => who.has(name));
      if (!taken) witnesses.push({ name, key });
      return taken;
    }
    if (word === 'group' && rest.length >= 3) {
      const [name, threshold, ...names] = rest;
      const needed = threshold === 'any' ? 1 : threshold === 'all' ? names.length : Number(readNumber(threshold) ?? 0n);
      if (needed < 1 || needed > names.length) return problem('Threshold', threshold, names.length);
      const members = [];
      for (const member of names) {
        if (!rules.has(member)) return problem('NotDefined', member);
        if (grouped.has(member)) return problem('MemberAlready', member);
        grouped.add(member);
        members.push(rules.get(member));
      }
      return define(name, who => members.filter(member => member(who)).length >= needed);
    }
    if (word === 'quorum' && rest.length === 1) {
      if (quorum) return problem('QuorumTwice');
      const rule = rest[0] === 'none' ? () => true : rules.get(rest[0]);
      if (!rule) return problem('NotDefined', rest[0]);
      quorum = { name: rest[0], isMetBy: rule };
      return null;
    }
    return problem('NoSuchLine');
  };

  for (const [i, line] of text.split('\n').entries()) {
    const words = line.split(/[ \t]+/).filter(word => word);
    if (!words.length || words[0].startsWith('#')) continue;
    let found = /[\u0000-\u0008\u000a-\u001f\u007f]/.test(line) ? problem('PolicyControl') : null;
    try {
      found ??= await read(words);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      found = error;
    }
    if (found) throw new Unusable('PolicyLine', i + 1, line.trim(), found);
  }
  if (!quorum) throw new Unusable('NoQuorum');
  return { logs, witnesses, quorum };
};

let signs;

/** Whether this browser checks Ed25519 signatures, found out with a signature known to be right (RFC 8032, test 1) and a wrong one. */
export const canCheckSignatures = () => signs ??= (async () => {
  const bytes = hex => Uint8Array.from(hex.match(/../g), pair => parseInt(pair, 16));
  const signature = bytes('e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b');
  try {
    const key = await ed25519(bytes('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a'));
    return await key(signature, new Uint8Array()) && !await key(signature, new Uint8Array(1));
  } catch {
    return false;
  }
})();

const ed25519 = async publicKey => {
  const key = await crypto.subtle.importKey('raw', publicKey, { name: 'Ed25519' }, false, ['verify']);
  return (signature, message) => crypto.subtle.verify({ name: 'Ed25519' }, key, signature, message);
};

const isSignedBy = async (key, note, { bytes }) => {
  let [message, signature, seconds] = [note.text, bytes, null];
  if (key.type === 4) {
    if (bytes.length !== 72) return null;
    seconds = new DataView(bytes.buffer, bytes.byteOffset).getBigInt64(0);
    if (seconds < 0n) return null;
    [message, signature] = [`cosignature/v1\ntime ${seconds}\n${note.text}`, bytes.slice(8)];
  }
  if (signature.length !== 64) return null;
  try {
    const verify = await ed25519(key.bytes);
    return await verify(signature, encoder.encode(message)) ? { key, seconds } : null;
  } catch (error) {
    // A browser may refuse bytes that are no point of the curve before it comes to the signature.
    if (error.name === 'DataError' || error.name === 'OperationError') return null;
    throw error;
  }
};

/** The signatures by known keys. Unknown keys are passed over; a known key with a wrong signature refuses the whole note. */
export const verifyNote = async (note, keys) => {
  const verified = [];
  for (const signature of note.signatures) {
    const key = keys.find(known => known.name === signature.name && known.id === signature.id);
    if (!key) continue;
    const found = await isSignedBy(key, note, signature);
    if (!found) throw new Refused('SignatureWrong', key.name);
    verified.push(found);
  }
  return verified;
};

/**
 * Who vouches for a checkpoint.
 * @returns the log's key, the cosigners (name in the policy, key, seconds since 1970) and whether they are enough
 */
export const openNote = async (note, policy) => {
  const signatures = await verifyNote(note, [...policy.logs, ...policy.witnesses.map(witness => witness.key)]);
  const { origin } = parseCheckpoint(note.text);
  const log = policy.logs.find(key => key.name === origin);
  if (!log) throw policy.logs.length ? new Refused('OtherLog', origin, policy.logs.map(key => key.name).join(', ')) : new Refused('NoLog', origin);
  if (!signatures.some(({ key }) => key.text === log.text)) throw new Refused('NotSignedByLog', origin);
  const cosigners = signatures.flatMap(({ key, seconds }) => policy.witnesses
    .filter(witness => witness.key.text === key.text).map(({ name }) => ({ name, key, seconds })));
  return { log, cosigners, isMet: policy.quorum.isMetBy(new Set(cosigners.map(({ name }) => name))) };
};

/**
 * Checks a proof file, and if a policy is given, who vouches for its checkpoint.
 * @param file the bytes of the proof
 * @param policyText the policy, or null
 * @param entry the bytes of the entry where the proof opens none, or null
 * @param done told of each part that holds, so that a refusal later on does not hide it
 */
export const verifyProof = async (file, policyText = null, entry = null, done = () => {}) => {
  const proof = parseProof(file);
  const policy = policyText === null ? null : await parsePolicy(policyText);
  if (!entry && !proof.extra) throw new Unusable('LeafMissing');

  const opening = entry ? null : proof.extra;
  const record = opening && opening.length >= 2 + SALT
    ? { kind: opening[0], version: opening[1], bytes: opening.slice(2 + SALT), canonical: parseRecord(opening.slice(2 + SALT)) }
    : null;
  const leaf = await leafOf(entry ?? await entryOf(opening));
  done('leaf', { record, leaf });

  const checkpoint = parseCheckpoint(proof.note.text);
  const { path, root } = await pathOf(proof.index, checkpoint.size, leaf, proof.hashes);
  if (!same(root, checkpoint.root)) {
    throw new Refused(record ? 'RecordFalse' : 'EntryFalse');
  }
  done('path', { index: proof.index, path, checkpoint });

  const result = { record, leaf, index: proof.index, path, checkpoint, note: proof.note, policy, signatures: 'none', log: null, cosigners: [] };
  if (!policy) return result;
  if (!await canCheckSignatures()) return { ...result, signatures: 'unsupported' };
  const opened = await openNote(proof.note, policy);
  done('signed', opened);
  if (!opened.isMet) {
    const names = opened.cosigners.map(({ name }) => name).join(', ');
    throw names ? new Refused('QuorumNotMet', names, policy.quorum.name) : new Refused('NoCosignature', policy.quorum.name);
  }
  return { ...result, signatures: 'checked', log: opened.log, cosigners: opened.cosigners };
};
