// Keeps a picture as it is seen: title, legend and drawing, in the theme of the page. Everything else about charts works without a script.

const looks = ['fill', 'fill-opacity', 'stroke', 'stroke-width', 'stroke-dasharray', 'stroke-opacity', 'stroke-linejoin', 'stroke-linecap', 'opacity', 'font-family', 'font-size', 'font-weight', 'text-anchor', 'paint-order', 'vector-effect', 'visibility', 'display'];
const space = 'http://www.w3.org/2000/svg';

const make = (name, attributes) => {
  const element = document.createElementNS(space, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
};

// A stylesheet does not go with a picture: each element takes along what it looks like.
const dressed = (original, patterns) => {
  const copy = original.cloneNode(false);
  if (original.nodeType !== Node.ELEMENT_NODE) return original.cloneNode(true);
  if (['title', 'desc'].includes(original.localName)) return null;
  const style = getComputedStyle(original);
  for (const look of looks) {
    const value = style.getPropertyValue(look);
    if (value) copy.style.setProperty(look, value);
  }
  const pattern = /url\("?[^#]*#([^")]+)"?\)/.exec(style.fill);
  if (pattern) {
    patterns.add(pattern[1]);
    copy.style.setProperty('fill', `url(#${pattern[1]})`);
  }
  for (const child of original.childNodes) {
    const inner = dressed(child, patterns);
    if (inner) copy.append(inner);
  }
  return copy;
};

// Words of the page around the drawing, each where it stands.
const words = (node, from) => {
  const found = [];
  const walk = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const text = walk.currentNode;
    if (text.parentElement.closest('svg, .visually-hidden, .chart-readout, .chart-foot')) continue;
    const style = getComputedStyle(text.parentElement);
    for (const word of text.data.matchAll(/\S+/g)) {
      const range = document.createRange();
      range.setStart(text, word.index);
      range.setEnd(text, word.index + word[0].length);
      const box = range.getBoundingClientRect();
      if (box.width === 0) continue;
      const element = make('text', { x: box.left - from.left, y: box.bottom - from.top - box.height * 0.24 });
      element.textContent = word[0];
      element.style.setProperty('fill', style.color);
      for (const look of ['font-family', 'font-size', 'font-weight']) element.style.setProperty(look, style.getPropertyValue(look));
      found.push(element);
    }
  }
  return found;
};

const pictureOf = figure => {
  const from = figure.getBoundingClientRect();
  const foot = figure.querySelector('.chart-readout')?.getBoundingClientRect().top ?? from.bottom;
  const edge = 16;
  // What scrolls sideways on a narrow screen is drawn whole.
  const drawings = [...figure.querySelectorAll('svg')].filter(svg => !svg.parentElement.closest('svg') && !svg.closest('.chart-foot'));
  const width = Math.max(from.width, ...drawings.map(svg => svg.getBoundingClientRect().right + (svg.closest('.sankey-scroll')?.scrollLeft ?? 0) - from.left)) + 2 * edge;
  const height = foot - from.top + 2 * edge;
  const picture = make('svg', { xmlns: space, width, height, viewBox: `${-edge} ${-edge} ${width} ${height}` });
  const paper = getComputedStyle(document.documentElement).getPropertyValue('--paper').trim() || '#fff';
  picture.append(make('rect', { x: -edge, y: -edge, width, height, fill: paper }));
  const patterns = new Set();
  for (const svg of drawings) {
    const box = svg.getBoundingClientRect();
    const copy = dressed(svg, patterns);
    const scrolled = svg.closest('.sankey-scroll')?.scrollLeft ?? 0;
    for (const [key, value] of Object.entries({ x: box.left + scrolled - from.left, y: box.top - from.top, width: box.width, height: box.height, overflow: 'visible' })) copy.setAttribute(key, value);
    picture.append(copy);
  }
  const definitions = make('defs', {});
  for (const id of patterns) {
    const pattern = document.getElementById(id);
    if (pattern) definitions.append(dressed(pattern, new Set()));
  }
  picture.prepend(definitions);
  picture.append(...words(figure, from));
  return { picture, width, height };
};

const keep = async (figure, name) => {
  const { picture, width, height } = pictureOf(figure);
  const image = new Image();
  image.src = 'data:image/svg+xml;charset=utf-8,' + encodeURIComponent(new XMLSerializer().serializeToString(picture));
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = Math.ceil(width * 2);
  canvas.height = Math.ceil(height * 2);
  const pen = canvas.getContext('2d');
  pen.scale(2, 2);
  pen.drawImage(image, 0, 0);
  const file = await new Promise(done => canvas.toBlob(done, 'image/png'));
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
};

document.addEventListener('click', e => {
  const button = e.target.closest?.('[data-png]');
  const figure = button?.closest('.chart');
  if (figure) keep(figure, button.dataset.png);
});
