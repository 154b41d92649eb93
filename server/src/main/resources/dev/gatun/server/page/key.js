// The API key: for this tab, or for this browser where the user says so. Never part of a conversation or an export.
const NAME = 'gatun.key';

const stores = () => {
  try {
    return [sessionStorage, localStorage];
  } catch {
    return []; // storage is forbidden: the key lives as long as the page
  }
};
let current = stores().map((store) => store.getItem(NAME)).find(Boolean) ?? '';

export const get = () => current;
export const kept = () => Boolean(stores()[1]?.getItem(NAME));

export function set(key, keep) {
  current = key.trim();
  const [tab, browser] = stores();
  tab?.removeItem(NAME);
  browser?.removeItem(NAME);
  if (current) (keep ? browser : tab)?.setItem(NAME, current);
}
