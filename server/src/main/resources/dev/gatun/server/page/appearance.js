// The switch between the system's theme, light and dark. theme.js sets it at the start.
import { byId } from './dom.js';
import { icon } from './icons.js';

const ORDER = ['auto', 'light', 'dark'];
const NAMES = { auto: 'as the system', light: 'light', dark: 'dark' };

export function themeSwitch() {
  const button = byId('theme');
  const show = () => {
    const { theme } = document.documentElement.dataset;
    button.replaceChildren(icon(ORDER.includes(theme) ? theme : 'auto'));
    button.setAttribute('aria-label', `Theme: ${NAMES[theme] ?? NAMES.auto}`);
    button.title = button.getAttribute('aria-label');
  };
  button.addEventListener('click', () => {
    const next = ORDER[(ORDER.indexOf(document.documentElement.dataset.theme) + 1) % ORDER.length];
    document.documentElement.dataset.theme = next;
    try {
      localStorage.setItem('gatun.theme', next);
    } catch {
      // storage is forbidden: the choice holds until the page is left
    }
    show();
  });
  show();
}
