// What somebody types in a form is kept in this tab until the form is answered: a server that starts again, or a lost connection, costs nothing.
// Never kept: passwords, codes, files, and anything of a form that asks for one of these.
const place = 'draft ';
const day = 24 * 60 * 60 * 1000;
const words = document.querySelector('#draft-words')?.dataset ?? {};

const secret = field => ['password', 'file', 'hidden', 'submit', 'button', 'image', 'reset'].includes(field.type)
  || /one-time-code|password|cc-/.test(field.autocomplete ?? '');
const fields = form => [...form.elements].filter(field => field.name && /^(INPUT|SELECT|TEXTAREA)$/.test(field.tagName) && !secret(field));
const asksSecrets = form => [...form.elements].some(field => field.type === 'password' || field.type === 'file' || /one-time-code|password/.test(field.autocomplete ?? ''));
const keeps = form => form?.method === 'post' && form.closest('main') && form.dataset.draft !== 'off' && !asksSecrets(form) && fields(form).length > 0;

const path = form => new URL(form.getAttribute('action') || location.href, location.href).pathname;
const key = form => `${place}${location.pathname}${location.search} ${form.querySelector('[name=_handler]')?.value ?? path(form)}`;
const valueOf = field => field.type === 'checkbox' || field.type === 'radio' ? field.checked : field.value;
const state = form => fields(form).map(field => [field.name, field.type === 'radio' || field.type === 'checkbox' ? field.value : '', valueOf(field)]);
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

// The state in which a page brought each form: only a form that still is so is filled in again.
const brought = new WeakMap();

const save = form => {
  try {
    sessionStorage.setItem(key(form), JSON.stringify({ at: Date.now(), path: path(form), from: brought.get(form), to: state(form) }));
  } catch { /* No room, or not allowed: then nothing is kept. */ }
};

const forget = form => sessionStorage.removeItem(key(form));

const drafts = () => Object.keys(sessionStorage).filter(name => name.startsWith(place)).map(name => {
  try { return [name, JSON.parse(sessionStorage.getItem(name))]; } catch { return [name, null]; }
});

// The server says which form it has answered. It keeps what is wrong with it on the page itself.
const settle = () => {
  const answered = document.cookie.split('; ').find(one => one.startsWith('answered='))?.slice(9);
  for (const [name, draft] of drafts()) {
    if (!draft || Date.now() - draft.at > day || (answered && draft.path === decodeURIComponent(answered))) sessionStorage.removeItem(name);
  }
  if (answered) document.cookie = 'answered=; Max-Age=0; Path=/';
};

const restore = form => {
  brought.set(form, state(form));
  const draft = JSON.parse(sessionStorage.getItem(key(form)) ?? 'null');
  if (!draft || same(draft.to, brought.get(form)) || !same(draft.from, brought.get(form))) return;
  fields(form).forEach((field, i) => {
    const value = draft.to[i]?.[2];
    if (typeof value === 'boolean') field.checked = value;
    else if (typeof value === 'string') field.value = value;
    field.dispatchEvent(new Event('change', { bubbles: true }));
  });
  const note = document.createElement('div');
  note.className = 'draft-note';
  note.setAttribute('role', 'status');
  const text = document.createElement('span');
  text.textContent = words.kept;
  const undo = document.createElement('button');
  undo.type = 'button';
  undo.className = 'link-button';
  undo.textContent = words.discard;
  undo.addEventListener('click', () => { forget(form); form.reset(); note.remove(); form.querySelector('input, select, textarea')?.focus(); });
  note.append(text, ' ', undo);
  form.prepend(note);
};

const look = () => {
  settle();
  document.querySelectorAll('main form').forEach(form => keeps(form) && !brought.has(form) && restore(form));
};

document.addEventListener('input', e => {
  const form = e.target.form;
  if (e.isTrusted && keeps(form) && brought.has(form)) save(form);
});
// Whoever signs out leaves nothing behind.
document.addEventListener('submit', e => {
  if (new URL(e.target.action, location.href).pathname === '/sign-out') drafts().forEach(([name]) => sessionStorage.removeItem(name));
});

look();
window.Blazor?.addEventListener('enhancedload', look);
