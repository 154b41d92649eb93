// The settings that new conversations begin with: those that were set last.
import { FIELDS } from './settings-fields.js';

const NAME = 'gatun.settings';

export function lastSettings() {
  try {
    const kept = JSON.parse(localStorage.getItem(NAME) ?? '{}');
    return Object.fromEntries([...FIELDS, { name: 'model' }].map(({ name }) => [name, typeof kept[name] === 'string' ? kept[name] : '']));
  } catch {
    return {}; // storage is forbidden or holds something else
  }
}

export function keepSettings(settings) {
  try {
    localStorage.setItem(NAME, JSON.stringify(settings));
  } catch {
    // storage is forbidden or full: the conversation still has them
  }
}
