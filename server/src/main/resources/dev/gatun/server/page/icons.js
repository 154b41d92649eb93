// The page's few icons, as strokes in a box of 24 by 24.
const PATHS = {
  attention: 'M12 8v5M12 16.5v.01M12 3 2.5 20h19z',
  branch_next: 'm9 6 6 6-6 6',
  branch_previous: 'm15 6-6 6 6 6',
  close: 'M6 6l12 12M18 6 6 18',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  dark: 'M20 14.5A8 8 0 0 1 9.5 4 8 8 0 1 0 20 14.5z',
  auto: 'M12 3a9 9 0 1 0 0 18zM12 3a9 9 0 0 1 0 18',
  done: 'm5 12.5 4.5 4.5L19 7.5',
  down: 'm6 9 6 6 6-6',
  edit: 'M4 20h4L19 9l-4-4L4 16zM13 7l4 4',
  export: 'M12 15V4M8 8l4-4 4 4M5 14v6h14v-6',
  light: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2.5M12 19.5V22M2 12h2.5M19.5 12H22M5 5l1.7 1.7M17.3 17.3 19 19M19 5l-1.7 1.7M6.7 17.3 5 19',
  list: 'M4 7h16M4 12h16M4 17h10',
  plus: 'M12 5v14M5 12h14',
  again: 'M20 11a8 8 0 1 0-2.3 6.3M20 4.5V11h-6.5',
  send: 'M12 19V5M6 11l6-6 6 6',
  settings: 'M4 7h9M19 7h1M4 17h1M11 17h9M13 7a3 3 0 1 0 6 0 3 3 0 0 0-6 0zM5 17a3 3 0 1 0 6 0 3 3 0 0 0-6 0z',
  stop: 'M7 7h10v10H7z',
  tool: 'M14.5 6.5a4 4 0 0 1 5-1.5l-2.6 2.6 1.5 1.5L21 6.5a4.5 4.5 0 0 1-6 5.6L7.5 19.5a2 2 0 0 1-3-3L12 9a4.5 4.5 0 0 1 2.5-2.5z',
  trash: 'M4 7h16M9 7V4h6v3M6.5 7l1 13h9l1-13M10 11v5M14 11v5',
};
const SVG = 'http://www.w3.org/2000/svg';

/** An icon that screen readers pass over: the button around it has the name. */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  const path = document.createElementNS(SVG, 'path');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  svg.classList.add('glyph');
  if (name === 'stop') svg.classList.add('full');
  path.setAttribute('d', PATHS[name]);
  svg.append(path);
  return svg;
}
