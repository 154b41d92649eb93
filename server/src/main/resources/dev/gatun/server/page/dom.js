// Builds elements. Text is always text: nothing here parses HTML.

/** el('p', { class: 'x', onclick: f, 'aria-label': 'y' }, 'text', child): null and false children are left out. */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) {
      node.addEventListener(name.slice(2), value);
    } else if (value === true) {
      node.setAttribute(name, '');
    } else if (value !== false && value != null) {
      node.setAttribute(name, value);
    }
  }
  node.append(...children.flat().filter((child) => child != null && child !== false));
  return node;
}

export const byId = (id) => document.getElementById(id);

/** A text area as high as its text, up to what the style sheet allows. */
export function grow(area) {
  area.style.height = 'auto';
  area.style.height = `${area.scrollHeight + 2}px`;
}
