// The little that runs in the browser besides Blazor's script. Every page works without it.

// The market clock runs on from the text the page was sent with.
class MarketClock extends HTMLElement {
  static observedAttributes = ['data-now', 'data-rate', 'data-gate', 'data-delivery'];

  connectedCallback() {
    this.timer = setInterval(() => this.show(), 1000);
    this.attributeChangedCallback();
  }

  disconnectedCallback() {
    clearInterval(this.timer);
  }

  attributeChangedCallback() {
    this.received = Date.now();
    const shape = { timeZone: this.dataset.zone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };
    this.hour = new Intl.DateTimeFormat(this.lang, shape);
    this.moment = new Intl.DateTimeFormat(this.lang, { ...shape, weekday: 'short', day: 'numeric', month: 'short' });
  }

  show() {
    const rate = Number(this.dataset.rate);
    if (!(rate > 0)) return;
    const now = Number(this.dataset.now) + (Date.now() - this.received) * rate;
    const step = Number(this.dataset.step);
    // Each gate that has closed since hands over to the next hour's.
    const passed = Math.max(0, Math.ceil((now - Number(this.dataset.gate)) / step));
    const left = Number(this.dataset.gate) + passed * step - now;
    const start = Number(this.dataset.delivery) + passed * step;
    const minutes = Math.floor(left / 60000);
    const time = minutes >= 60 ? `${Math.floor(minutes / 60)}\u00a0h ${minutes % 60}\u00a0min` : `${minutes}\u00a0min`;
    this.write('.clock-now time', this.moment.format(now));
    this.write('.clock-gate', this.dataset.gateText.replace('{0}', `${this.hour.format(start)}–${this.hour.format(start + step)}`).replace('{1}', time));
  }

  write(selector, text) {
    const element = this.querySelector(selector);
    if (element && element.textContent !== text) element.textContent = text;
  }
}

customElements.define('market-clock', MarketClock);

// How long one hour's gate is still open, counted on from what the page was sent with.
class GateCountdown extends HTMLElement {
  static observedAttributes = ['data-left', 'data-rate'];

  connectedCallback() {
    this.timer = setInterval(() => this.show(), 1000);
    this.attributeChangedCallback();
  }

  disconnectedCallback() {
    clearInterval(this.timer);
  }

  attributeChangedCallback() {
    this.received = Date.now();
  }

  show() {
    const rate = Number(this.dataset.rate);
    const output = this.querySelector('.gate-left');
    if (!(rate > 0) || !output) return;
    const left = Math.floor((Number(this.dataset.left) - (Date.now() - this.received) * rate) / 1000);
    const two = n => String(n).padStart(2, '0');
    output.textContent = left > 0
      ? `${Math.floor(left / 3600)}:${two(Math.floor(left / 60) % 60)}:${two(left % 60)}`
      : this.dataset.closed;
    if (left <= 0) clearInterval(this.timer);
  }
}

customElements.define('gate-countdown', GateCountdown);

// Charts: one tab stop each, arrow keys walk over the points, the readout says what the point says.
const readout = (point, on) => {
  const output = point.closest('.chart')?.querySelector('.chart-readout');
  if (output) output.textContent = on ? point.getAttribute('aria-label') : '';
};

document.addEventListener('focusin', e => e.target.closest?.('.point') && readout(e.target.closest('.point'), true));
document.addEventListener('focusout', e => e.target.closest?.('.point') && readout(e.target.closest('.point'), false));
document.addEventListener('pointerover', e => e.target.closest?.('.point') && readout(e.target.closest('.point'), true));
document.addEventListener('pointerout', e => e.target.closest?.('.point') && readout(e.target.closest('.point'), false));
document.addEventListener('keydown', e => {
  const point = e.target.closest?.('.point');
  const move = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -Infinity, End: Infinity }[e.key];
  if (!point || move === undefined) return;
  const points = [...point.closest('.chart').querySelectorAll('.point')];
  const next = points[Math.min(points.length - 1, Math.max(0, points.indexOf(point) + move))];
  point.setAttribute('tabindex', '-1');
  next.setAttribute('tabindex', '0');
  next.focus();
  e.preventDefault();
});

// Menus close as people expect: by Escape, and when one acts elsewhere.
const openMenus = () => document.querySelectorAll('details.menu[open]');
document.addEventListener('click', e => openMenus().forEach(menu => menu.contains(e.target) || menu.removeAttribute('open')));
// Escape hides the explanation of a word until the pointer or the focus comes again.
const termOf = e => e.target.closest?.('.term');
document.addEventListener('pointerover', e => termOf(e)?.removeAttribute('data-hidden'));
document.addEventListener('focusin', e => termOf(e)?.removeAttribute('data-hidden'));
document.addEventListener('keydown', e => {
  if (e.key !== 'Escape') return;
  document.querySelectorAll('.term:hover, .term:focus-within').forEach(term => term.setAttribute('data-hidden', ''));
  openMenus().forEach(menu => { menu.removeAttribute('open'); menu.querySelector('summary').focus(); });
});

// The stroke leads to the search, unless somebody is typing or has turned single keys off.
document.addEventListener('keydown', e => {
  if (e.key !== '/' || e.ctrlKey || e.metaKey || e.altKey || document.documentElement.dataset.keys === 'off') return;
  if (e.target.closest?.('input, textarea, select, [contenteditable]')) return;
  const field = document.querySelector('[data-search]');
  if (!field || field.offsetParent === null) return;
  e.preventDefault();
  field.focus();
  field.select();
});

document.addEventListener('click', e => {
  if (e.target.closest?.('[data-reload]')) { e.preventDefault(); location.reload(); }
  if (e.target.closest?.('[data-print]')) { e.preventDefault(); print(); }
});

// What recent prices say of an order, while it is typed. Without a script the form's own button asks the same.
const likely = new Map();
document.addEventListener('input', e => {
  const form = e.target.form;
  const output = form?.querySelector('[data-likely]');
  if (!output) return;
  clearTimeout(likely.get(form));
  likely.set(form, setTimeout(async () => {
    const value = name => form.querySelector(`[name="Order.${name}"]`)?.value ?? '';
    const query = new URLSearchParams({ hour: value('Hour'), carrier: value('Carrier'), limit: value('Limit'), side: output.dataset.likelySide });
    const answer = await fetch(`${output.dataset.likely}?${query}`).catch(() => null);
    const text = answer?.ok ? await answer.text() : '';
    if (output.textContent !== text) output.textContent = text;
  }, 350));
});

// The service worker keeps one page, for when there is no network. It asks anew when the language changes.
if ('serviceWorker' in navigator) {
  navigator.serviceWorker.register('/sw.js').then(() => navigator.serviceWorker.ready).then(ready => {
    const language = document.documentElement.lang;
    if (localStorage.getItem('offline-language') === language) return;
    if (localStorage.getItem('offline-language') !== null) ready.active?.postMessage('language');
    localStorage.setItem('offline-language', language);
  }).catch(() => undefined);
}

// A summary of errors takes the focus, so that it is read first.
const focusErrors = () => document.querySelector('.form-errors')?.focus();
focusErrors();
window.Blazor?.addEventListener('enhancedload', () => {
  openMenus().forEach(menu => menu.removeAttribute('open'));
  focusErrors();
});
